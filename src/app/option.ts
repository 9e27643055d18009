import { parse } from "../endpoints/grammar.ts";

/**
 * One option of a plug-in: how a text of the command line becomes a value. `Value` is what `makeService` gets, a list if
 * the option is repeatable.
 */
export interface Option<Value> {
  readonly summary: string;
  /** What stands for the value in help: `<endpoint>`; empty for a flag. */
  readonly placeholder: string;
  /** What counts if the command line says nothing, as it would say it. */
  readonly default: string | boolean | undefined;
  readonly repeatable: boolean;
  readonly required: boolean;
  readonly choices: readonly string[] | undefined;
  /** Endpoints and paths are known by it, to completion and to whoever has to load what an endpoint needs. */
  readonly kind: OptionKind;
  /** One text as one value. @throws Error that says what was expected. */
  parse(text: string): unknown;
  /** For the types only. */
  readonly value?: Value;
}

/** What a value is. */
export type OptionKind = "flag" | "text" | "count" | "number" | "path" | "endpoint" | "duration" | "bytes" | "choice";

/** What can be said of an option that takes a value. */
export interface OptionSettings {
  /** In place of what was not given: the value itself, or the text for it. */
  readonly default?: string | number;
  /** It may be given again; its values are a list. */
  readonly repeatable?: boolean;
  /** It has to be given. */
  readonly required?: boolean;
}

/** What `makeService` gets of an option with these settings. */
export type OptionValue<T, S extends OptionSettings> = S extends { readonly repeatable: true }
  ? readonly T[]
  : S extends { readonly default: string | number } | { readonly required: true }
    ? T
    : T | undefined;

/** The kinds of option, each a function from a summary and settings. */
export interface OptionKinds {
  /** `--listing`; with the default true, `--no-listing`. */
  flag(summary: string, settings?: { readonly default?: boolean }): Option<boolean>;
  text<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<string, S>>;
  /** A file or folder, as it was given. */
  path<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<string, S>>;
  /** Where to listen or connect: `tcp:80`, checked for its form. */
  endpoint<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<string, S>>;
  /** A whole number, 0 or more. */
  count<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<number, S>>;
  /** Milliseconds, from `250ms`, `10s`, `5m`, `2h` or `1d`; a bare number is milliseconds. */
  duration<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<number, S>>;
  /** Bytes, from `512`, `64k`, `10M` or `1G`, in steps of 1 024. */
  bytes<const S extends OptionSettings = object>(summary: string, settings?: S): Option<OptionValue<number, S>>;
  choice<const Word extends string, const S extends OptionSettings = object>(
    summary: string,
    words: readonly Word[],
    settings?: S,
  ): Option<OptionValue<Word, S>>;
}

/**
 * The options of a plug-in, by their kind.
 *
 * @example
 * ```ts
 * import { option } from "ropewalk/app";
 *
 * console.log(option.duration("how long to wait").parse("5m")); // 300000
 * console.log(option.choice("what to write", ["text", "json"], { default: "text" }).default); // text
 * ```
 */
export const option: OptionKinds = {
  flag: (summary, settings = {}) => ({
    ...plain(summary, "flag", "", {}),
    default: settings.default ?? false,
    parse: (text) => text !== "false",
  }),
  text: (summary, settings) => valued(summary, "text", "text", settings, notEmpty),
  path: (summary, settings) => valued(summary, "path", "path", settings, notEmpty),
  endpoint: (summary, settings) =>
    valued(summary, "endpoint", "endpoint", settings, (text) => {
      parse(text);
      return text;
    }),
  count: (summary, settings) => valued(summary, "count", "count", settings, count),
  duration: (summary, settings) => valued(summary, "duration", "duration", settings, durationMs),
  bytes: (summary, settings) => valued(summary, "bytes", "bytes", settings, bytes),
  choice: (summary, words, settings) => ({
    ...valued(summary, "choice", words.join("|"), settings, (text) => {
      if ((words as readonly string[]).includes(text)) return text as (typeof words)[number];
      throw new Error(`"${text}" is not one of ${words.join(", ")}`);
    }),
    choices: words,
  }),
};

function valued<T, S extends OptionSettings>(
  summary: string,
  kind: OptionKind,
  placeholder: string,
  settings: S | undefined,
  read: (text: string) => T,
): Option<OptionValue<T, S>> {
  const made = { ...plain(summary, kind, placeholder, settings ?? {}), parse: read };
  // A default that no command line could give is the plug-in's mistake, and is seen when it is defined.
  if (made.default !== undefined) read(made.default);
  return made;
}

function plain(summary: string, kind: OptionKind, placeholder: string, settings: OptionSettings) {
  return {
    summary,
    kind,
    placeholder,
    default: settings.default === undefined ? undefined : String(settings.default),
    repeatable: settings.repeatable ?? false,
    required: settings.required ?? false,
    choices: undefined,
  };
}

function notEmpty(text: string): string {
  if (text === "") throw new Error("it is empty");
  return text;
}

function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`"${text}" is no whole number of 0 or more`);
  return Number(text);
}

function durationMs(text: string): number {
  const found = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)?$/.exec(text);
  if (found === null) throw new Error(`"${text}" is no duration such as 250ms, 10s, 5m, 2h or 1d`);
  return Number(found[1]) * MS_OF[(found[2] ?? "ms") as keyof typeof MS_OF];
}

function bytes(text: string): number {
  const found = /^(\d{1,15})(?:([kmgt])(?:i?b)?|b)?$/i.exec(text);
  if (found === null) throw new Error(`"${text}" is no size such as 512, 64k, 10M or 1G`);
  return Number(found[1]) * 1_024 ** ("kmgt".indexOf((found[2] ?? " ").toLowerCase()) + 1);
}

const MS_OF = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
