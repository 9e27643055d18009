import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endpointTypes } from "./default-types.ts";
import { EndpointSyntaxError } from "./errors.ts";
import { innerEndpoint, type ParsedEndpoint } from "./grammar.ts";
import { type ClientType, EndpointTypes, type ServerType } from "./types.ts";

describe("EndpointTypes", () => {
  test("an unknown type is an EndpointSyntaxError that lists the known ones", () => {
    assert.throws(() => endpointTypes.server("tpc:80"), {
      name: "EndpointSyntaxError",
      message:
        'Cannot parse endpoint "tpc:80": unknown server type "tpc"; known types are ' +
        "fd, stdio, systemd, tcp, tcp6, tls, unix",
    });
    assert.throws(
      () => endpointTypes.server("haproxy:tcp:80"),
      /"haproxy"; to have it, import "ropewalk\/haproxy"; known/,
    );
    assert.throws(() => endpointTypes.client("tcp6:h:80"), /unknown client type "tcp6"; known types are fd, /);
  });

  test("the type's letter case does not matter", () => {
    assert.ok(endpointTypes.server("TCP:80"));
    assert.ok(endpointTypes.client("Unix:/run/x.sock"));
  });

  test("with() makes a copy that has the new types, and leaves the table alone", () => {
    const table = new EndpointTypes();
    const copy = table.with({ servers: [recorded("a").server], clients: [recorded("b").client] });
    assert.ok(copy.server("a"));
    assert.ok(copy.client("b"));
    assert.throws(() => table.server("a"), EndpointSyntaxError);
    assert.throws(() => copy.client("a"), EndpointSyntaxError);
  });

  test("a type given to with() takes the place of one of that name", () => {
    const old = recorded("a");
    const fresh = recorded("a");
    const table = new EndpointTypes({ servers: [old.server], clients: [old.client] });
    const copy = table.with({ servers: [fresh.server], clients: [fresh.client] });
    copy.server("a:1");
    copy.client("a:2");
    assert.deepEqual([old.made.length, fresh.made.length], [0, 2]);
  });

  test("add() changes the table itself until what it returned is disposed", () => {
    const table = new EndpointTypes();
    const added = table.add({ servers: [recorded("a").server], clients: [recorded("a").client] });
    assert.ok(table.server("a"));
    added[Symbol.dispose]();
    assert.throws(() => table.server("a"), EndpointSyntaxError);
    assert.throws(() => table.client("a"), EndpointSyntaxError);
  });

  test("disposing does not take away what was added under that name later", () => {
    const table = new EndpointTypes();
    const first = table.add({ servers: [recorded("a").server] });
    first[Symbol.dispose]();
    table.add({ servers: [recorded("a").server] });
    first[Symbol.dispose]();
    assert.ok(table.server("a"));
  });

  test("add() refuses a name that is taken, and then adds nothing", () => {
    const table = new EndpointTypes({ clients: [recorded("a").client] });
    const types = { servers: [recorded("b").server], clients: [recorded("a").client] };
    assert.throws(() => table.add(types), /Cannot add endpoint type "a": there is one of that name/);
    assert.throws(() => table.server("b"), EndpointSyntaxError);
    assert.throws(() => table.add({ servers: [recorded("c").server, recorded("c").server] }), TypeError);
  });

  test("a name must be a word in lower case", () => {
    for (const name of ["", "TCP", "a:b", "1a", "a b"]) {
      assert.throws(() => new EndpointTypes({ servers: [recorded(name).server] }), TypeError, name);
    }
  });

  test("a wrapping type gets its inner description parsed, escapes and all, and read by the same table", () => {
    const inner = recorded("inner");
    const wrapper: ServerType = {
      name: "wrapper",
      form: "wrapper:<server description>",
      make: ({ parsed }, types) => types.server(innerEndpoint(parsed) as ParsedEndpoint),
    };
    new EndpointTypes({ servers: [wrapper, inner.server] }).server("wrapper:wrapper:INNER:a\\:b:c=d\\=e");
    assert.deepEqual(inner.made, [
      { description: "inner:a\\:b:c=d\\=e", parsed: { type: "inner", positional: ["a:b"], keywords: { c: "d=e" } } },
    ]);
  });

  test("a type gets the description as it was written, and its own form", () => {
    const { client, made } = recorded("a");
    new EndpointTypes({ clients: [client] }).client("A:\\x");
    assert.deepEqual(made, [{ description: "A:\\x", parsed: { type: "a", positional: ["x"], keywords: {} } }]);
  });
});

interface Recorded {
  readonly server: ServerType;
  readonly client: ClientType;
  readonly made: { readonly description: string; readonly parsed: ParsedEndpoint }[];
}

function recorded(name: string): Recorded {
  const made: Recorded["made"] = [];
  const form = `${name}[:…]`;
  const type = {
    name,
    form,
    make(source: { description: string; form: string; parsed: ParsedEndpoint }): never {
      assert.equal(source.form, form);
      made.push({ description: source.description, parsed: source.parsed });
      return { listen: assert.fail, connect: assert.fail } as unknown as never;
    },
  };
  return { server: type satisfies ServerType as ServerType, client: type satisfies ClientType as ClientType, made };
}
