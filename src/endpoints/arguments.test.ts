import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { optional, readArguments, required } from "./arguments.ts";
import { coerce } from "./coerce.ts";
import { EndpointSyntaxError } from "./errors.ts";
import { parse } from "./grammar.ts";

const form = "beacon:HOST:PORT[:colour=red|green]";

function read(description: string) {
  return readArguments({ description, form, parsed: parse(description) }, ["host", "port"], {
    host: required(coerce.text),
    port: required(coerce.port),
    colour: optional(coerce.oneOf("red", "green")),
  });
}

function mistake(description: string): EndpointSyntaxError {
  try {
    read(description);
  } catch (error) {
    assert.ok(error instanceof EndpointSyntaxError);
    assert.ok(error.message.startsWith(`Cannot parse endpoint "${description}": `), error.message);
    assert.ok(error.message.endsWith(`; the form is ${form}`), error.message);
    assert.equal(error.form, form);
    return error;
  }
  assert.fail(`${description} was accepted`);
}

describe("readArguments", () => {
  test("gives each value its type, and undefined to what is not given", () => {
    const { host, port, colour } = read("beacon:example.org:7000");
    const typed: [string, number, "red" | "green" | undefined] = [host, port, colour];
    assert.deepEqual(typed, ["example.org", 7000, undefined]);
  });

  test("positional arguments can be given by name, those that are left by place", () => {
    assert.deepEqual(read("beacon:port=7:host=h:colour=GREEN"), { host: "h", port: 7, colour: "green" });
    assert.deepEqual(read("beacon:h:port=7"), { host: "h", port: 7, colour: undefined });
  });

  test("a missing argument is named", () => {
    assert.match(mistake("beacon:h").message, /argument "port" is missing/);
    assert.equal(mistake("beacon").argument, "host");
    assert.equal(mistake("beacon:").argument, "host");
    assert.equal(mistake("beacon::80").argument, "host");
  });

  test("an unknown argument is named", () => {
    assert.match(mistake("beacon:h:1:size=2").message, /unknown argument "size"/);
    assert.equal(mistake("beacon:h:1:toString=2").argument, "toString");
  });

  test("an argument too many is named", () => {
    assert.match(
      mistake("beacon:h:1:red").message,
      /there is no place for argument "red" \(a colon inside an argument is written \\:\)/,
    );
  });

  test("an argument given by place and by name is named", () => {
    assert.match(mistake("beacon:h:1:host=i").message, /argument "host" is given twice/);
  });

  test("a malformed argument is named, with what was expected and the cause", () => {
    const error = mistake("beacon:h:http");
    assert.match(error.message, /argument "port": "http" is not a port number \(0 to 65535\)/);
    assert.equal(error.argument, "port");
    assert.ok(error.cause instanceof Error);
  });

  test("an optional argument that is given must not be malformed either", () => {
    assert.equal(mistake("beacon:h:1:colour=blue").argument, "colour");
  });

  test("a type without arguments takes a colon, and nothing after it", () => {
    const source = (description: string) => ({ description, form, parsed: parse(description) });
    assert.deepEqual(readArguments(source("stdio"), [], {}), {});
    assert.deepEqual(readArguments(source("stdio:"), [], {}), {});
    assert.throws(() => readArguments(source("stdio:1"), [], {}), /there is no place for argument "1"/);
  });

  test("an EndpointSyntaxError of a description inside comes out as it is", () => {
    const inner = new EndpointSyntaxError("inner", "is wrong");
    const coerce = () => {
      throw inner;
    };
    const description = "x:1";
    assert.throws(
      () => readArguments({ description, form, parsed: parse(description) }, ["a"], { a: required(coerce) }),
      (error) => error === inner,
    );
  });
});
