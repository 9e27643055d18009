// @ts-check
/** JSON both ways over a WebSocket that comes back by itself. */

/**
 * @typedef {object} ConnectionEvents
 * @property {() => void} opened
 * @property {() => void} lost it tries again until `close`
 * @property {(message: any) => void} received
 */

export class Connection {
  /** @type {WebSocket | undefined} */
  #socket;
  #url;
  #events;
  #failures = 0;
  #isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} path
   * @param {ConnectionEvents} events
   */
  constructor(path, events) {
    this.#url = new URL(path, location.href.replace(/^http/, "ws"));
    this.#events = events;
    this.#dial();
    // Who opens the lid of a laptop does not want to wait for a timer.
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
  }

  /** @param {unknown} message */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #dial() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#failures = 0;
      this.#events.opened();
    });
    socket.addEventListener("message", ({ data }) => this.#events.received(JSON.parse(data)));
    socket.addEventListener("close", () => {
      if (this.#isClosed) return;
      this.#events.lost();
      const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
      this.#failures += 1;
      // Not all at once, when the server comes back.
      this.#timer = setTimeout(() => this.#dial(), waitMs * (0.5 + Math.random() / 2));
    });
  }

  #hurry() {
    if (this.#timer !== undefined) this.#dial();
  }
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
