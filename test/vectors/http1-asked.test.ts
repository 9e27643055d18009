/**
 * The corpus of http1 with the real client: what `Agent` makes of each answer, and whether its connection is used again; and
 * with `reverseProxy` between the two. The request that follows must get its own answer, whatever came behind the first one.
 */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { NodeReactor, type Port } from "ropewalk";
import { Agent, RequestError, type ReverseProxy, reverseProxy, serve } from "ropewalk/web";
import { type Http1Vector, http1Vectors } from "./http1-vectors.ts";

// An agent asks one thing at a time, and no CONNECT or Upgrade by itself; and it reads bodies of any size in parts.
const vectors = http1Vectors().filter(
  ({ asked, name }) => /^(?:GET|HEAD)$/.test(asked?.join() ?? "") && !name.includes("a body larger than it may be"),
);

/** A server that answers with the bytes of a vector, and to a second request as it should. */
class Answers {
  connections = 0;
  #vector: Http1Vector | undefined = undefined;
  readonly #server = createServer((socket) => {
    this.connections += 1;
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      if (data.toString("latin1").includes(" /second ")) socket.write(SECOND);
      else this.#answer(socket);
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  begin(vector: Http1Vector): void {
    this.connections = 0;
    this.#vector = vector;
  }

  #answer(socket: Socket): void {
    const { bytes = "", verdict = [] } = this.#vector ?? {};
    socket.write(Buffer.from(bytes, "latin1"));
    // Only where the end means something: a client that refuses must not need it.
    if (["until end", "waits"].includes(verdict.at(-1) ?? "")) socket.end();
  }
}

describe("the corpus of http1, asked for", { timeout: 120_000 }, () => {
  const reactor = new NodeReactor();
  const answers = new Answers();
  let proxy: ReverseProxy;
  let front: Port;

  before(async () => {
    await answers.open();
    proxy = reverseProxy(reactor, answers.url, { maxFailures: Number.POSITIVE_INFINITY });
    front = await serve(reactor, "tcp:0:interface=127.0.0.1", proxy);
  });
  after(async () => {
    await front.stopListening();
    await proxy.close();
    await answers.close();
  });

  for (const vector of vectors) {
    test(`${vector.name} (${vector.source})`, async () => {
      answers.begin(vector);
      const agent = new Agent(reactor, { maxConnectionsPerHost: 1, defaults: { followRedirects: false } });
      assert.deepEqual(await heard(agent, vector, `${answers.url}/first`), due(vector));
      assert.equal(await (await agent.get(`${answers.url}/second`)).text(), "second");
      assert.equal(answers.connections, vector.verdict.at(-1) === "open" ? 1 : 2);
      await agent.close();
    });

    test(`${vector.name}, through our reverse proxy`, async () => {
      answers.begin(vector);
      const url = `http://127.0.0.1:${(front.address as { readonly port: number }).port}`;
      const agent = new Agent(reactor, { defaults: { followRedirects: false } });
      const notes = await heard(agent, vector, `${url}/first`);
      // Who stands behind a proxy hears that there was no answer, if it could still be said.
      const told = notes.map((note) => (note.startsWith("502 ") ? "failed" : note));
      assert.deepEqual(told, UNSPEAKABLE.test(vector.name) ? ["failed"] : due(vector));
      assert.equal(await (await agent.get(`${url}/second`)).text(), "second");
      await agent.close();
    });
  }
});

/** What the caller of the agent gets to know. */
async function heard(agent: Agent, { asked }: Http1Vector, url: string): Promise<readonly string[]> {
  const notes: string[] = [];
  try {
    const informed = (status: number): void => void notes.push(`info ${status}`);
    const response = await agent.request(asked?.[0] ?? "", url, { informed });
    const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
    notes.push(`${response.status}${body === "" ? "" : ` "${body}"`}`);
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    notes.push("failed");
  }
  return notes;
}

/**
 * The same as the corpus says it: an answer without its end is none, and what comes behind one is not for the caller; 100 is
 * for who sends a body.
 */
function due({ verdict }: Http1Vector): readonly string[] {
  const ending = verdict.at(-1) ?? "";
  const messages = verdict.slice(0, -1).flatMap((line) => (line === "info 100" ? [] : [line.replace(/ \{.*\}$/, "")]));
  const last = messages.at(-1) ?? "";
  const isAnswered = /^\d/.test(last) && (!last.endsWith(" unfinished") || ending === "until end");
  if (isAnswered) return [...messages.slice(0, -1), last.replace(/ unfinished$/, "")];
  return [...messages.filter((line) => line.startsWith("info ")), "failed"];
}

/** What a client hears and a server never says: a status of no class, and 205 with a body. */
const UNSPEAKABLE = /a status that nobody knows, [69]|205 with a body/;
const SECOND = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond";
