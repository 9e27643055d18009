/** load.c in Node, for machines without a C compiler: the same arguments, kinds, lines and checks, only slower. */
import { connect, type Socket } from "node:net";
import { argv, exit, stdin } from "node:process";
import { createInterface } from "node:readline";
import { chunk, mib } from "../servers/wire.ts";

const [kind = "", port = "", seconds = "", connections = "", depth = "", ...openings] = argv.slice(2);
const kinds: Record<string, (socket: Socket, done: () => void) => void> = {
  exchange,
  calls,
  frames,
  spread,
  send,
  receive,
};
const period = 251;
const windowBytes = 4 * mib;
const pattern = Buffer.from(Array.from({ length: period + chunk.length }, (_, i) => i % period));
let ops = 0;
let sequence = 0;
let endsMs = 0;
const audience: { due: Buffer; readonly done: () => void }[] = [];
const speakers: Socket[] = [];

await main();

async function main(): Promise<void> {
  const words = createInterface({ input: stdin })[Symbol.asyncIterator]();
  const start = kinds[kind];
  const sockets: Socket[] = [];
  for (let i = 0; start !== undefined && i < Number(connections); i++) sockets.push(await dial());
  console.log("ready");
  await words.next();
  const begunMs = performance.now();
  endsMs = begunMs + Number(seconds) * 1_000;
  if (start !== undefined) await Promise.all(sockets.map((socket) => new Promise<void>((done) => start(socket, done))));
  else if (kind === "churn") await Promise.all(Array.from({ length: Number(connections) }, churn));
  else if (kind === "hold") await hold();
  else fail(`unknown kind "${kind}"`);
  console.log(JSON.stringify({ ops, seconds: (performance.now() - begunMs) / 1_000 }));
  await words.next();
  exit(0);
}

function exchange(socket: Socket, done: () => void): void {
  let due = sendMessages(socket, Number(depth));
  socket.on("data", (data: Buffer) => {
    due = compared(data, due);
    if (due.length > 0) return;
    ops += Number(depth);
    if (isOver()) done();
    else due = sendMessages(socket, Number(depth));
  });
}

function calls(socket: Socket, done: () => void): void {
  let due = sendCalls(socket, Number(depth));
  socket.on("data", (data: Buffer) => {
    due = compared(data, due);
    if (due.length > 0) return;
    ops += Number(depth);
    if (isOver()) done();
    else due = sendCalls(socket, Number(depth));
  });
}

function frames(socket: Socket, done: () => void): void {
  let due = sendFrames(socket, Number(depth));
  socket.on("data", (data: Buffer) => {
    due = compared(data, due);
    if (due.length > 0) return;
    ops += Number(depth);
    if (isOver()) done();
    else due = sendFrames(socket, Number(depth));
  });
}

/** The first one speaks when everybody has got everything. */
function spread(socket: Socket, done: () => void): void {
  const member: (typeof audience)[number] = { due: Buffer.alloc(0), done };
  audience.push(member);
  speakers.push(socket);
  const speaker = speakers[0] ?? socket;
  socket.on("data", (data: Buffer) => {
    member.due = compared(data, member.due);
    if (audience.some(({ due }) => due.length > 0)) return;
    ops += audience.length * Number(depth);
    if (isOver()) for (const each of audience) each.done();
    else speak(speaker);
  });
  if (audience.length === Number(connections)) speak(speaker);
}

function speak(speaker: Socket): void {
  const due = sendFrames(speaker, Number(depth));
  for (const member of audience) member.due = due;
}

function send(socket: Socket, done: () => void): void {
  let sent = 0;
  let got = 0;
  const push = (): void => {
    while (sent - got < windowBytes && !socket.writableNeedDrain && !(isOver() && sent % mib === 0)) {
      const from = sent % period;
      socket.write(pattern.subarray(from, from + chunk.length));
      sent += chunk.length;
    }
  };
  socket.on("drain", push).on("data", (data: Buffer) => {
    for (const byte of data) {
      got += mib;
      ops += mib / chunk.length;
      if (got > sent || byte !== (got - 1) % period) fail("the server answered with wrong bytes");
    }
    push();
    if (isOver() && got === sent) done();
  });
  push();
}

