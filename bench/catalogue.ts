/** Which benches there are, and which loads each one puts on its servers. */

type ServerMode =
  | "echo"
  | "lines"
  | "sink"
  | "source"
  | "amp"
  | "socks"
  | "proxied"
  | "proxied-forward"
  | "websocket"
  | "broadcast"
  | "forward";
type LoadKind = "exchange" | "send" | "receive" | "churn" | "hold" | "calls" | "frames" | "spread";

export interface TcpLoad {
  readonly name: string;
  readonly mode: ServerMode;
  readonly kind: LoadKind;
  /** Few for bulk: more of it in flight than the caches hold measures the memory. */
  readonly connections: number;
  /** Messages of 64 bytes, or calls, that are on their way at once on each connection. */
  readonly depth: number;
  /** What each connection says before its first message: through SOCKS to an echo, a PROXY header, a WebSocket's handshake. */
  readonly opening?: "socks" | "proxy" | "websocket";
  /** What stands behind a server that passes everything on: the mode of another one. */
  readonly behind?: "echo" | "sink" | "source";
  /** Those that have the mode; all `tcpServers` unless given. */
  readonly servers?: readonly string[];
}

export interface TcpBench {
  readonly kind: "tcp";
  readonly loads: readonly TcpLoad[];
}

/** Work inside one process: jobs/NAME.ts says what each contender does for one operation of a load. */
export interface JobBench {
  readonly kind: "job";
  readonly loads: readonly { readonly name: string; readonly servers: readonly string[] }[];
}

/** Requests of wrk, and the servers that answer them. */
export interface HttpLoad {
  readonly name: string;
  readonly connections: number;
  /** In loads/wrk; without one plain GETs. */
  readonly script?: string;
  readonly path?: string;
  readonly isTls?: boolean;
  readonly servers: readonly HttpServer[];
}

export interface HttpServer {
  readonly name: string;
  /** As the toolbox knows it. */
  readonly program: string;
  readonly mode: string;
}

export interface HttpBench {
  readonly kind: "http";
  readonly loads: readonly HttpLoad[];
}

export type Bench = TcpBench | HttpBench | JobBench;

/** The servers of the TCP benches, in the order of the tables. */
export const tcpServers: readonly string[] = ["ropewalk", "node-net", "twisted", "c-epoll"];

function serversOf(mode: string, names: readonly string[]): HttpServer[] {
  return names.map((name) => ({ name: name === "node" ? "node-http" : name, program: `http-${name}`, mode }));
}

/** The same answer from everybody; of ours also from a tree, and with the platform's own Response. */
const helloServers: readonly HttpServer[] = [
  ...serversOf("hello", ["ropewalk", "node", "fastify", "bun", "nginx", "twisted"]),
  { name: "ropewalk-tree", program: "http-ropewalk", mode: "tree" },
  { name: "ropewalk-platform", program: "http-ropewalk", mode: "platform" },
];

/** One Hono application behind its own server and behind ours. */
const honoServers: readonly HttpServer[] = [
  { name: "hono-ropewalk", program: "http-ropewalk", mode: "hono" },
  { name: "hono-ropewalk-platform", program: "http-ropewalk", mode: "hono-platform" },
  { name: "hono-node-server", program: "http-hono", mode: "hello" },
];

/** Files of a folder, as each one's users serve them. */
const staticServers = serversOf("static", ["ropewalk", "fastify", "nginx"]);

/** A port passed on to another one. */
const forwarding = { mode: "forward", connections: 2, depth: 1, servers: ["ropewalk", "socat"] } as const;

