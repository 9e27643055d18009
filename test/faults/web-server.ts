/** programs/web-server.ts as a child: where it listens, what it holds; and clients that say things byte by byte. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "ropewalk/web";
import type { WebServerState } from "./programs/web-server.ts";

export class WebServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #asked: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, lines: Interface, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  /** It ends with the test. */
  static async start(t: { after(step: () => unknown): void }, options: ServeOptions = {}): Promise<WebServer> {
    const program = fileURLToPath(new URL("./programs/web-server.js", import.meta.url));
    const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(child, "exit");
    t.after(async () => {
      child.kill();
      await exit;
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = (await once(lines, "line")) as [string];
    return new WebServer(child, lines, Number(port));
  }

  /** One question after the other: answers come in their order. */
  state(word = ""): Promise<WebServerState> {
    this.#asked = this.#asked.then(async () => {
      this.#child.stdin?.write(`${word}\n`);
      const [line] = (await once(this.#lines, "line")) as [string];
      return JSON.parse(line) as WebServerState;
    });
    return this.#asked as Promise<WebServerState>;
  }

  /** Waits until it is so; the test's own time limit ends it. */
  async until(isSo: (state: WebServerState) => boolean): Promise<WebServerState> {
    for (;;) {
      const state = await this.state();
      if (isSo(state)) return state;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A client that says what it likes, and hears text. */
export class Visitor {
  readonly socket: Socket;
  /** Settles when the connection is gone, one way or another. */
  readonly gone: Promise<unknown>;
  text = "";
  #wake: (() => void) | undefined = undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.gone = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {});
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.text += text;
      this.#wake?.();
    });
    socket.on("close", () => this.#wake?.());
  }

  static async arrive(port: number): Promise<Visitor> {
    const socket = connect(port, "127.0.0.1");
    const visitor = new Visitor(socket);
    await once(socket, "connect");
    return visitor;
  }

  /** Asks, and gives the whole answer, which must have a Content-Length. */
  async ask(text: string): Promise<string> {
    this.text = "";
    this.socket.write(text, "latin1");
    for (;;) {
      const [head, length] =
        /^HTTP\/1\.1 \d{3}[\s\S]*?\r\ncontent-length: (\d+)[\s\S]*?\r\n\r\n/i.exec(this.text) ?? [];
      if (head !== undefined && this.text.length >= head.length + Number(length)) return this.text.slice(head.length);
      if (this.socket.destroyed) throw new Error(`Connection ended instead of an answer; it said ${this.text}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Does `count` things, `atOnce` of them at the same time. */
export async function many<T>(count: number, atOnce: number, one: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await one(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return results;
}
