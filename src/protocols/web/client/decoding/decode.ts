import { HeaderMap } from "../../../../wire/header-map.ts";
import type { Work } from "../../compression/compressed-body.ts";
import { IncomingBody } from "../../message/incoming-body.ts";
import type { Patience } from "../exchange.ts";
import { codingsOf, Decoder, decodeWhole } from "./decoder.ts";

/** A body as it was before its codings, and fields that are true of it; undefined if it has none that are known here. */
export function decode(
  source: Uint8Array | IncomingBody,
  fields: HeaderMap,
  { maxCollectedBytes, maxExpansion }: Patience,
  work: Work,
): { readonly source: Uint8Array | IncomingBody; readonly fields: HeaderMap } | undefined {
  const codings = codingsOf(fields.get("content-encoding") ?? "");
  if (codings === undefined || codings.length === 0) return undefined;
  const truly = new HeaderMap(fields);
  truly.delete("content-encoding");
  truly.delete("content-length");
  const whole = source instanceof IncomingBody ? undefined : decodeWhole(source, codings, maxCollectedBytes);
  if (whole !== undefined) return { source: whole, fields: truly };
  const parts = source instanceof IncomingBody ? source : single(source);
  return { source: new Decoder(parts, codings, maxCollectedBytes, maxExpansion, work).body, fields: truly };
}

async function* single(part: Uint8Array): AsyncGenerator<Uint8Array> {
  yield part;
}
