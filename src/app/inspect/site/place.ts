import { parse } from "../../../endpoints/grammar.ts";

/**
 * The endpoint that `--inspect-port` means: a port is one of 127.0.0.1.
 *
 * @throws RangeError for one that others than this machine can reach, unless `anywhere` says that this is meant.
 */
export function placeOf(where: string, anywhere: boolean): string {
  const endpoint = /^\d+$/.test(where) ? `tcp:${where}:interface=127.0.0.1` : where;
  const { type, keywords } = parse(endpoint);
  const host = keywords["interface"];
  const isHere = type === "unix" || (NETWORKS.has(type) && host !== undefined && isLoopback(host));
  if (isHere || anywhere) return endpoint;
  throw new RangeError(
    `Cannot open the live view at "${where}": others than this machine may reach it; add ":interface=127.0.0.1", or say --inspect-anywhere`,
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

const NETWORKS: ReadonlySet<string> = new Set(["tcp", "tcp6", "tls"]);