export const catalogue: Readonly<Record<string, Bench>> = {
  "tcp-echo": {
    kind: "tcp",
    loads: [
      { name: "ping-pong", mode: "echo", kind: "exchange", connections: 100, depth: 1 },
      { name: "16 pipelined", mode: "echo", kind: "exchange", connections: 100, depth: 16 },
    ],
  },
  "tcp-lines": {
    kind: "tcp",
    loads: [{ name: "16 pipelined", mode: "lines", kind: "exchange", connections: 100, depth: 16 }],
  },
  "tcp-bulk": {
    kind: "tcp",
    loads: [
      { name: "64 KiB in", mode: "sink", kind: "send", connections: 2, depth: 1 },
      { name: "64 KiB out", mode: "source", kind: "receive", connections: 2, depth: 1 },
    ],
  },
  "tcp-accept": {
    kind: "tcp",
    loads: [{ name: "connect, echo, close", mode: "echo", kind: "churn", connections: 32, depth: 1 }],
  },
  "tcp-idle": {
    kind: "tcp",
    loads: [{ name: "10 000 held", mode: "echo", kind: "hold", connections: 10_000, depth: 1 }],
  },
  amp: {
    kind: "tcp",
    loads: [
      { name: "ping-pong", mode: "amp", kind: "calls", connections: 100, depth: 1, servers: ["ropewalk", "twisted"] },
      {
        name: "16 pipelined",
        mode: "amp",
        kind: "calls",
        connections: 100,
        depth: 16,
        servers: ["ropewalk", "twisted"],
      },
    ],
  },
  socks: {
    kind: "tcp",
    loads: [
      {
        name: "relay, ping-pong",
        mode: "socks",
        behind: "echo",
        kind: "exchange",
        connections: 100,
        depth: 1,
        opening: "socks",
        servers: ["ropewalk", "microsocks"],
      },
      {
        name: "relay, 16 pipelined",
        mode: "socks",
        behind: "echo",
        kind: "exchange",
        connections: 100,
        depth: 16,
        opening: "socks",
        servers: ["ropewalk", "microsocks"],
      },
    ],
  },
  portforward: {
    kind: "tcp",
    loads: [
      { name: "64 KiB in", behind: "sink", kind: "send", ...forwarding },
      { name: "64 KiB out", behind: "source", kind: "receive", ...forwarding },
    ],
  },
  haproxy: {
    kind: "tcp",
    loads: [
      {
        name: "header, echo, close",
        mode: "proxied",
        kind: "churn",
        connections: 32,
        depth: 1,
        opening: "proxy",
        servers: ["ropewalk", "twisted"],
      },
      {
        name: "header, echo behind it, close",
        mode: "proxied-forward",
        behind: "echo",
        kind: "churn",
        connections: 32,
        depth: 1,
        opening: "proxy",
        servers: ["ropewalk", "haproxy"],
      },
    ],
  },
  syslog: {
    kind: "job",
    loads: [{ name: "received over TCP, into a file", servers: ["ropewalk", "rsyslog"] }],
  },
  "ws-echo": {
    kind: "tcp",
    loads: [1, 16].map((depth) => ({
      name: depth === 1 ? "ping-pong" : `${depth} pipelined`,
      mode: "websocket",
      kind: "frames",
      connections: 100,
      depth,
      opening: "websocket",
      servers: ["ropewalk", "ws"],
    })),
  },
  "ws-broadcast": {
    kind: "tcp",
    loads: [1, 16].map((depth) => ({
      name: depth === 1 ? "to 1 000" : `to 1 000, ${depth} at a time`,
      mode: "broadcast",
      kind: "spread",
      connections: 1_000,
      depth,
      opening: "websocket",
      servers: ["ropewalk", "ws"],
    })),
  },
  memcache: {
    kind: "job",
    loads: [
      { name: "client, get", servers: ["ropewalk", "memjs"] },
      { name: "client, 50 gets under way", servers: ["ropewalk", "memjs"] },
      { name: "client, 50 sets under way", servers: ["ropewalk", "memjs"] },
      { name: "server, 50 gets under way", servers: ["ropewalk", "memcached"] },
      { name: "server, 50 sets under way", servers: ["ropewalk", "memcached"] },
    ],
  },
  "http-client": {
    kind: "job",
    loads: [
      { name: "one after the other", servers: ["ropewalk", "undici", "node-fetch"] },
      { name: "50 under way", servers: ["ropewalk", "undici", "node-fetch"] },
    ],
  },
  "http-hello": {
    kind: "http",
    loads: [
      { name: "keep-alive", connections: 64, servers: helloServers },
      { name: "browser's headers", connections: 64, script: "browser", servers: helloServers },
      {
        name: "a connection each",
        connections: 64,
        script: "close",
        servers: serversOf("hello", ["ropewalk", "node"]),
      },
      { name: "keep-alive, TLS", connections: 64, isTls: true, servers: serversOf("tls", ["ropewalk", "node"]) },
    ],
  },
  "http-hono": {
    kind: "http",
    loads: [
      { name: "keep-alive", connections: 64, servers: honoServers },
      { name: "POST and back", connections: 64, script: "json", servers: honoServers },
    ],
  },
  "http-pipeline": {
    kind: "http",
    loads: [{ name: "16 pipelined", connections: 64, script: "pipelined", servers: helloServers }],
  },
  "http-json": {
    kind: "http",
    loads: [
      {
        name: "POST and back",
        connections: 64,
        script: "json",
        servers: serversOf("json", ["ropewalk", "node", "fastify", "bun"]),
      },
    ],
  },
  static: {
    kind: "http",
    loads: [
      { name: "1 KiB", connections: 64, path: "/1k.html", servers: staticServers },
      { name: "1 MiB", connections: 16, path: "/1m.bin", servers: staticServers },
    ],
  },
  http1: {
    kind: "job",
    loads: [
      { name: "hello request", servers: ["ropewalk"] },
      { name: "browser request", servers: ["ropewalk"] },
      { name: "browser request, one header", servers: ["ropewalk"] },
      { name: "hello request, hello answer", servers: ["ropewalk"] },
    ],
  },
  simulation: {
    kind: "job",
    loads: [
      { name: "datagrams delivered", servers: ["ropewalk"] },
      { name: "stream segments", servers: ["ropewalk"] },
      { name: "1 000 hosts, 100 000 connections", servers: ["ropewalk"] },
    ],
  },
  startup: {
    kind: "job",
    loads: [
      { name: "until it listens", servers: ["ropewalk", "node"] },
      { name: 'import "ropewalk"', servers: ["ropewalk", "node"] },
      { name: "ropewalk --help", servers: ["ropewalk", "node"] },
    ],
  },
  timers: {
    kind: "job",
    loads: [
      { name: "add and cancel", servers: ["ropewalk", "node"] },
      { name: "the same, 1 000 pending", servers: ["ropewalk", "node"] },
    ],
  },
  deferred: {
    kind: "job",
    loads: [
      { name: "five links", servers: ["ropewalk", "promise"] },
      { name: "coroutine, five yields", servers: ["ropewalk", "await-deferred", "promise"] },
      { name: "hops of one coroutine", servers: ["ropewalk", "await-deferred", "promise"] },
    ],
  },
};

/** Every name that `--servers` takes. */
export const contenders: readonly string[] = [
  ...new Set([
    ...tcpServers,
    ...Object.values(catalogue).flatMap((bench) =>
      bench.loads.flatMap((load: { readonly servers?: readonly (string | HttpServer)[] }) =>
        (load.servers ?? []).map((server) => (typeof server === "string" ? server : server.name)),
      ),
    ),
  ]),
];
