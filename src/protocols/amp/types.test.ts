/** What the compiler says about commands: this file compiles, and would not if the types were others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deferred } from "../../core/deferred/deferred.ts";
import * as amp from "./index.ts";

const All = amp.command("All", {
  arguments: {
    integer: amp.Integer,
    big: amp.BigInteger,
    bytes: amp.String,
    text: amp.Unicode,
    flag: amp.Boolean,
    float: amp.Float,
    decimal: amp.Decimal,
    moment: amp.DateTime,
    path: amp.Path,
    list: amp.ListOf(amp.ListOf(amp.Integer)),
    rows: amp.AmpList({ id: amp.Integer, name: amp.optional(amp.Unicode) }),
    perhaps: amp.optional(amp.ListOf(amp.Boolean)),
  },
  response: { done: amp.Boolean },
});
const Note = amp.oneWayCommand("Note");
const Upgrade = amp.switchCommand("Upgrade");

/** Compiles if both types are one. */
function same<A, B>(..._proof: Equal<A, B> extends true ? [] : [never]): void {}
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };

test("types follow from the declaration", () => {
  same<
    Flat<amp.ArgumentsOf<typeof All>>,
    {
      readonly integer: number;
      readonly big: bigint;
      readonly bytes: Uint8Array;
      readonly text: string;
      readonly flag: boolean;
      readonly float: number;
      readonly decimal: string;
      readonly moment: amp.DateTimeValue;
      readonly path: string;
      readonly list: readonly (readonly number[])[];
      readonly rows: readonly amp.ValuesOf<{
        id: amp.ArgumentType<number>;
        name: amp.OptionalArgument<string>;
      }>[];
      readonly perhaps?: readonly boolean[] | undefined;
    }
  >();
  same<Flat<amp.ResponseOf<typeof All>>, { readonly done: boolean }>();
  // @ts-expect-error it is how this test would fail
  same<Flat<amp.ResponseOf<typeof All>>, { readonly done: string }>();
  assert.equal(All.kind, "answered");
});

test("calls and responders are checked against it", () => {
  const client = new amp.AmpProtocol();
  const Greet = amp.command("Greet", { arguments: { name: amp.Unicode }, response: { text: amp.Unicode } });
  const misuse = (): void => {
    same<ReturnType<typeof client.callRemote<Record<never, never>>>, void>();
    const answer: Deferred<{ readonly text: string }> = client.callRemote(Greet, { name: "ann" });
    // @ts-expect-error a number is no text
    client.callRemote(Greet, { name: 1 });
    // @ts-expect-error the name is missing
    client.callRemote(Greet);
    // @ts-expect-error nobody answers a one-way command
    client.callRemote(Note).addCallback(() => {});
    // @ts-expect-error a switch needs a protocol to switch to
    client.callRemote(Upgrade);
    // @ts-expect-error the answer lacks its text
    new amp.Responders().respond(Greet, () => ({}));
    // @ts-expect-error a responder to a switch gives a protocol
    new amp.Responders().respond(Upgrade, () => ({}));
    new amp.Responders().respond(amp.command("Ping"), () => {}).respond(Note, () => {});
    answer.cancel();
  };
  assert.equal(typeof misuse, "function");
});
