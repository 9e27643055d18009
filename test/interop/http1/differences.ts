/**
 * Where we hear more than a peer, each with its reason. No such case may be about where a request ends: in all of them the
 * peer answers by itself, or ends the connection, and what it has understood is what we have understood.
 */
export interface Difference {
  readonly peers: readonly ("node" | "nginx" | "haproxy")[];
  /** Of the name of the case in the corpus. */
  readonly name: RegExp;
  readonly why: string;
}

export const WE_HEAR_MORE: readonly Difference[] = [
  {
    peers: ["node", "nginx"],
    name: /^request-line: a method that nobody knows|^coding: TE\.0: a body of FROB|^length: a body of FROB/,
    why: "a method is any token (RFC 9110 §9.1); Node has a list, nginx has an alphabet",
  },
  {
    peers: ["node"],
    name: /^request-line: a minor version above 1|^coding: a coding in HTTP\/1\.2/,
    why: "RFC 9110 §2.5 wants 1.2 to be read as 1.1, and that is how we frame it; Node refuses it",
  },
  {
    peers: ["node", "nginx"],
    name: /^connection: CONNECT(, refused| with a length of nothing)/,
    why: "a refused CONNECT is an answer like others (RFC 9110 §9.3.6); Node closes, nginx says 405 and closes",
  },
  {
    peers: ["node"],
    name: /^connection: (Upgrade, not granted|Upgrade to h2c|Upgrade in HTTP\/1\.0)/,
    why: "an Upgrade may be passed over (RFC 9110 §7.8); Node's parser stops behind it, whoever listens",
  },
  {
    peers: ["haproxy"],
    name: /^connection: (Upgrade, not granted|Upgrade in HTTP\/1\.0)/,
    why: "haproxy wants a Sec-WebSocket-Key with an Upgrade to websocket",
  },
  {
    peers: ["node"],
    name: /^connection: the client does not close: Proxy-Connection/,
    why: "RFC 9112 appendix C.2.2: it is not to be believed; Node takes it for Connection",
  },
  {
    peers: ["nginx"],
    name: /^connection: the client does not close: Connection: (closed|xclose|close;x|"close"|close x)|close-upgrade/,
    why: "an option is a whole token (RFC 9110 §7.6.1); nginx looks for the letters anywhere. It hears less, not otherwise",
  },
  {
    peers: ["nginx"],
    name: /^fields: an empty Host/,
    why: "RFC 9112 §3.2 has it for targets without an authority",
  },
  {
    peers: ["nginx"],
    name: /^length: TRACE with a length of nothing/,
    why: "nginx answers TRACE by 405 and closes",
  },
  {
    peers: ["nginx"],
    name: /^request-line: (a path that climbs|OPTIONS of the server)/,
    why: "paths are not resolved here; nginx serves files, and refuses what leaves its root",
  },
  {
    peers: ["nginx"],
    name: /^request-line: a line of as many bytes as are allowed/,
    why: "nginx's buffer is as long as ours with the CRLF",
  },
  {
    peers: ["haproxy"],
    name: /^request-line: a whole URL/,
    why: "RFC 9112 §3.2.2 has the URL's host outdo that of Host, and we do; haproxy refuses hosts that disagree",
  },
  {
    peers: ["haproxy"],
    name: /^fields: as many fields as are allowed/,
    why: "haproxy takes 101 fields, we 128",
  },
];

/** Where a peer hears more than we do although we refused nothing: we closed, as the peer asked. */
export const THEY_HEAR_MORE: readonly Difference[] = [
  {
    peers: ["node"],
    name: /^connection: HTTP\/1\.0 not kept alive: (Connection: keep-alive, close|Proxy-Connection)/,
    why: "close outdoes keep-alive (RFC 9112 §9.3), and Proxy-Connection says nothing",
  },
  {
    peers: ["nginx"],
    name: /^connection: the client closes: Connection: close\\r\\nConnection: keep-alive/,
    why: "close outdoes keep-alive; to nginx the last line does",
  },
];
