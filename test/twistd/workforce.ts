/** `twistd --workers` as people run it, and its clients. */
import { type Agent, get, type IncomingMessage } from "node:http";
import { get as getSecurely } from "node:https";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { Afterwards } from "../interop/support/places.ts";
import type { Program, ProgramOptions } from "../interop/support/program.ts";
import { listeningPort, twistd } from "./support.ts";

export const APP: string = fileURLToPath(new URL("./workers-app.js", import.meta.url));
export const WEB = "web=tcp:0:interface=127.0.0.1";
export const ECHO = "echo=tcp:0:interface=127.0.0.1";

export interface Workforce {
  readonly program: Program;
  readonly port: number;
  readonly count: number;
}

/** Starts so many workers with options of twistd and words for the application, and waits until all serve. */
export async function workforce(
  t: Afterwards,
  count: number,
  words: readonly string[],
  options: readonly string[] = [],
  more: ProgramOptions = {},
): Promise<Workforce> {
  const program = twistd(t, ["--workers", String(count), ...options, "-f", APP, "--", ...words], more);
  await program.err.until(/Started .*, with \d+ workers/);
  const port = /Listening on .*:\d+\n/.test(program.err.text) ? await listeningPort(program) : 0;
  return { program, port, count };
}

/** The same, without waiting for anything. */
export function startWorkforce(t: Afterwards, count: number, words: readonly string[]): Program {
  return twistd(t, ["--workers", String(count), "-f", APP, "--", ...words]);
}

/** The processes that served at a place, the first one first. */
export function pidsOf({ program }: Workforce, place: number): number[] {
  return [...program.err.text.matchAll(new RegExp(`Worker ${place} serves: process (\\d+)`, "g"))].map((match) =>
    Number(match[1]),
  );
}

/** Those that serve now. */
export function servingPids(force: Workforce): number[] {
  return Array.from({ length: force.count }, (_, index) => pidsOf(force, index + 1).at(-1) as number);
}

/** Waits until a place has had so many processes; gives the last one. */
export async function nthPid({ program }: Workforce, place: number, nth: number): Promise<number> {
  const [, pid] = await program.err.until(new RegExp(`(?:Worker ${place} serves: process (\\d+)[\\s\\S]*){${nth}}`));
  return Number(pid);
}

/** Asks for new workers, and waits until all are. */
export async function restart({ program }: Workforce, nth = 1): Promise<void> {
  program.kill("SIGUSR2");
  await program.err.until(new RegExp(`(?:All \\d+ workers are new[\\s\\S]*){${nth}}`));
}

export interface Told {
  readonly status: number;
  readonly isLast: boolean;
  readonly pid: number;
  /** `2/4`. */
  readonly worker: string;
}

export interface AskOptions {
  readonly path?: string;
  /** Whom it comes from: 127.0.0.x. */
  readonly from?: string;
  readonly agent?: Agent;
  readonly socketPath?: string;
  /** Of the server's certificate: by TLS then. */
  readonly ca?: string;
}

/** Asks who answers, by default on a connection of its own. Fails if nobody does. */
export function ask(port: number, { path = "/", from, agent, socketPath, ca }: AskOptions = {}): Promise<Told> {
  return new Promise((resolve, reject) => {
    const options = {
      ...(socketPath === undefined ? { host: "127.0.0.1", port } : { socketPath }),
      path,
      agent: agent ?? false,
      ...(from !== undefined && { localAddress: from }),
    };
    const told = (response: IncomingMessage): void => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        const { pid, worker } = JSON.parse(text) as { pid: number; worker: string };
        resolve({ status: response.statusCode ?? 0, isLast: response.headers.connection === "close", pid, worker });
      });
    };
    const request = ca === undefined ? get(options, told) : getSecurely({ ...options, ca }, told);
    request.on("error", reject);
  });
}

/** Asks on a new connection each time, until it is told to stop or a request fails. */
export class Client {
  readonly #options: AskOptions;
  readonly #port: number;
  readonly #failures: string[] = [];
  readonly #pids: Set<number> = new Set();
  readonly #ended: Promise<void>;
  #wakes: (() => void)[] = [];
  #isStopped = false;

  constructor(port: number, options: AskOptions = {}) {
    this.#port = port;
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Waits until one of these has answered. Fails if a request does. */
  async seen(pids: readonly number[]): Promise<void> {
    while (!pids.some((pid) => this.#pids.has(pid))) {
      const [failure] = this.#failures;
      if (failure !== undefined) throw new Error(`A request failed before ${pids.join(" or ")} answered: ${failure}`);
      await new Promise<void>((resolve) => {
        this.#wakes.push(resolve);
      });
    }
  }

  /** What failed. */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.#ended;
    return this.#failures;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#pids.add((await ask(this.#port, this.#options)).pid);
      } catch (error) {
        this.#failures.push(String(error));
        return;
      } finally {
        for (const wake of this.#wakes.splice(0)) wake();
      }
    }
  }
}

/** An echo connection, which begins with the process that has it. */
export class EchoClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = "";
  #wake: () => void = () => undefined;

  constructor(t: Afterwards, port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("utf8");
    this.socket.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => resolve());
      this.socket.on("error", () => resolve());
    });
    t.after(() => this.socket.destroy());
  }

  /** The next line. */
  async line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  async says(line: string): Promise<string> {
    this.socket.write(`${line}\n`);
    return this.line();
  }
}
