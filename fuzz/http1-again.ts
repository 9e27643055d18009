/** What was heard is said again: the other side must hear the same. */
import assert from "node:assert/strict";
import {
  Http1Connection,
  type Http1Data,
  type Http1End,
  type Http1Request,
  type Http1Response,
  LocalProtocolError,
} from "ropewalk/http1";

/** A message from its head to its end. */
export interface WholeMessage {
  readonly head: Http1Request | Http1Response;
  readonly parts: readonly Http1Data[];
  readonly end: Http1End;
}

/**
 * Serialises and parses it. A request of HTTP/1.1 must be fit to be sent as it is; an answer may say of itself what we never
 * say, such as a length beside 204.
 */
export function assertSameWhenSaidAgain(message: WholeMessage, method: string): void {
  const { head } = message;
  if (head.type === "request") {
    if (head.version === "1.1") requestAgain(message, head);
    return;
  }
  try {
    answerAgain(message, head, method);
  } catch (error) {
    if (!(error instanceof LocalProtocolError)) throw error;
  }
}

function requestAgain(message: WholeMessage, head: Http1Request): void {
  const client = new Http1Connection("client");
  const server = new Http1Connection("server");
  say(client, server, message);
  const again = heard(server);
  assert.ok(again.head.type === "request");
  for (const key of ["method", "target", "authority", "expectsContinue", "offersUpgrade", "bodyBytes"] as const) {
    assert.equal(again.head[key], head[key], key);
  }
  assert.deepEqual([...again.head.headers], [...head.headers]);
  sameBody(again, message);
  assert.deepEqual([...again.end.trailers], [...message.end.trailers]);
}

function answerAgain(message: WholeMessage, head: Http1Response, method: string): void {
  const client = new Http1Connection("client");
  const server = new Http1Connection("server");
  const target = method === "CONNECT" ? "a:1" : "/";
  server.receive(client.sendWhole({ type: "request", method, target, headers: { Host: "a" } }));
  heard(server);
  say(server, client, message);
  const again = heard(client);
  assert.ok(again.head.type === "response");
  assert.deepEqual([again.head.status, again.head.reason], [head.status, head.reason]);
  // Framing and the end of the connection may be added.
  assert.deepEqual([...again.head.headers].slice(0, head.headers.size), [...head.headers]);
  sameBody(again, message);
  assert.deepEqual([...again.end.trailers], [...message.end.trailers]);
}

function say(by: Http1Connection, to: Http1Connection, { head, parts, end }: WholeMessage): void {
  to.receive(by.send(head));
  for (const part of parts) to.receive(by.send(part));
  to.receive(by.send(end));
}

function heard(by: Http1Connection): WholeMessage {
  const head = by.next();
  assert.ok(head?.type === "request" || head?.type === "response");
  const parts: Http1Data[] = [];
  for (;;) {
    const event = by.next();
    assert.ok(event?.type === "data" || event?.type === "end", "the message goes on");
    if (event.type === "end") return { head, parts, end: event };
    parts.push(event);
  }
}

function sameBody(again: WholeMessage, message: WholeMessage): void {
  const [now, before] = [again, message].map(({ parts }) => Buffer.concat(parts.map(({ data }) => data)));
  assert.deepEqual(now, before);
}
