/** Which fields of a message are for the next hop only, and what a proxy adds of its own. */
import { HeaderMap } from "../../../wire/header-map.ts";

/**
 * The fields that go on: all but those of this hop (RFC 9110 §7.6.1), whether the standard says so or the message's own
 * Connection field. Framing is not among them either, but for Content-Length: who sends the message frames it anew.
 */
export function endToEnd(fields: HeaderMap): HeaderMap {
  const named = namedBy(fields.getAll("connection"));
  const kept: [string, string][] = [];
  for (let line = 0; line < fields.size; line++) {
    const name = fields.nameAt(line);
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !named.has(lower)) kept.push([name, fields.valueAt(line)]);
  }
  return new HeaderMap(kept);
}

/** Says in Via that the message came through here (RFC 9110 §7.6.3). */
export function addVia(fields: HeaderMap, version: string, pseudonym: string): void {
  const before = fields.get("via");
  const own = `${version} ${pseudonym}`;
  fields.set("Via", before === undefined ? own : `${before}, ${own}`);
}

/** Whether the message came through `pseudonym` before: it runs in a circle. */
export function cameThrough(fields: HeaderMap, pseudonym: string): boolean {
  return (fields.get("via") ?? "").split(",").some((hop) => hop.trim().split(/[\t ]+/)[1] === pseudonym);
}

/** What Connection names. It cannot take away what frames or routes the message: that would change its meaning here. */
function namedBy(values: readonly string[]): ReadonlySet<string> {
  if (values.length === 0) return NONE;
  const names = values.flatMap((value) => value.split(",").map((name) => name.trim().toLowerCase()));
  return new Set(names.filter((name) => !NEVER_NAMED.has(name)));
}

const NONE: ReadonlySet<string> = new Set();
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const NEVER_NAMED: ReadonlySet<string> = new Set(["content-length", "host"]);
