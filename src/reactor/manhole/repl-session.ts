/** One visitor's REPL: Node's own, on a connection instead of a terminal, with the names that the manhole gives it. */
import { type REPLEval, type REPLServer, type ReplOptions, start } from "node:repl";
import { inspect } from "node:util";
import type { Transport } from "../../core/transport.ts";
import type { Hello } from "./control-records.ts";
import { LineFeeder } from "./line-feeder.ts";
import { ReplStream } from "./repl-stream.ts";
import { ownStrayErrors, StandInDomain } from "./stray-errors.ts";
import { withoutSigintListeners } from "./without-sigint.ts";

/** What a session is told, and whom it tells. */
export interface ReplSessionOptions {
  /** `plain`: whole lines, with prompts. */
  readonly client: Hello | { readonly kind: "plain" };
  /** The names that lines may use, getters and all; asked for again at `.clear`. */
  readonly names: () => object;
  /** Entries of former sessions, the newest first. */
  readonly history: readonly string[];
  /** Before a line is looked at. */
  readonly onLine: (line: string) => void;
  /** A line, or several, that were entered on a terminal and may be wanted again. */
  readonly onHistory: (entry: string) => void;
  /** The visitor wants to leave, or has said everything. */
  readonly onExit: () => void;
  /** The session holds more than it may. */
  readonly onTooMuch: (what: string, bytes: number) => void;
  /** Something that was set going in this session failed after its end. */
  readonly onLateError: (error: unknown) => void;
}

export class ReplSession {
  readonly #transport: Transport;
  readonly #stream: ReplStream;
  readonly #repl: REPLServer;
  readonly #options: ReplSessionOptions;
  /** Of a client that sends whole lines. */
  readonly #lines: LineFeeder | undefined;
  readonly #domain: StandInDomain = new StandInDomain();
  /** What is shown now is no answer to a line. */
  #isShowingStray = false;
  #hasEnded = false;

