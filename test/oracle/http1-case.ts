/** Random messages for http1.test.ts: mostly right, often a little wrong, sometimes cut or changed in a byte. */
export interface Http1Case {
  readonly seed: number;
  readonly role: "server" | "client";
  /** What the client asked with. */
  readonly asked: string;
  readonly text: string;
}

export function http1Case(seed: number, random: () => number): Http1Case {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const mostly = (usual: string, others: readonly string[]): string => (random() < 0.95 ? usual : pick(others));
  const role = random() < 0.6 ? "server" : "client";
  const asked = role === "client" ? pick(["GET", "GET", "HEAD", "CONNECT"]) : "";
  const field = (): string =>
    `${mostly(pick(NAMES), BAD_NAMES)}${mostly(": ", [":", " : ", ":\t", "", ":  "])}${mostly(pick(VALUES), BAD_VALUES)}${eol()}`;
  const eol = (): string => (random() < 0.995 ? "\r\n" : pick(["\n", "\r", "\r\r\n", "\n\n"]));
  const fields = (): string => Array.from({ length: Math.floor(random() * 4) }, field).join("");
  const chunk = (): string => {
    const data = "x".repeat(Math.floor(random() * 20));
    const size = mostly(data.length.toString(16), [
      `0${data.length.toString(16)}`,
      data.length.toString(16).toUpperCase(),
      ...BAD_SIZES,
    ]);
    return data === "" ? "" : `${size}${mostly("", EXTENSIONS)}${eol()}${data}${eol()}`;
  };
  const chunks = (): string => `${chunk()}${chunk()}0${eol()}${random() < 0.2 ? fields() : ""}${eol()}`;
  const body = (): string => {
    switch (Math.floor(random() * 4)) {
      case 0:
        return `Transfer-Encoding: ${mostly("chunked", CODINGS)}${eol()}${eol()}${chunks()}`;
      case 1:
        return `Content-Length: ${mostly("3", LENGTHS)}${eol()}${eol()}abc`;
      default:
        return eol();
    }
  };
  const request = (): string => {
    const method = mostly(pick(["GET", "POST", "HEAD"]), ["CONNECT", "OPTIONS", "get", "G(T", "", "TRACE"]);
    const line = `${method}${mostly(" ", ["  ", "\t", ""])}${mostly(pick(["/", "/a?b=c"]), TARGETS)} ${mostly("HTTP/1.1", VERSIONS)}${eol()}`;
    return `${line}${mostly("Host: a\r\n", ["", "Host: b c\r\n", "Host: a\r\nhost: a\r\n"])}${fields()}${body()}`;
  };
  const response = (): string => {
    const status = `${mostly("HTTP/1.1", VERSIONS)} ${mostly(pick(["200", "204", "304", "404"]), ["100", "101", "20", "2000", "abc", "799", " 200"])}${mostly(" OK", ["", " ", " a b", "\tOK", " \xe4"])}`;
    return `${status}${eol()}${fields()}${body()}`;
  };
  let text = role === "server" ? request() : response();
  if (role === "server") for (let more = Math.floor(random() * 3); more > 0; more--) text += request();
  if (random() < 0.25) text = changed(text, random);
  return { seed, role, asked, text };
}

function changed(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const character = TELLING[Math.floor(random() * TELLING.length)] as string;
  if (random() < 0.3) return text.slice(0, at);
  return text.slice(0, at) + (random() < 0.7 ? character : "") + text.slice(at + (random() < 0.5 ? 1 : 0));
}

const NAMES = ["X", "accept", "Cookie", "x-y_z", "Connection", "Upgrade"];
const BAD_NAMES = ["", "a b", "a(", "\xe4", "a\0", " X", "Content-Length", "Transfer-Encoding", "Expect"];
const VALUES = ["1", "a, b", "close", "keep-alive", "upgrade", "100-continue", "x\ty", "", "\xe4"];
const BAD_VALUES = ["\0", "a\rb", "\x7f", "\x0b", "a\n b", "b "];
const CODINGS = ["gzip", "gzip, chunked", "chunked, gzip", "Chunked", "chunked ", "identity", "", "chunked, chunked"];
const LENGTHS = ["+3", "-3", "3, 3", "3,4", "03", "0x3", "", "abc", "3 ", "99999999999999999999999"];
const BAD_SIZES = ["0x3", "+3", " 3", "3 ", "g", "", "fffffffffffffffffffff"];
const EXTENSIONS = [";a", ";a=b", ';a="b c"', "; a", ";", ";a=", " ;a"];
const TARGETS = ["*", "http://a/", "a:80", "a", "/ b", "/#x", "/\xe4", "", "/\x7f"];
const VERSIONS = ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.", "HTTP/11", "HTTP/1.1 ", ""];
const TELLING = ["\0", "\t", "\n", "\r", " ", ",", ":", ";", "0", "A", "\x7f", "\x80", "\r\n"];
