import type { Address } from "../../core/address.ts";
import { Logger } from "../../core/log/logger.ts";
import { type Factory, Protocol } from "../../core/protocol.ts";
import { type Hello, parseHello, parseSize, RecordSplitter, readyRecord } from "./control-records.ts";
import { History } from "./history.ts";
import type { ReplSession } from "./repl-session.ts";

/** What the sessions of one manhole have in common. */
export interface ManholeOptions {
  /** The names that lines may use; asked for at the start of each session. */
  readonly names: () => object;
  /** Lines of greeting. */
  readonly greeting: string;
  /** Keeps what was entered on terminals; default: in memory. */
  readonly historyFile?: string | undefined;
}

/** Makes a session of each connection. */
export class ManholeFactory implements Factory<ManholeProtocol> {
  readonly options: ManholeOptions;
  readonly history: History;
  readonly sessions: Set<ManholeProtocol> = new Set();
  #count = 0;

  /** @throws Error if the file of the history cannot be used. */
  constructor(options: ManholeOptions) {
    this.options = options;
    this.history = new History(options.historyFile);
  }

  buildProtocol(_peer: Address): ManholeProtocol {
    this.#count += 1;
    return new ManholeProtocol(this, this.#count);
  }
}

/**
 * One visitor. The first byte tells what it is, so the greeting is for one that says nothing; and Node's REPL is loaded for
 * the first that comes, so that a manhole which nobody enters costs a socket.
 */
export class ManholeProtocol extends Protocol {
  readonly #factory: ManholeFactory;
  readonly #number: number;
  readonly #records: RecordSplitter = new RecordSplitter(
    (bytes) => this.#typed(bytes),
    (text) => this.#told(text),
  );
  #state: "new" | "loading" | "open" | "closed" = "new";
  #session: ReplSession | undefined = undefined;
  /** What comes while the REPL is being loaded. */
  #early: (() => void)[] = [];

  constructor(factory: ManholeFactory, number: number) {
    super();
    this.#factory = factory;
    this.#number = number;
  }

  override connectionMade(): void {
    this.#factory.sessions.add(this);
    log.info("Session {session} opened", { session: this.#number });
    this.transport.write(`${this.#factory.options.greeting}\n> `);
  }

  override dataReceived(data: Uint8Array): void {
    this.#records.receive(data);
  }

  /** `echo … | nc -NU` says all it has to say, and waits for the answers. */
  override readConnectionLost(): void {
    if (this.#state === "new") this.transport.loseConnection();
    else this.#whenOpen((session) => session.endInput());
  }

  override connectionLost(reason: Error): void {
    this.#state = "closed";
    this.#early = [];
    this.#factory.sessions.delete(this);
    this.#session?.close();
    log.info("Session {session} closed: {reason}", { session: this.#number, reason: reason.message });
  }

  /** Says `words` and hangs up. */
  hangUp(words: string): void {
    this.#session?.close();
    this.transport.write(`\n${words}\n`);
    this.transport.loseConnection();
  }

  #typed(bytes: Uint8Array): void {
    if (this.#state === "new") this.#open({ kind: "plain" });
    this.#whenOpen((session) => session.receive(bytes));
  }

  #told(text: string): void {
    if (this.#state === "new") {
      const hello = parseHello(text);
      if (hello === undefined) {
        log.warn("Session {session} began with {text}, which is no word of a client's", {
          session: this.#number,
          text,
        });
        this.transport.loseConnection();
        return;
      }
      this.transport.write(readyRecord());
      if (hello.kind === "terminal") this.transport.write(`${this.#factory.options.greeting}\n`);
      this.#open(hello);
      return;
    }
    const size = parseSize(text);
    if (size !== undefined) this.#whenOpen((session) => session.resize(size));
  }

  #whenOpen(act: (session: ReplSession) => void): void {
    if (this.#session !== undefined) act(this.#session);
    else if (this.#state === "loading") this.#early.push(() => this.#whenOpen(act));
  }

  #open(client: Hello | { readonly kind: "plain" }): void {
    this.#state = "loading";
    this.transport.pauseReading();
    import("./repl-session.ts")
      .then((room) => {
        if (this.#state !== "loading") return;
        this.#state = "open";
        this.#session = new room.ReplSession(this.transport, this.#sessionOptions(client));
        this.transport.resumeReading();
        for (const act of this.#early.splice(0)) act();
      })
      .catch((error: unknown) => {
        log.failure("Cannot open session {session}", error, { session: this.#number });
        this.transport.abortConnection();
      });
  }

  #sessionOptions(client: Hello | { readonly kind: "plain" }) {
    const { history, options } = this.#factory;
    const session = this.#number;
    return {
      client,
      names: options.names,
      history: history.entries,
      onLine: (line: string) => linesLog.info("Session {session}: {line}", { session, line }),
      onHistory: (entry: string) => {
        try {
          history.add(entry);
        } catch (error) {
          log.warn("Cannot keep the history of session {session}: {error}", { session, error });
        }
      },
      onExit: () => this.transport.loseConnection(),
      onTooMuch: (what: string, bytes: number) => {
        log.warn("Session {session} is ended: {bytes} bytes {what}", { session, bytes, what });
        this.transport.abortConnection();
      },
      onLateError: (error: unknown) =>
        log.error("What session {session} had set going failed: {error}", { session, error }),
    };
  }
}

const log: Logger = new Logger("ropewalk.manhole");
/** By itself, so that lines can be kept out of a log and visits not. */
const linesLog: Logger = new Logger("ropewalk.manhole.lines");
