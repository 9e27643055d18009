/** What a client says of content codings (RFC 9110 §12.5.3). */

/** A content coding that this project can choose; "identity" is none. */
export type ContentCoding = "br" | "gzip" | "identity" | "zstd";

/**
 * The coding that a client wants most of those that there are, of equal ones the first; "identity" if it wants none of them,
 * or did not say. What the field has that is no weight counts as not said.
 */
export function chooseCoding(accepted: string | null, available: readonly ContentCoding[]): ContentCoding {
  return rankCodings(accepted, available)[0] ?? "identity";
}

/** All that a client likes at least as much as no coding, best first. */
export function rankCodings(accepted: string | null, available: readonly ContentCoding[]): readonly ContentCoding[] {
  if (accepted === null || available.length === 0) return NONE;
  const weights = weightsOf(accepted);
  const others = weights.get("*") ?? 0;
  const weightOf = (coding: ContentCoding): number => weights.get(coding) ?? others;
  const least = weightOf("identity");
  return available
    .filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= least)
    .sort((one, other) => weightOf(other) - weightOf(one));
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
const NONE: readonly ContentCoding[] = [];
