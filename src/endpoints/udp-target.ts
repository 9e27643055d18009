import { EndpointSyntaxError } from "./errors.ts";
import { parse } from "./grammar.ts";

/**
 * The host and port of `udp:HOST:PORT`; undefined for a description of another type. Datagrams have no connections, so the
 * tables of endpoints have no such type: whoever can send either way asks this first.
 *
 * @throws EndpointSyntaxError
 */
export function udpTarget(description: string): { readonly host: string; readonly port: number } | undefined {
  const { type, positional, keywords } = parse(description);
  if (type !== "udp") return undefined;
  const [host = "", port = "", ...more] = positional;
  if (host !== "" && /^\d{1,5}$/.test(port) && Number(port) <= 65_535 && more.length === 0) {
    if (Object.keys(keywords).length === 0) return { host, port: Number(port) };
  }
  throw new EndpointSyntaxError(description, "it is no host and port", { form: "udp:HOST:PORT" });
}
