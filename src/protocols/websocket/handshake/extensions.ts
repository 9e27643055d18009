/** Sec-WebSocket-Extensions (RFC 6455 §9.1), both ways, and lists of tokens. */
import { TOKEN } from "../../http1/codec/token.ts";

/** One extension that is offered or accepted; a parameter without a value is `true`. */
export interface Extension {
  readonly name: string;
  /** In their order; a name may come twice. */
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

/** What the field says, or undefined if it is malformed. A missing field says nothing. */
export function parseExtensions(field: string): readonly Extension[] | undefined {
  const extensions: Extension[] = [];
  // Sticky: each match begins where the one before ended.
  const part = new RegExp(PART);
  let current: { name: string; parameters: [string, string | true][] } | undefined;
  while (part.lastIndex < field.length) {
    const match = part.exec(field);
    if (match === null) return undefined;
    const [, name = "", quoted, value = quoted === undefined ? true : unquoted(quoted), separator = ""] = match;
    if (typeof value === "string" && !TOKEN.test(value)) return undefined;
    if (current === undefined) {
      if (value !== true) return undefined;
      current = { name, parameters: [] };
      extensions.push(current);
    } else {
      current.parameters.push([name, value]);
    }
    if (separator === "" && part.lastIndex < field.length) return undefined;
    if (separator !== "" && part.lastIndex === field.length) return undefined;
    if (separator === ",") current = undefined;
  }
  return extensions;
}

export function formatExtension({ name, parameters }: Extension): string {
  return [name, ...parameters.map(([key, value]) => (value === true ? key : `${key}=${value}`))].join("; ");
}

/** The members of a list of tokens, or undefined if one is none. */
export function parseTokens(field: string): readonly string[] | undefined {
  const tokens = field.split(",").map((token) => token.trim());
  return tokens.every((token) => TOKEN.test(token)) ? tokens : undefined;
}

/** Whether a list of tokens has this one, which is in lower case. */
export function hasToken(field: string, token: string): boolean {
  return field
    .toLowerCase()
    .split(",")
    .some((each) => each.trim() === token);
}

/** RFC 9110 §5.6.2. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

function unquoted(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

/** A name, perhaps `="quoted"` or `=value`, and what separates it from the next one. */
const PART = /[ \t]*([\w!#$%&'*+.^`|~-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+)))?[ \t]*([;,]?)/y;
