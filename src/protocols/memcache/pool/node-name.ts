/** What clients in other languages call a node: HOST:PORT, or HOST alone for memcache's own port. */
export function nodeName(endpoint: string): string {
  const [, host, port] = TCP.exec(endpoint) ?? [];
  if (host === undefined) return endpoint;
  return port === DEFAULT_PORT ? host : `${host}:${port}`;
}

const TCP = /^(?:tcp6?|tls):([^:\\]+):(\d+)/i;
const DEFAULT_PORT = "11211";