  constructor(transport: Transport, options: ReplSessionOptions) {
    const { client } = options;
    this.#options = options;
    this.#transport = transport;
    this.#stream = new ReplStream(transport, (bytes) => options.onTooMuch("shown and not read", bytes));
    if (client.kind === "terminal") {
      this.#stream.resize(client);
    } else {
      this.#lines = new LineFeeder(
        (line) => this.#next(line),
        () => this.#stream.endInput(),
      );
      // Its first prompt has been shown, or none is wanted.
      this.#stream.isMuted = true;
    }
    this.#repl = withoutOwnTerminal(() => start(this.#replOptions()));
    this.#stream.isMuted = false;
    this.#wire();
    this.#fillContext();
    this.#lines?.ready();
  }

  receive(data: Uint8Array): void {
    if (this.#hasEnded) return;
    if (this.#lines === undefined) {
      this.#stream.feed(data);
      return;
    }
    this.#lines.receive(data);
    if (this.#lines.begunBytes > LONGEST_LINE_BYTES) this.#options.onTooMuch("in one line", this.#lines.begunBytes);
    if (this.#lines.queuedBytes > QUEUED_BYTES) this.#transport.pauseReading();
  }

  /** The visitor says no more, and still listens. */
  endInput(): void {
    if (this.#lines === undefined) this.#options.onExit();
    else this.#lines.end();
  }

  resize(size: { readonly columns: number; readonly rows: number }): void {
    this.#stream.resize(size);
  }

  /** What is still shown goes nowhere. Again is no error. */
  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stream.isMuted = true;
    this.#repl.close();
  }

  #next(line: Uint8Array): void {
    this.#stream.feed(line);
    if ((this.#lines?.queuedBytes ?? 0) < QUEUED_BYTES) this.#transport.resumeReading();
  }

  #replOptions(): ReplOptions {
    const { client } = this.#options;
    const isTerminal = client.kind === "terminal";
    const colors = isTerminal && client.colors;
    return {
      input: this.#stream,
      output: this.#stream,
      prompt: client.kind === "script" ? "" : PROMPT,
      terminal: isTerminal,
      useColors: colors,
      // Node's own would share one setting of colours among all sessions.
      writer: (value: unknown) => inspect(value, { colors, showProxy: true, breakLength: this.#stream.columns }),
      ignoreUndefined: client.kind === "script",
      // Nothing is evaluated in a live process before Enter is pressed.
      preview: false,
      breakEvalOnSigint: true,
      ...(HAS_DOMAINS && { domain: this.#domain }),
    } as ReplOptions;
  }

  #wire(): void {
    const repl = this.#repl;
    const { history, onLine, onHistory, onExit } = this.#options;
    // Before it is evaluated: what ends the process, or keeps it for ever, is known by its line.
    repl.prependListener("line", onLine);
    repl.on("exit", () => {
      if (!this.#hasEnded) onExit();
    });
    repl.on("reset", () => this.#fillContext());
    // Without a listener, Ctrl-Z stops the process: this one, not the visitor's.
    repl.on("SIGTSTP", () => undefined);
    // Functions with names: of a stack, Node's REPL shows what is above the last one without.
    const evaluate = repl.eval as REPLEval;
    const strayed = (error: unknown): void => this.#strayed(error);
    const evaluateLine: REPLEval = (...given) => {
      const evaluateOwned = (): void => evaluate.apply(repl, given);
      const evaluateAlone = (): void => ownStrayErrors(strayed, evaluateOwned);
      withoutSigintListeners(evaluateAlone);
    };
    (repl as { eval: REPLEval }).eval = evaluateLine;
    const display = repl.displayPrompt.bind(repl);
    repl.displayPrompt = (preserveCursor) => {
      if (this.#hasEnded) return;
      if (this.#options.client.kind !== "script") display(preserveCursor);
      if (!this.#isShowingStray) this.#lines?.ready();
    };
    if (this.#lines === undefined) {
      historyOf(repl).push(...history);
      repl.on("history", ([newest]: string[]) => {
        if (newest !== undefined) onHistory(newest);
      });
    } else {
      // It waits for lines without saying so, and has nothing to offer to who cannot move a cursor.
      delete (repl.commands as Record<string, unknown>)["editor"];
    }
  }

  #fillContext(): void {
    const { context } = this.#repl;
    // A context has built-ins of its own, and what lives in the process is made by the process's: with those of the context
    // `instanceof` would be false of everything.
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
      if (typeof property.value !== "function" || ITS_OWN.has(name)) continue;
      Object.defineProperty(context, name, property);
    }
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(this.#options.names()))) {
      Object.defineProperty(context, name, { ...property, configurable: true });
    }
  }

  #strayed(error: unknown): void {
    if (this.#hasEnded) {
      this.#options.onLateError(error);
      return;
    }
    this.#isShowingStray = true;
    try {
      if (HAS_DOMAINS) this.#domain.emit("error", error);
      else (this.#repl as unknown as NewerRepl)._handleError(error);
    } finally {
      this.#isShowingStray = false;
    }
  }
}

/** Since Node 26, where there is no domain that could be told. */
interface NewerRepl {
  _handleError(error: unknown): void;
}

/** Readline does without its editor where the process's own terminal is a dumb one. That is not the visitor's. */
function withoutOwnTerminal<T>(f: () => T): T {
  const { TERM } = process.env;
  delete process.env["TERM"];
  try {
    return f();
  } finally {
    if (TERM !== undefined) process.env["TERM"] = TERM;
  }
}

/** Documented of readline, and in no types. */
function historyOf(repl: REPLServer): string[] {
  return (repl as unknown as { history: string[] }).history;
}

/** Whether Node's REPL takes a domain. */
const HAS_DOMAINS = !("addUncaughtExceptionCaptureCallback" in process);
const PROMPT = "> ";
/** Room for a program that is pasted in one piece. */
const LONGEST_LINE_BYTES = 4 << 20;
/** While so much waits, no more is read. */
const QUEUED_BYTES = 65_536;
/** Code that these make sees the names of the context only if they are the context's. */
const ITS_OWN: ReadonlySet<string> = new Set(["Function", "eval"]);