function receive(socket: Socket, done: () => void): void {
  let asked = 0;
  let got = 0;
  const ask = (): void => {
    for (; !isOver() && asked - got < windowBytes; asked += mib) socket.write("?");
  };
  socket.on("data", (data: Buffer) => {
    for (let at = 0; at < data.length; ) {
      const from = got % chunk.length;
      const part = data.subarray(at, at + chunk.length - from);
      if (part.compare(chunk, from, from + part.length) !== 0) fail("the server sent wrong bytes");
      at += part.length;
      got += part.length;
      if (got % chunk.length === 0) ops += 1;
    }
    if (got > asked) fail("the server sent more than was asked for");
    ask();
    if (got === asked) done();
  });
  ask();
}

async function churn(): Promise<void> {
  while (!isOver()) {
    const socket = await dial();
    await answered(socket);
    await new Promise((closed) => socket.once("close", closed).end());
    ops += 1;
  }
}

/** Leaves the connections idle; every hundredth shows by one exchange that it is served. */
async function hold(): Promise<void> {
  for (ops = 1; ops <= Number(connections); ops++) {
    const socket = await dial();
    if (ops % 100 === 0 || ops === Number(connections)) await answered(socket);
  }
  ops -= 1;
}

function answered(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let due = sendMessages(socket, 1);
    socket.on("data", (data: Buffer) => {
      due = compared(data, due);
      if (due.length === 0) resolve();
    });
  });
}

function dial(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true }, async () => {
      for (let i = 0; i < openings.length; i += 2) {
        socket.write(Buffer.from(openings[i] ?? "", "hex"));
        await taken(socket, Number(openings[i + 1]));
      }
      resolve(socket);
    });
    socket.on("error", (error) => fail(error.message));
    socket.on("end", () => socket.writableEnded || fail("the server closed while an answer was due"));
  });
}

/** Waits for the answer to an opening. */
async function taken(socket: Socket, bytes: number): Promise<void> {
  while (bytes > 0 && socket.read(bytes) === null) await new Promise((resolve) => socket.once("readable", resolve));
}

/** Each message carries its own number, so that an answer to another message is seen as wrong. */
function sendMessages(socket: Socket, count: number): Buffer {
  let text = "";
  for (let i = 0; i < count; i++, sequence++) text += `${sequence.toString(16).padStart(8, "0").padEnd(62, "a")}\r\n`;
  const bytes = Buffer.from(text, "latin1");
  socket.write(bytes);
  return bytes;
}

/** Calls of Sum in the bytes of Twisted's client; returns their answers. */
function sendCalls(socket: Socket, count: number): Buffer {
  let calls = "";
  let answers = "";
  for (let i = 0; i < count; i++, sequence++) {
    const tag = sequence.toString(16).padStart(8, "0");
    const summand = 10_000_000 + (sequence % 80_000_000);
    calls += `\0\u0004_ask\0\u0008${tag}\0\u0008_command\0\u0003Sum\0\u0001a\0\u0008${summand}\0\u0001b\0\u00017\0\0`;
    answers += `\0\u0007_answer\0\u0008${tag}\0\u0005total\0\u0008${summand + 7}\0\0`;
  }
  socket.write(calls, "latin1");
  return Buffer.from(answers, "latin1");
}

/** WebSocket text messages of 64 bytes; returns the frames that are due for them. */
function sendFrames(socket: Socket, count: number): Buffer {
  const key = Buffer.from("37fa213d", "hex");
  const sent: Buffer[] = [];
  const due: Buffer[] = [];
  for (let i = 0; i < count; i++, sequence++) {
    const message = Buffer.from(sequence.toString(16).padStart(8, "0").padEnd(64, "a"), "latin1");
    due.push(Buffer.of(0x81, message.length), message);
    sent.push(
      Buffer.of(0x81, 0x80 | message.length),
      key,
      Buffer.from(message.map((byte, at) => byte ^ (key[at % 4] ?? 0))),
    );
  }
  socket.write(Buffer.concat(sent));
  return Buffer.concat(due);
}

/** What is still due of `due` after `data`. */
function compared(data: Buffer, due: Buffer): Buffer {
  if (!data.equals(due.subarray(0, data.length))) fail("the server answered with wrong bytes");
  return due.subarray(data.length);
}

function isOver(): boolean {
  return performance.now() >= endsMs;
}

function fail(what: string): never {
  console.error(`load: ${what}`);
  exit(1);
}
