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

/**
 * Where `udp:PORT[:interface=A]` receives; undefined for a description of another type. See `udpTarget`.
 *
 * @throws EndpointSyntaxError
 */
export function udpPort(description: string): { readonly port: number; readonly host?: string } | undefined {
  const { type, positional, keywords } = parse(description);
  if (type !== "udp") return undefined;
  const [port = "", ...more] = positional;
  const { interface: host, ...others } = keywords;
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535 && more.length === 0 && Object.keys(others).length === 0) {
    return host === undefined ? { port: Number(port) } : { port: Number(port), host };
  }
  throw new EndpointSyntaxError(description, "it is no port", { form: "udp:PORT[:interface=ADDRESS]" });
}
