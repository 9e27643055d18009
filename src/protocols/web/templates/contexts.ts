/**
 * Where in a page the holes of a template are. The text around them is read as a browser's tokenizer reads it (WHATWG HTML
 * §13.2.5), as far as that decides what a value could do there: a value in text needs other care than one in a link, and some
 * places are safe for no value at all. A template that asks for such a place is refused when it is first used, whatever the value.
 */

/** What a hole takes: text, text of a quoted attribute, the same of one that is a link, whole attributes, or JSON in a script. */
export type Context = "text" | "attribute" | "url" | "attributes" | "script";

/** @throws TypeError for a hole where no value is safe, and for a template that does not end where text may stand. */
export function contextsOf(strings: readonly string[]): readonly Context[] {
  const tokenizer = new Tokenizer();
  const contexts: Context[] = [];
  for (const [index, text] of strings.entries()) {
    tokenizer.read(text);
    if (index < strings.length - 1) contexts.push(tokenizer.hole(strings, index));
  }
  if (tokenizer.state !== "data") {
    throw new TypeError(`Cannot use the template ${shown(strings)}: it ends inside of ${PLACES[tokenizer.state]}`);
  }
  return contexts;
}

/** Whether it leads somewhere: its scheme is a known one, or it has none. */
export function isSafeUrl(url: string): boolean {
  const scheme = /^([^/?#:]*):/.exec(url)?.[1];
  return scheme === undefined || SAFE_SCHEMES.has(scheme.trim().toLowerCase());
}

export function isUrlAttribute(name: string): boolean {
  return URL_ATTRIBUTES.has(name.toLowerCase());
}

/** Attributes whose value is code, of one language or another. */
export function isCodeAttribute(name: string): boolean {
  return /^on|^style$|^srcdoc$/i.test(name);
}

type State =
  | "data"
  | "tagOpen"
  | "tagName"
  | "beforeName"
  | "name"
  | "afterName"
  | "beforeValue"
  | "doubleQuoted"
  | "singleQuoted"
  | "unquoted"
  | "comment"
  | "declaration"
  | "rawText";

class Tokenizer {
  state: State = "data";
  #tag = "";
  #isEndTag = false;
  #name = "";
  /** What of the attribute's value, or of the raw element, has been read. */
  #content = "";
  #hasHole = false;

  read(text: string): void {
    for (let at = 0; at < text.length; at++) this.#step(text[at] as string, text, at);
  }

  hole(strings: readonly string[], index: number): Context {
    const context = this.#context(strings[index + 1] as string);
    if (context === undefined) {
      const place = this.state === "rawText" ? `<${this.#tag}>` : PLACES[this.state];
      const name = this.state.endsWith("Quoted") ? `the attribute ${this.#name}` : place;
      const advice = this.state === "beforeValue" || this.state === "unquoted" ? ": put quotes around it" : "";
      throw new TypeError(`Cannot put a value into ${name} of the template ${shown(strings)}${advice}`);
    }
    this.#hasHole = true;
    if (context === "attributes") this.state = "beforeName";
    return context;
  }

  #context(next: string): Context | undefined {
    switch (this.state) {
      case "data":
        return "text";
      case "doubleQuoted":
      case "singleQuoted":
        return this.#attributeContext();
      case "beforeName":
      case "afterName":
        return this.#isEndTag ? undefined : "attributes";
      case "rawText":
        if (TEXT_ELEMENTS.has(this.#tag)) return "text";
        return this.#tag === "script" && /^\s*$/.test(this.#content) && /^\s*<\/script/i.test(next)
          ? "script"
          : undefined;
      default:
        return undefined;
    }
  }

  #attributeContext(): Context | undefined {
    if (this.#isEndTag || isCodeAttribute(this.#name)) return undefined;
    if (!isUrlAttribute(this.#name)) return "attribute";
    if (!isSafeUrl(this.#content)) return undefined;
    return /[/?#:]/.test(this.#content) ? "attribute" : "url";
  }

  #step(character: string, text: string, at: number): void {
    switch (this.state) {
      case "data":
        if (character === "<") this.state = "tagOpen";
        return;
      case "tagOpen":
        this.#openTag(character, text, at);
        return;
      case "tagName":
        if (character === ">") this.#endTag();
        else if (isSpace(character) || character === "/") this.state = "beforeName";
        else this.#tag += character.toLowerCase();
        return;
      case "comment":
      case "declaration":
        this.#content += character;
        if (character === ">" && (this.state === "declaration" || /--!?>$/.test(this.#content))) this.state = "data";
        return;
      case "rawText":
        this.#content += character;
        if (isEndOf(this.#content, this.#tag)) this.#leaveRawText(character);
        return;
      default:
        this.#stepAttribute(character);
    }
  }

  #openTag(character: string, text: string, at: number): void {
    this.#content = "";
    this.#isEndTag = character === "/" && /[a-z]/i.test(text[at + 1] ?? "");
    if (/[a-z]/i.test(character)) {
      this.#tag = character.toLowerCase();
      this.state = "tagName";
    } else if (this.#isEndTag) {
      this.#tag = "";
      this.state = "tagName";
    } else if (text.startsWith("!--", at)) this.state = "comment";
    else if (character === "!" || character === "?" || character === "/") this.state = "declaration";
    else if (character !== "<") this.state = "data";
  }

  #stepAttribute(character: string): void {
    switch (this.state) {
      case "beforeName":
      case "afterName":
      case "name":
        this.#stepName(character);
        return;
      case "beforeValue":
        if (isSpace(character)) return;
        this.#content = "";
        this.#hasHole = false;
        if (character === ">") this.#endTag();
        else if (character === '"') this.state = "doubleQuoted";
        else if (character === "'") this.state = "singleQuoted";
        else this.state = "unquoted";
        return;
      case "unquoted":
        if (character === ">") this.#endTag();
        else if (isSpace(character)) this.state = "beforeName";
        return;
      default:
        if (character === (this.state === "doubleQuoted" ? '"' : "'")) this.state = "beforeName";
        else this.#stepValue(character);
    }
  }

  #stepValue(character: string): void {
    if (character === ":" && this.#hasHole && isUrlAttribute(this.#name) && !/[/?#:]/.test(this.#content)) {
      throw new TypeError(
        `Cannot let a value be the scheme of the attribute ${this.#name}: it might be one that runs code`,
      );
    }
    this.#content += character;
  }

  #stepName(character: string): void {
    if (character === ">") this.#endTag();
    else if (character === "/") this.state = "beforeName";
    else if (character === "=" && this.state !== "beforeName") this.state = "beforeValue";
    else if (isSpace(character)) this.state = this.state === "beforeName" ? "beforeName" : "afterName";
    else if (this.state === "name") this.#name += character;
    else {
      this.#name = character;
      this.state = "name";
    }
  }

  #endTag(): void {
    this.#content = "";
    this.#hasHole = false;
    this.state = !this.#isEndTag && (RAW_ELEMENTS.has(this.#tag) || TEXT_ELEMENTS.has(this.#tag)) ? "rawText" : "data";
  }

  /** Behind a "<!--" in it, a browser may be of another opinion about where a script ends (§13.2.5.26). */
  #leaveRawText(character: string): void {
    if (this.#tag === "script" && this.#content.includes("<!--")) {
      throw new TypeError('Cannot use a template whose script has a "<!--" in it: nobody can say where it ends');
    }
    this.#isEndTag = true;
    if (character === ">") this.#endTag();
    else this.state = "beforeName";
  }
}

function isEndOf(content: string, tag: string): boolean {
  const last = content[content.length - 1] as string;
  if (last !== ">" && last !== "/" && !isSpace(last)) return false;
  return content.slice(-tag.length - 3, -1).toLowerCase() === `</${tag}`;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r" || character === "\f";
}

function shown(strings: readonly string[]): string {
  const text = strings.join("{…}").replace(/\s+/g, " ").trim();
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}

const PLACES: Readonly<Record<State, string>> = {
  data: "text",
  tagOpen: "a tag's name",
  tagName: "a tag's name",
  beforeName: "a tag",
  name: "an attribute's name",
  afterName: "a tag",
  beforeValue: "an attribute without quotes",
  doubleQuoted: "an attribute",
  singleQuoted: "an attribute",
  unquoted: "an attribute without quotes",
  comment: "a comment",
  declaration: "a declaration",
  rawText: "an element that is no text",
};
/** Text in which references are read, but no tags. */
const TEXT_ELEMENTS: ReadonlySet<string> = new Set(["textarea", "title"]);
const RAW_ELEMENTS: ReadonlySet<string> = new Set([
  "iframe",
  "noembed",
  "noframes",
  "noscript",
  "plaintext",
  "script",
  "style",
  "xmp",
]);
/** Those that browsers follow, the old ones too, and those of SVG that can animate one of them. */
const URL_ATTRIBUTES: ReadonlySet<string> = new Set([
  "action",
  "background",
  "by",
  "cite",
  "codebase",
  "data",
  "formaction",
  "from",
  "href",
  "longdesc",
  "manifest",
  "ping",
  "poster",
  "src",
  "to",
  "values",
  "xlink:href",
]);
const SAFE_SCHEMES: ReadonlySet<string> = new Set(["ftp", "http", "https", "mailto", "sms", "tel"]);
