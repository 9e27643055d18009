/** Commands that several tests share, and a pair of ends. */
import { type ConnectedPair, connectedPair, type PairOptions } from "../../testing/connected-pair.ts";
import * as amp from "./index.ts";

export class ZeroDivisionError extends Error {}
export class Overheated extends Error {}

type I = typeof amp.Integer;
type Text = typeof amp.Unicode;
type PerhapsText = amp.OptionalArgument<string>;

export const Sum: amp.Command<{ a: I; b: I }, { total: I }, "answered"> = amp.command("Sum", {
  arguments: { a: amp.Integer, b: amp.Integer },
  response: { total: amp.Integer },
});

export const Divide: amp.Command<{ numerator: I; denominator: I }, { result: typeof amp.Float }, "answered"> =
  amp.command("Divide", {
    arguments: { numerator: amp.Integer, denominator: amp.Integer },
    response: { result: amp.Float },
    errors: { ZERO_DIVISION: ZeroDivisionError },
    fatalErrors: { OVERHEATED: Overheated },
  });

export const Greet: amp.Command<{ name: PerhapsText }, { greeting: PerhapsText }, "answered"> = amp.command("Greet", {
  arguments: { name: amp.optional(amp.Unicode) },
  response: { greeting: amp.optional(amp.Unicode) },
});

export const Note: amp.Command<{ text: Text }, amp.NoFields, "one-way"> = amp.oneWayCommand("Note", {
  arguments: { text: amp.Unicode },
});

export const Upgrade: amp.Command<{ to: PerhapsText }, amp.NoFields, "switch"> = amp.switchCommand("Upgrade", {
  arguments: { to: amp.optional(amp.Unicode) },
});

/** A silent client, `a`, and a server, `b`, that answers. */
export function served(
  responders: amp.Responders,
  options: PairOptions & { readonly a?: amp.AmpOptions; readonly b?: amp.AmpOptions } = {},
): ConnectedPair<amp.AmpProtocol, amp.AmpProtocol> {
  const client = new amp.AmpProtocol(undefined, options.a);
  return connectedPair(client, new amp.AmpProtocol(responders, options.b), options);
}

/** Bytes of Latin-1 text. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Latin-1 text of bytes. */
export function latin1(data: Uint8Array): string {
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}

/** What becomes of a Deferred: its error, or what it gave instead. */
export function errorOf(deferred: PromiseLike<unknown>): { error?: Error; value?: unknown } {
  const seen: { error?: Error; value?: unknown } = {};
  deferred.then(
    (value) => {
      seen.value = value;
    },
    (error) => {
      seen.error = error as Error;
    },
  );
  return seen;
}
