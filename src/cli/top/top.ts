import { CONNECTION_ORDERS, type ConnectionOrder } from "../../app/inspect/connections.ts";
import type { LogEntry } from "../../app/inspect/facts.ts";
import type { Overview } from "../../app/inspect/site/site.ts";
import type { Reactor } from "../../core/reactor.ts";
import { LoopingCall } from "../../core/time/looping-call.ts";
import { get } from "../../protocols/web/client/client.ts";
import { NodeReactor } from "../../reactor/node-reactor.ts";
import { DONE } from "../exit-status.ts";
import { FailureError } from "../usage-error.ts";
import type { TopOptions } from "./command.ts";
import { findView, type View } from "./find-view.ts";
import { LISTS, type ListName } from "./lists.ts";
import { drawScreen, printout, type ScreenState } from "./screen.ts";
import { Terminal } from "./terminal.ts";

/** `ropewalk top`: gives the exit status. @throws UsageError, FailureError */
export async function top(url: string | undefined, options: TopOptions): Promise<number> {
  const view = findView(url, options);
  const reactor = new NodeReactor();
  // Before the screen is taken: whoever mistyped the link reads why on a terminal as it was.
  const first = await look(reactor, view, "oldest", 0);
  if (options.json === true) process.stdout.write(`${JSON.stringify(first, undefined, 2)}\n`);
  else if (options.once === true || !process.stdout.isTTY) process.stdout.write(printout(first));
  else await new Session(reactor, view, options.interval, first).run();
  return DONE;
}

/** Somebody who looks on, until they have seen enough. */
class Session {
  readonly #reactor: NodeReactor;
  readonly #view: View;
  readonly #intervalMs: number;
  #seen: Overview;
  #entries: readonly LogEntry[];
  #state: ScreenState = { list: "connections", order: "oldest", scroll: 0, isPaused: false, trouble: undefined };
  #terminal: Terminal | undefined;
  #isLooking = false;

  constructor(reactor: NodeReactor, view: View, intervalMs: number, first: Overview) {
    this.#reactor = reactor;
    this.#view = view;
    this.#intervalMs = intervalMs;
    this.#seen = first;
    this.#entries = first.entries;
  }

  /** Settles when the user quits, or a signal says so. */
  async run(): Promise<void> {
    const events = { key: (key: string) => this.#typed(key), resized: () => this.#draw() };
    const ended = this.#reactor.run();
    using terminal = new Terminal(process.stdin, process.stdout, events);
    this.#terminal = terminal;
    const looks = new LoopingCall(this.#reactor, () => this.#look());
    void looks.start(this.#intervalMs, { runNow: false });
    this.#draw();
    try {
      await ended;
    } finally {
      this.#terminal = undefined;
      if (looks.running) looks.stop();
    }
  }

  async #look(): Promise<void> {
    // One that is slow is not asked again before it has answered.
    if (this.#state.isPaused || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const seen = await look(this.#reactor, this.#view, this.#state.order, this.#seen.lastId);
      const isSame = seen.program.pid === this.#seen.program.pid && seen.lastId >= this.#seen.lastId;
      this.#entries = (isSame ? [...this.#entries, ...seen.entries] : seen.entries).slice(-MAX_ENTRIES);
      this.#seen = seen;
      this.#change({ trouble: undefined });
    } catch (error) {
      this.#change({ trouble: error instanceof FailureError ? "no answer" : String(error) });
    } finally {
      this.#isLooking = false;
    }
  }

  #typed(key: string): void {
    const { list, scroll, order, isPaused } = this.#state;
    const at = LISTS.indexOf(list);
    const page = Math.max(1, (this.#terminal?.size.rows ?? 24) - CHROME_ROWS);
    const turn = (to: number): void => {
      this.#change({ list: LISTS[(to + LISTS.length) % LISTS.length] as ListName, scroll: 0 });
    };
    // The log is read from its end, so what is above is farther off.
    const move = (rows: number): void =>
      this.#change({ scroll: Math.max(0, scroll + (list === "log" ? -rows : rows)) });
    const deeds: Readonly<Record<string, () => void>> = {
      q: () => this.#quit(),
      tab: () => turn(at + 1),
      backtab: () => turn(at - 1),
      up: () => move(-1),
      k: () => move(-1),
      down: () => move(1),
      j: () => move(1),
      pageup: () => move(-page),
      pagedown: () => move(page),
      home: () => move(-MAX_SCROLL),
      end: () => move(MAX_SCROLL),
      s: () => {
        const next = CONNECTION_ORDERS.indexOf(order) + 1;
        this.#change({ order: CONNECTION_ORDERS[next % CONNECTION_ORDERS.length] as ConnectionOrder, scroll: 0 });
        void this.#look();
      },
      space: () => {
        this.#change({ isPaused: !isPaused });
        void this.#look();
      },
    };
    if (/^[1-6]$/.test(key)) turn(Number(key) - 1);
    else if (Object.hasOwn(deeds, key)) deeds[key]?.();
  }

  #quit(): void {
    if (this.#reactor.running) this.#reactor.stop();
  }

  #change(change: Partial<ScreenState>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  #draw(): void {
    const terminal = this.#terminal;
    if (terminal === undefined) return;
    const isPlain = Boolean(process.env["NO_COLOR"]);
    const view = { ...this.#seen, entries: this.#entries };
    const { lines, scroll } = drawScreen(view, this.#state, terminal.size, isPlain);
    this.#state = { ...this.#state, scroll };
    terminal.draw(lines);
  }
}

/** What the program is at now. @throws FailureError */
async function look(reactor: Reactor, view: View, order: ConnectionOrder, logAfter: number): Promise<Overview> {
  const query = `connections=0,${MAX_LISTED}&timers=0,${MAX_LISTED}&order=${order}&logAfter=${logAfter}`;
  const headers = { Authorization: `Bearer ${view.token}` };
  try {
    const response = await get(reactor, `${view.url}api/snapshot?${query}`, { headers, timeoutMs: PATIENCE_MS });
    if (response.ok) return (await response.json()) as Overview;
    const words = response.status === 401 ? "the token is not the right one" : (await response.text()).trim();
    throw new FailureError(`Cannot look at ${view.url}: ${words}`);
  } catch (error) {
    if (error instanceof FailureError) throw error;
    throw new FailureError(`Cannot look at ${view.url}: ${(error as Error).message}`, { cause: error });
  }
}

/** More than a screen, so that there is something to scroll. */
const MAX_LISTED = 200;
const MAX_ENTRIES = 500;
const MAX_SCROLL = 1_000_000;
const PATIENCE_MS = 10_000;
/** What is not list: title, figures, charts, tabs, head, help; and a line to find the place again. */
const CHROME_ROWS = 7;
