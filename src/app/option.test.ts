import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { option } from "./option.ts";
import { definePlugin, type OptionTable, type OptionValues } from "./plugin.ts";
import { TimerService } from "./timer-service.ts";

describe("values", () => {
  for (const [kind, text, value] of [
    [option.text(""), "hi", "hi"],
    [option.path(""), "a b", "a b"],
    [option.endpoint(""), "tcp:80:interface=127.0.0.1", "tcp:80:interface=127.0.0.1"],
    [option.count(""), "1000", 1_000],
    [option.duration(""), "250ms", 250],
    [option.duration(""), "1.5s", 1_500],
    [option.duration(""), "5m", 300_000],
    [option.duration(""), "2h", 7_200_000],
    [option.duration(""), "1d", 86_400_000],
    [option.duration(""), "40", 40],
    [option.bytes(""), "512", 512],
    [option.bytes(""), "64k", 65_536],
    [option.bytes(""), "10M", 10_485_760],
    [option.bytes(""), "1GiB", 1_073_741_824],
    [option.choice("", ["text", "json"]), "json", "json"],
  ] as const) {
    test(`${kind.kind} reads "${text}" as ${JSON.stringify(value)}`, () => {
      assert.equal(kind.parse(text), value);
    });
  }

  for (const [kind, text, message] of [
    [option.text(""), "", "it is empty"],
    [option.endpoint(""), "tcp:80:=x", /^Cannot parse endpoint "tcp:80:=x"/],
    [option.count(""), "-1", '"-1" is no whole number of 0 or more'],
    [option.count(""), "1.5", '"1.5" is no whole number of 0 or more'],
    [option.duration(""), "soon", '"soon" is no duration such as 250ms, 10s, 5m, 2h or 1d'],
    [option.bytes(""), "much", '"much" is no size such as 512, 64k, 10M or 1G'],
    [option.choice("", ["text", "json"]), "xml", '"xml" is not one of text, json'],
  ] as const) {
    test(`${kind.kind} refuses "${text}" and says what it wants`, () => {
      assert.throws(() => kind.parse(text), { message });
    });
  }

  test("a default that no command line could give is refused when the plug-in is defined", () => {
    assert.throws(() => option.duration("", { default: "soon" }), /no duration/);
  });
});

describe("a plug-in", () => {
  for (const [name, reason] of [
    ["max-size", "want a name in camelCase"],
    ["help", "that name is taken"],
    ["operands", "that name is taken"],
  ] as const) {
    test(`is refused an option named "${name}"`, () => {
      assert.throws(
        () =>
          definePlugin({
            summary: "",
            options: { [name]: option.flag("") },
            makeService: () => new TimerService(1, () => {}),
          }),
        { name: "TypeError", message: `Cannot define a plug-in with option "${name}": ${reason}` },
      );
    });
  }
});

/** The types: each line is a compile error when what is inferred changes. */
const options = {
  plain: option.text(""),
  withDefault: option.text("", { default: "x" }),
  needed: option.count("", { required: true }),
  many: option.endpoint("", { repeatable: true, default: "tcp:80" }),
  some: option.count("", { repeatable: true }),
  word: option.choice("", ["text", "json"], { default: "text" }),
  on: option.flag(""),
  wait: option.duration(""),
} satisfies OptionTable;

test("what makeService gets has the types that the options say", () => {
  const values: OptionValues<typeof options> = {
    plain: undefined,
    withDefault: "x",
    needed: 1,
    many: ["tcp:80"],
    some: [1],
    word: "json",
    on: true,
    wait: undefined,
    operands: [],
  };
  const same: Expected = values;
  const back: OptionValues<typeof options> = same;
  assert.equal(back, values);
});

interface Expected {
  readonly plain: string | undefined;
  readonly withDefault: string;
  readonly needed: number;
  readonly many: readonly string[];
  readonly some: readonly number[];
  readonly word: "text" | "json";
  readonly on: boolean;
  readonly wait: number | undefined;
  readonly operands: readonly string[];
}
