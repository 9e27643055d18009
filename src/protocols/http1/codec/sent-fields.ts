/** Header fields to text. What would end a field, a head or a message early is refused: nobody gets to inject anything. */
import type { HeaderInit } from "../../../wire/header-map.ts";
import { HeaderMap } from "../../../wire/header-map.ts";
import { LocalProtocolError } from "../errors.ts";
import { isAuthority } from "./target.ts";
import { TOKEN } from "./token.ts";

/** The fields of a head as text, and what they say about framing and the connection. */
export class SentFields {
  text = "";
  hosts = 0;
  /** -1 if there is none. */
  contentLength = -1;
  isChunked = false;
  saysClose = false;
  saysKeepAlive = false;
  saysUpgrade = false;
  hasUpgrade = false;
  expectsContinue = false;
  /** Whose fields they are, if those were sent before. */
  known: HeaderMap | undefined = undefined;
  /** A field among them says something about framing or the connection. */
  #tells = false;

  /** @throws LocalProtocolError for what is no field, or says two things about framing. */
  read(headers: HeaderInit | undefined): void {
    this.#begin();
    if (headers === undefined) return;
    if (headers instanceof HeaderMap) {
      this.#readMap(headers);
    } else if (Symbol.iterator in headers) {
      for (const [name, value] of headers) this.#add(name, value);
    } else {
      for (const name of Object.keys(headers)) this.#addAll(name, headers[name] as string | readonly string[]);
    }
    if (this.isChunked && this.contentLength !== -1) {
      throw new LocalProtocolError("Cannot send Content-Length and Transfer-Encoding in one head: leave one out");
    }
  }

  #readMap(headers: HeaderMap): void {
    if (headers.written !== undefined) {
      this.text = headers.written;
      this.known = headers;
      return;
    }
    this.#tells = false;
    for (let line = 0; line < headers.size; line++) this.#add(headers.nameAt(line), headers.valueAt(line));
    if (!this.#tells) headers.written = this.text;
  }

  #begin(): void {
    this.text = "";
    this.known = undefined;
    this.hosts = 0;
    this.contentLength = -1;
    this.isChunked = false;
    this.saysClose = false;
    this.saysKeepAlive = false;
    this.saysUpgrade = false;
    this.hasUpgrade = false;
    this.expectsContinue = false;
  }

  #addAll(name: string, value: string | readonly string[]): void {
    if (typeof value === "string") this.#add(name, value);
    else for (const each of value) this.#add(name, each);
  }

  #add(name: string, value: string): void {
    const meaning = MEANINGS.get(name) ?? meaningOf(name);
    if (UNSAFE.test(value)) {
      throw new LocalProtocolError(
        `Cannot send header ${name} with the value ${JSON.stringify(value)}: it may have neither line ends nor other controls, and no characters above U+00FF`,
      );
    }
    if (meaning !== "") {
      this.#tells = true;
      this.#note(meaning, name, value);
    }
    this.text += `${name}: ${value}\r\n`;
  }

  #note(meaning: string, name: string, value: string): void {
    switch (meaning) {
      case "host":
        this.hosts++;
        if (this.hosts > 1 || (value !== "" && !isAuthority(value))) throw refused(name, value, "one valid host");
        return;
      case "content-length":
        if (this.contentLength !== -1 || !LENGTH.test(value)) throw refused(name, value, "one number of bytes");
        this.contentLength = Number(value);
        return;
      case "transfer-encoding":
        if (this.isChunked || value.toLowerCase() !== "chunked")
          throw refused(name, value, '"chunked" and nothing else');
        this.isChunked = true;
        return;
      case "upgrade":
        this.hasUpgrade = true;
        return;
      case "expect":
        if (value.toLowerCase() !== "100-continue") throw refused(name, value, '"100-continue"');
        this.expectsContinue = true;
        return;
      default:
        this.#noteConnection(value);
    }
  }

  #noteConnection(value: string): void {
    for (const option of value.toLowerCase().split(",")) {
      const word = option.trim();
      if (word === "close") this.saysClose = true;
      else if (word === "keep-alive") this.saysKeepAlive = true;
      else if (word === "upgrade") this.saysUpgrade = true;
    }
  }
}

/**
 * Trailers to text.
 *
 * @throws LocalProtocolError for what is no field, or belongs in the head.
 */
export function trailerText(trailers: HeaderInit): string {
  const map = trailers instanceof HeaderMap ? trailers : new HeaderMap(trailers);
  for (const name of HEAD_ONLY) {
    if (map.has(name)) throw new LocalProtocolError(`Cannot send "${name}" as a trailer: it belongs in the head`);
  }
  const fields = new SentFields();
  fields.read(map);
  return fields.text;
}

/** Checks a name once; it is asked for again with every message. */
function meaningOf(name: string): string {
  if (!TOKEN.test(name)) {
    throw new LocalProtocolError(
      `Cannot send a header with the name ${JSON.stringify(name)}: a name is letters, digits and some of !#$%&'*+-.^_\`|~`,
    );
  }
  const lower = name.toLowerCase();
  const meaning = TELLING.has(lower) ? lower : "";
  if (MEANINGS.size < MAX_NAMES) MEANINGS.set(name, meaning);
  return meaning;
}

function refused(name: string, value: string, due: string): LocalProtocolError {
  return new LocalProtocolError(`Cannot send header ${name} with the value ${JSON.stringify(value)}: it takes ${due}`);
}

const UNSAFE = /[^\t -~\x80-\xff]/;
const LENGTH = /^\d{1,15}$/;
const TELLING: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "expect",
]);
const HEAD_ONLY = ["host", "connection", "content-length", "transfer-encoding"];
/** Names as they were spelled, with what they mean here: "" for most. */
const MEANINGS: Map<string, string> = new Map();
/** Programs use some dozens; who makes up names must not fill the memory. */
const MAX_NAMES = 512;
