/** What a client says of content codings (RFC 9110 §12.5.3). */

/** A content coding that this project can choose; "identity" is none. */
export type ContentCoding = "br" | "gzip" | "identity" | "zstd";

/**
 * The coding that a client wants most of those that there are, of equal ones the first; "identity" if it wants none of them,
 * or did not say. What the field has that is no weight counts as not said.
 */
export function chooseCoding(accepted: string | null, available: readonly ContentCoding[]): ContentCoding {
  if (accepted === null || available.length === 0) return "identity";
  const weights = weightsOf(accepted);
  const others = weights.get("*") ?? 0;
  let best: ContentCoding = "identity";
  let bestWeight = weights.get(best) ?? others;
  for (const coding of available) {
    const weight = weights.get(coding) ?? others;
    // What a client names at all it wants rather than nothing, unless it says otherwise.
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === "identity")) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightsOf(field: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of field.split(",")) {
    const match = ELEMENT.exec(element);
    if (match === null) continue;
    const name = (match[1] as string).toLowerCase();
    weights.set(name === "x-gzip" ? "gzip" : name, match[2] === undefined ? 1 : Number(match[2]));
  }
  return weights;
}

const ELEMENT = /^[\t ]*([\w!#$%&'*+.^`|~-]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[\t ]*$/i;
