import { type Context, contextsOf, isCodeAttribute, isSafeUrl, isUrlAttribute } from "./contexts.ts";

/**
 * Part of a page, which `html` makes.
 *
 * @example
 * ```ts
 * import { html, type Template } from "ropewalk/web";
 *
 * const greeting = (name: string): Template => html`<p>hello ${name}</p>`;
 * console.log(greeting("ann").strings.length); // 2
 * ```
 */
export class Template {
  readonly strings: readonly string[];
  readonly contexts: readonly Context[];
  readonly values: readonly unknown[];

  /** @throws TypeError as `html` does. */
  constructor(strings: readonly string[], values: readonly unknown[]) {
    let contexts = known.get(strings);
    if (contexts === undefined) {
      contexts = contextsOf(strings);
      known.set(strings, contexts);
    }
    this.strings = strings;
    this.contexts = contexts;
    this.values = values;
  }
}

/**
 * Text that is markup already, of one kind or another.
 *
 * @example
 * ```ts
 * import { type Markup, raw } from "ropewalk/web";
 *
 * const copyright: Markup = raw("&copy;");
 * console.log(copyright.text); // &copy;
 * ```
 */
export class Markup {
  readonly text: string;
  /** Where it may stand, besides where all markup may. */
  readonly context: Context;

  constructor(text: string, context: Context) {
    this.text = text;
    this.context = context;
  }
}

/**
 * Part of a page, whose values are escaped for the places where they stand. A value may be text, a number, another template, an
 * array or any iterable of values, and also a Deferred, a promise or an async iterable of them: `htmlResponse` sends what stands
 * before it at once. Null, undefined and false are nothing.
 *
 * In an attribute that is a link, a URL whose scheme is not one of http, https, mailto, tel, sms and ftp becomes
 * `about:invalid`. An attribute's value needs quotes. Holes where no value is safe are refused: names, comments, scripts, styles,
 * and attributes that are code.
 *
 * @throws TypeError for such a hole, and for a template that ends inside of a tag.
 *
 * @example
 * ```ts
 * import { html, htmlText } from "ropewalk/web";
 *
 * const knots = ["bowline", "<clove hitch>"];
 * const list = html`<ul>${knots.map((knot) => html`<li>${knot}</li>`)}</ul>`;
 * console.log(await htmlText(list)); // <ul><li>bowline</li><li>&lt;clove hitch&gt;</li></ul>
 * ```
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Template {
  return new Template(strings, values);
}

/**
 * Text that is put into a page as it is: for markup that the program has made itself, and never for what a client has sent.
 *
 * @example
 * ```ts
 * import { html, htmlText, raw } from "ropewalk/web";
 *
 * console.log(await htmlText(html`<p>${raw("&copy;")}</p>`)); // <p>&copy;</p>
 * ```
 */
export function raw(markup: string): Markup {
  return new Markup(markup, "text");
}

/**
 * A value for a script element that holds nothing else: `<script type="application/json">${scriptJson(data)}</script>`.
 *
 * @throws TypeError for what is no JSON.
 *
 * @example
 * ```ts
 * import { html, htmlText, scriptJson } from "ropewalk/web";
 *
 * const page = html`<script type="application/json">${scriptJson({ name: "</script>" })}</script>`;
 * console.log(await htmlText(page)); // <script type="application/json">{"name":"\u003c/script\u003e"}</script>
 * ```
 */
export function scriptJson(value: unknown): Markup {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`Cannot make JSON of ${typeof value}`);
  return new Markup(text.replace(/[<>&\u2028\u2029]/g, unicodeEscape), "script");
}

/**
 * Attributes for a tag, escaped like those that stand there: `<input ${attributes({ name, checked })}>`. True is an attribute
 * without a value; null, undefined and false are none.
 *
 * @throws TypeError for what is no name of an attribute, and for attributes that are code.
 *
 * @example
 * ```ts
 * import { attributes, html, htmlText } from "ropewalk/web";
 *
 * console.log(await htmlText(html`<input ${attributes({ name: "knot", checked: true, disabled: false })}>`)); // <input name="knot" checked>
 * ```
 */
export function attributes(values: { readonly [name: string]: string | number | boolean | null | undefined }): Markup {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (!/^[a-z][\w:.-]*$/i.test(name) || isCodeAttribute(name)) {
      throw new TypeError(`Cannot set the attribute ${JSON.stringify(name)}: no value is safe there`);
    }
    if (value === true) parts.push(name);
    else if (value !== null && value !== undefined && value !== false) {
      parts.push(`${name}="${isUrlAttribute(name) ? escapeUrl(String(value)) : escapeHtml(String(value))}"`);
    }
  }
  return new Markup(parts.join(" "), "attributes");
}

/**
 * Text as it stands in a page, or in a quoted attribute.
 *
 * @example
 * ```ts
 * import { escapeHtml } from "ropewalk/web";
 *
 * console.log(escapeHtml("<b>")); // &lt;b&gt;
 * ```
 */
export function escapeHtml(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_SPECIAL, (character) => REFERENCES[character] as string) : text;
}

export function escapeUrl(url: string): string {
  return isSafeUrl(url) ? escapeHtml(url) : "about:invalid";
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Each place in a program has strings of its own, which are always the same. */
const known = new WeakMap<readonly string[], readonly Context[]>();
const SPECIAL = /[&<>"']/;
const EACH_SPECIAL = /[&<>"']/g;
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
