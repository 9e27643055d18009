/**
 * The corpus of http1 with the real client: what `Agent` makes of each answer, and whether its connection is used again. The
 * request that follows must be answered by its own answer, whatever came behind the first one.
 */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { NodeReactor } from "ropewalk";
import { Agent, RequestError } from "ropewalk/web";
import { type Http1Vector, http1Vectors } from "./http1-vectors.ts";

// An agent asks one thing at a time, and no CONNECT or Upgrade by itself; and it reads bodies of any size in parts.
const vectors = http1Vectors().filter(
  ({ asked, name }) => /^(?:GET|HEAD)$/.test(asked?.join() ?? "") && !name.includes("a body larger than it may be"),
);

describe("the corpus of http1, asked for", { timeout: 120_000 }, () => {
  const reactor = new NodeReactor();
  let connections: Socket[] = [];
  let answer: (socket: Socket) => void = () => {};
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      if (data.toString("latin1").includes(" /second ")) socket.write(SECOND);
      else answer(socket);
    });
  });

  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => server.close());

  for (const vector of vectors) {
    test(`${vector.name} (${vector.source})`, async () => {
      const ending = vector.verdict.at(-1);
      connections = [];
      answer = (socket) => {
        socket.write(Buffer.from(vector.bytes, "latin1"));
        // Only where the end means something: a client that refuses must not need it.
        if (ending === "until end" || ending === "waits") socket.end();
      };
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const agent = new Agent(reactor, { maxConnectionsPerHost: 1, defaults: { followRedirects: false } });
      assert.deepEqual(await heard(agent, vector, `${url}/first`), due(vector));
      assert.equal(await (await agent.get(`${url}/second`)).text(), "second");
      assert.equal(connections.length, ending === "open" ? 1 : 2);
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

const SECOND = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond";
