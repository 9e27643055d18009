/** The figures that the project promises, as ratios of one run and whether a run met them. */
import type { Figure, Spread } from "./figure.ts";

export interface Goal {
  readonly what: string;
  readonly bench: string;
  readonly load: string;
  /** Peer whose CPU time per operation is divided by ours; without one the figure stands for itself, in `unit`. */
  readonly over?: string;
  readonly unit?: "ns" | "bytes";
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Verdict {
  readonly goal: Goal;
  /** Undefined where the run measured only one side of it. */
  readonly value: number | undefined;
  readonly met: boolean;
}

export function judge(figures: readonly Figure[], goals: readonly Goal[] = promised): Verdict[] {
  return goals.map((goal) => {
    const find = (server: string): Figure | undefined =>
      figures.find((each) => each.bench === goal.bench && each.load === goal.load && each.server === server);
    const ours = find("ropewalk");
    const value = goal.over === undefined ? ownFigure(ours, goal.unit) : ratio(find(goal.over), ours);
    const met = value !== undefined && value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
    return { goal, value, met };
  });
}

function ratio(peer: Figure | undefined, ours: Figure | undefined): number | undefined {
  return peer && ours && peer.cpuUsPerOp.median / ours.cpuUsPerOp.median;
}

function ownFigure(ours: Figure | undefined, unit: Goal["unit"]): number | undefined {
  const figure: Spread | undefined = unit === "bytes" ? ours?.bytesPerConnection : ours?.cpuUsPerOp;
  return figure && (unit === "ns" ? figure.median * 1_000 : figure.median);
}

const echo = { bench: "tcp-echo", load: "ping-pong" };
const lines = { bench: "tcp-lines", load: "16 pipelined" };
const hello = { bench: "http-hello", load: "keep-alive" };
const broadcast = { bench: "ws-broadcast" };
const forwarded = { bench: "portforward" };
const timer = { bench: "timers", load: "add and cancel" };

export const promised: readonly Goal[] = [
  { what: "echo", ...echo, over: "node-net", atLeast: 1.15 },
  { what: "echo", ...echo, over: "twisted", atLeast: 1.8 },
  { what: "pipelined lines", ...lines, over: "node-net", atLeast: 7 },
  { what: "pipelined lines", ...lines, over: "twisted", atLeast: 2.7 },
  { what: "bulk in", bench: "tcp-bulk", load: "64 KiB in", over: "node-net", atLeast: 1 },
  { what: "bulk out", bench: "tcp-bulk", load: "64 KiB out", over: "node-net", atLeast: 1 },
  { what: "a connection's life", bench: "tcp-accept", load: "connect, echo, close", over: "node-net", atLeast: 1 },
  { what: "idle connection", bench: "tcp-idle", load: "10 000 held", unit: "bytes", atMost: 3_500 },
  { what: "AMP calls, 16 in flight", bench: "amp", load: "16 pipelined", over: "twisted", atLeast: 5 },
  { what: "a forwarded port, in", ...forwarded, load: "64 KiB in", over: "socat", atLeast: 1 / 1.15 },
  { what: "a forwarded port, out", ...forwarded, load: "64 KiB out", over: "socat", atLeast: 1 / 1.15 },
  { what: "memcache client", bench: "memcache", load: "client, get", over: "memjs", atLeast: 1 },
  { what: "memcache client, 50 gets", bench: "memcache", load: "client, 50 gets under way", over: "memjs", atLeast: 1 },
  { what: "memcache client, 50 sets", bench: "memcache", load: "client, 50 sets under way", over: "memjs", atLeast: 1 },
  { what: "a simulated datagram", bench: "simulation", load: "datagrams delivered", unit: "ns", atMost: 2_000 },
  { what: "a simulated segment", bench: "simulation", load: "stream segments", unit: "ns", atMost: 5_000 },
  { what: "a small HTTP request", bench: "http1", load: "hello request", unit: "ns", atMost: 1_000 },
  { what: "a browser's HTTP request", bench: "http1", load: "browser request", unit: "ns", atMost: 2_500 },
  { what: "HTTP client", bench: "http-client", load: "one after the other", over: "undici", atLeast: 1 },
  { what: "HTTP client, 50 under way", bench: "http-client", load: "50 under way", over: "undici", atLeast: 1 },
  { what: "HTTP hello", ...hello, over: "node-http", atLeast: 2.2 },
  { what: "HTTP hello", ...hello, over: "fastify", atLeast: 2.7 },
  { what: "HTTP hello", ...hello, over: "bun", atLeast: 0.95 },
  { what: "HTTP hello", ...hello, over: "nginx", atLeast: 0.8 },
  { what: "HTTP hello", ...hello, over: "twisted", atLeast: 7 },
  { what: "HTTP, browser's headers", bench: "http-hello", load: "browser's headers", over: "node-http", atLeast: 3.3 },
  { what: "HTTP, a connection each", bench: "http-hello", load: "a connection each", over: "node-http", atLeast: 1.4 },
  { what: "HTTP over TLS", bench: "http-hello", load: "keep-alive, TLS", over: "node-http", atLeast: 1.4 },
  { what: "HTTP, 16 pipelined", bench: "http-pipeline", load: "16 pipelined", over: "node-http", atLeast: 12 },
  { what: "a file of 1 KiB", bench: "static", load: "1 KiB", over: "fastify", atLeast: 1.5 },
  { what: "a file of 1 MiB", bench: "static", load: "1 MiB", over: "fastify", atLeast: 1.5 },
  { what: "JSON there and back", bench: "http-json", load: "POST and back", over: "fastify", atLeast: 2 },
  { what: "WebSocket echo", bench: "ws-echo", load: "ping-pong", over: "ws", atLeast: 1.3 },
  { what: "WebSocket echo, 16 pipelined", bench: "ws-echo", load: "16 pipelined", over: "ws", atLeast: 1.3 },
  { what: "WebSocket broadcast", ...broadcast, load: "to 1 000", over: "ws", atLeast: 1.3 },
  { what: "WebSocket broadcast, 16 at a time", ...broadcast, load: "to 1 000, 16 at a time", over: "ws", atLeast: 1.3 },
  { what: "the start of twistd echo", bench: "startup", load: "until it listens", over: "node", atLeast: 1 / 1.5 },
  { what: "timer", ...timer, unit: "ns", atMost: 50 },
  { what: "timer", ...timer, over: "node", atLeast: 5 },
  { what: "Deferred, five links", bench: "deferred", load: "five links", over: "promise", atLeast: 1 / 0.8 },
  {
    what: "coroutine, five yields",
    bench: "deferred",
    load: "coroutine, five yields",
    over: "await-deferred",
    atLeast: 1 / 0.4,
  },
];
