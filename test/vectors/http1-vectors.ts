/** Reads the corpus of src/protocols/http1/vectors/; its README.md tells how it is written. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Http1Vector {
  /** The file's topic and the case's own name. */
  readonly name: string;
  /** The rule, or the public name of the attack. */
  readonly source: string;
  /** The methods that a client has asked with; undefined for what a server hears. */
  readonly asked: readonly string[] | undefined;
  /** Whether a server grants CONNECT and upgrades. */
  readonly grants: boolean;
  /** Whether a server answers when it has read the head. */
  readonly answersEarly: boolean;
  /** Bytes as Latin-1, with the request that follows. */
  readonly bytes: string;
  /** What is heard, and what becomes of the connection, in the words of `Http1Listener`. */
  readonly verdict: readonly string[];
}

/** All vectors, those of a file together and in its order. */
export function http1Vectors(): Http1Vector[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".txt"));
  return files.sort().flatMap((file) => vectorsOf(file.replace(".txt", ""), readFileSync(`${FOLDER}/${file}`, "utf8")));
}

/** @throws Error for lines that are none of the format, and for cases that say no source or no verdict. */
export function vectorsOf(topic: string, text: string): Http1Vector[] {
  const [, ...blocks] = `\n${text}`.split(/\n# /);
  return blocks.flatMap((block) => {
    const draft = draftOf(`${topic}: ${block.split("\n")[0]}`, block.split("\n").slice(1));
    return draft.values.length === 0
      ? [finished(draft, undefined)]
      : draft.values.map((value) => finished(draft, value));
  });
}

interface Draft {
  readonly name: string;
  readonly values: string[];
  readonly lines: string[];
  readonly verdict: string[];
  readonly words: Map<string, string>;
}

function draftOf(name: string, lines: readonly string[]): Draft {
  const draft: Draft = { name, values: [], lines: [], verdict: [], words: new Map() };
  for (const line of lines) {
    const rest = line.slice(2);
    if (line === "") continue;
    if (line[0] === "|") draft.lines.push(rest);
    else if (line[0] === "%") draft.values.push(rest);
    else if (line[0] === "=") draft.verdict.push(rest);
    else {
      const [word = "", ...more] = line.split(" ");
      if (!WORDS.has(word)) throw new Error(`Cannot read "${line}" in "${name}": it begins with no word of the format`);
      draft.words.set(word, more.join(" "));
    }
  }
  if (!draft.words.has("from")) throw new Error(`Cannot use "${name}": it names no source`);
  if (draft.verdict.length === 0) throw new Error(`Cannot use "${name}": it has no verdict`);
  return draft;
}

function finished(draft: Draft, value: string | undefined): Http1Vector {
  const { words } = draft;
  const filled = (text: string): string => (value === undefined ? text : text.replaceAll("%", () => value));
  const asked = words.get("asked");
  // A backslash at its end takes a line's CRLF away, if it does not stand for a backslash itself.
  const lines = draft.lines.map((line) => (/(?<!\\)(?:\\\\)*\\$/.test(line) ? line.slice(0, -1) : `${line}\\r\\n`));
  const before = words.has("begin") ? CHUNKED_HEAD : "";
  const behind = asked === undefined && !words.has("alone") ? FOLLOWER : "";
  return {
    name: filled(draft.name),
    source: words.get("from") ?? "",
    asked: asked === undefined ? undefined : asked === "nothing" ? [] : asked.split(" "),
    grants: words.has("grants"),
    answersEarly: words.has("answers"),
    bytes: before + unescaped(filled(lines.join(""))) + behind,
    verdict: draft.verdict.flatMap((line) => repeated(unescaped(filled(line)))),
  };
}

/** `info 100 x 3` stands for three lines. */
function repeated(line: string): string[] {
  const [, one, times] = /^(.*) x (\d+)$/.exec(line) ?? [];
  return one === undefined ? [line] : Array.from({ length: Number(times) }, () => one);
}

function unescaped(text: string): string {
  // The innermost repetition first, since its braces are the ones that match.
  const expanded = text.replace(REPETITION, (_, times: string, what: string) => what.repeat(Number(times)));
  if (expanded !== text) return unescaped(expanded);
  return text.replace(/\\(x[\da-f]{2}|.)/g, (whole, code: string) => {
    const known = ESCAPES[code];
    if (known !== undefined) return known;
    if (code.length !== 3) throw new Error(`Cannot read "${whole}" in "${text}": it is no escape of the format`);
    return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
}

/** The corpus as it is in the checkout; this module runs from build/test/vectors/. */
const FOLDER = fileURLToPath(new URL("../../../src/protocols/http1/vectors", import.meta.url));
const REPETITION = /\\\{(\d+) ((?:[^}\\]|\\[^{])*)\}/g;
const WORDS = new Set(["from", "why", "asked", "alone", "grants", "answers", "begin"]);
const ESCAPES: Readonly<Record<string, string>> = {
  r: "\r",
  n: "\n",
  t: "\t",
  s: " ",
  "0": "\0",
  "\\": "\\",
};
const CHUNKED_HEAD = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
/** Behind everything that a server hears: it shows where the request before it ended. */
const FOLLOWER = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
