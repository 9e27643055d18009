/** A real terminal with a shell in it, by tmux: keys go in, and the screen is what is seen. */
import { execFileSync, spawnSync } from "node:child_process";
import type { Afterwards } from "../interop/support/places.ts";
import { LIMIT_MS } from "../interop/support/transcript.ts";

export class Terminal {
  /** A server of its own, so that the test ends what it started and nothing else. */
  readonly #server: string = `ropewalk-${process.pid}-${nextNumber()}`;

  constructor(t: Afterwards) {
    const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", PS1: "$ " };
    const size = ["-x", "100", "-y", "40"];
    const args = ["-L", this.#server, "-f", "/dev/null", "new-session", "-d", ...size, "bash", "--norc", "--noprofile"];
    execFileSync("tmux", args, { env });
    t.after(() => this.#tmux("kill-server"));
  }

  /** Names of keys (`Enter`, `C-c`, `Tab`) press them; other text is typed. */
  press(...keys: readonly string[]): void {
    for (const key of keys) {
      if (KEYS.test(key)) this.#tmux("send-keys", key);
      else this.#tmux("send-keys", "-l", key);
    }
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The lines that are seen, without the empty ones below the last. */
  screen({ colors = false } = {}): string {
    return this.#tmux("capture-pane", "-p", ...(colors ? ["-e"] : [])).replace(/\n+$/, "");
  }

  /** Waits until the screen matches, and presses `again` as long as it does not. A line keeps the space at its end. */
  async until(pattern: RegExp, again: readonly string[] = []): Promise<void> {
    const giveUpAt = Date.now() + LIMIT_MS;
    while (!pattern.test(this.#tmux("capture-pane", "-p", "-N").replace(/\n+$/, ""))) {
      if (Date.now() > giveUpAt) throw new Error(`The terminal never showed ${pattern}; it shows:\n${this.screen()}`);
      this.press(...again);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  #tmux(...args: readonly string[]): string {
    return spawnSync("tmux", ["-L", this.#server, ...args], { encoding: "utf8" }).stdout;
  }
}

let count = 0;
function nextNumber(): number {
  count += 1;
  return count;
}

const KEYS = /^(?:Enter|Tab|Up|Down|BSpace|C-.)$/;
const INTERVAL_MS = 50;
