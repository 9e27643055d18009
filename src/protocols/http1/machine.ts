/**
 * What may be said when. It is blind to roles: there are those who ask and those who answer, and whether an event was sent
 * or received is not its business. Everything that decides whether a connection goes on is here.
 *
 * The two sides run on their own. The asker may be ahead (pipelining): each request that is not answered yet is an Exchange,
 * the oldest one is the one that is being answered. A side that is `waiting` offered to leave HTTP and may say no more until
 * it is answered; one that is `switched` left; one that is `closed` will say nothing any more.
 */

export type Asking = "ready" | "body" | "waiting" | "switched" | "closed";
export type Answering = "idle" | "head" | "body" | "switched" | "closed";
export type Said = "request" | "informational" | "response" | "data" | "end";

/** A request, and what of it matters to its answer. */
export class Exchange {
  readonly method: string;
  /** Of the version: 0 for HTTP/1.0. */
  readonly minor: number;
  readonly switchBy: "upgrade" | "connect" | undefined;
  /** The asker keeps its body back until it is told to go on. */
  isHeldBack: boolean;
  isAsked = false;
  isAnswered = false;
  informational = 0;
  /** This is the last exchange of the connection. */
  isLast: boolean;

  constructor(
    method: string,
    minor: number,
    isLast: boolean,
    switchBy: "upgrade" | "connect" | undefined,
    isHeldBack: boolean,
  ) {
    this.method = method;
    this.minor = minor;
    this.switchBy = switchBy;
    this.isHeldBack = isHeldBack;
    this.isLast = isLast;
  }
}

export class Machine {
  asking: Asking = "ready";
  answering: Answering = "idle";
  switchedBy: "upgrade" | "connect" | undefined = undefined;
  /** Those that are not both asked and answered, the oldest first. */
  readonly exchanges: Exchange[] = [];
  /** The exchange that is under way is the last one; the next, if there is none. */
  isFinishing = false;

  /** Nothing will be said any more, on either side. */
  get isOver(): boolean {
    return this.asking === "closed" && this.answering === "closed";
  }

  /** Each state has words for some of it. */
  mayAsk(said: Said): boolean {
    if (this.asking === "body") return said === "data" || said === "end";
    return this.asking === "ready" && said === "request";
  }

  mayAnswer(said: Said): boolean {
    if (this.answering === "body") return said === "data" || said === "end";
    return this.answering === "head" && (said === "response" || said === "informational");
  }

  request(exchange: Exchange): void {
    this.exchanges.push(exchange);
    this.asking = "body";
    if (this.answering === "idle") this.answering = "head";
  }

  /** The asker's message is complete. */
  asked(): void {
    const exchange = this.exchanges[this.exchanges.length - 1] as Exchange;
    exchange.isAsked = true;
    exchange.isHeldBack = false;
    if (exchange.isLast) this.asking = "closed";
    else this.asking = exchange.switchBy === undefined || exchange.isAnswered ? "ready" : "waiting";
    if (exchange.isAnswered) this.#settle(exchange);
  }

  /** An answer before the final one; 101 is the last word of HTTP. */
  informational(status: number): void {
    const exchange = this.exchanges[0] as Exchange;
    exchange.informational++;
    if (status === 100) exchange.isHeldBack = false;
    if (status === 101) this.#switch(exchange);
  }

  /** The head of the final answer. */
  response(status: number, isLast: boolean): void {
    const exchange = this.exchanges[0] as Exchange;
    if (isLast) exchange.isLast = true;
    this.answering = "body";
    if (exchange.method === "CONNECT" && status < 300) this.#switch(exchange);
  }

  /** The answer is complete. */
  answered(): void {
    const exchange = this.exchanges[0] as Exchange;
    exchange.isAnswered = true;
    this.answering = "idle";
    if (exchange.isLast || this.isFinishing) this.close();
    else if (exchange.isAsked) this.#settle(exchange);
  }

  /** What the asker said cannot be understood: the last answer, if there is room for one, may say so. */
  failAsking(): void {
    this.asking = "closed";
    for (const exchange of this.exchanges) exchange.isLast = true;
    if (this.answering !== "idle") return;
    const unknown = new Exchange("", 1, true, undefined, false);
    unknown.isAsked = true;
    this.exchanges.length = 0;
    this.exchanges.push(unknown);
    this.answering = "head";
  }

  /** Neither side will say anything any more. */
  close(): void {
    this.asking = "closed";
    this.answering = "closed";
  }

  #settle(exchange: Exchange): void {
    this.exchanges.shift();
    if (this.asking === "waiting" && exchange.switchBy !== undefined) this.asking = "ready";
    if (this.exchanges.length > 0) this.answering = "head";
    else if (this.asking === "closed") this.answering = "closed";
  }

  #switch(exchange: Exchange): void {
    this.switchedBy = exchange.switchBy;
    this.exchanges.length = 0;
    this.asking = "switched";
    this.answering = "switched";
  }
}
