import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Address } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { Protocol } from "../core/protocol.ts";
import type { Port, ProcessEnvironment, Reactor } from "../core/reactor.ts";
import { endpointTypes } from "./default-types.ts";
import { EndpointError, EndpointSyntaxError } from "./errors.ts";
import { systemdDescriptors } from "./systemd.ts";

const passed = (variables: ProcessEnvironment["variables"]): ProcessEnvironment => ({ pid: 42, variables });

describe("systemdDescriptors", () => {
  test("gives the descriptors from 3 upwards with their names", () => {
    assert.deepEqual(systemdDescriptors(passed({ LISTEN_PID: "42", LISTEN_FDS: "2", LISTEN_FDNAMES: "web:admin" })), [
      { descriptor: 3, name: "web" },
      { descriptor: 4, name: "admin" },
    ]);
  });

  test("names are unknown where they are not given", () => {
    const names = (variables: ProcessEnvironment["variables"]) =>
      systemdDescriptors(passed(variables)).map(({ name }) => name);
    assert.deepEqual(names({ LISTEN_PID: "42", LISTEN_FDS: "2" }), ["unknown", "unknown"]);
    assert.deepEqual(names({ LISTEN_PID: "42", LISTEN_FDS: "2", LISTEN_FDNAMES: "web" }), ["web", "unknown"]);
  });

  test("gives nothing if the descriptors are for another process", () => {
    assert.deepEqual(systemdDescriptors(passed({ LISTEN_PID: "41", LISTEN_FDS: "1" })), []);
  });

  test("gives nothing without the variables, or if they are no numbers", () => {
    for (const [LISTEN_PID, LISTEN_FDS] of [[], ["42"], ["42", "many"], ["forty", "1"], ["42", "-1"], ["", "1"]]) {
      assert.deepEqual(systemdDescriptors(passed({ LISTEN_PID, LISTEN_FDS })), []);
    }
  });
});

describe("systemd:", () => {
  const variables = { LISTEN_PID: "42", LISTEN_FDS: "3", LISTEN_FDNAMES: "web:admin:web" };

  test("index=N takes the socket at that place", () => {
    assert.deepEqual(adopted("systemd:index=1", variables), [4]);
  });

  test("name=S takes the socket of that name", () => {
    assert.deepEqual(adopted("systemd:domain=inet:name=admin", variables), [4]);
  });

  test("a name that several sockets have is an error that asks for the index", () => {
    assert.throws(
      () => adopted("systemd:name=web", variables),
      (error) => {
        assert.ok(error instanceof EndpointError);
        assert.equal(
          error.message,
          'Cannot listen on "systemd:name=web": it matches 2 of them, choose by index; ' +
            'systemd passed this process these sockets: 0 "web", 1 "admin", 2 "web"',
        );
        return true;
      },
    );
  });

  test("a socket that was not passed is an error that lists those that were", () => {
    assert.throws(() => adopted("systemd:index=3", variables), /it matches none; .* 0 "web", 1 "admin", 2 "web"$/);
    assert.throws(
      () => adopted("systemd:index=0", {}),
      /passed this process no socket \(start it from a \.socket unit\)/,
    );
  });

  test("a socket of another domain is stopped and is an error", () => {
    const closed: string[] = [];
    const mistake = /Cannot listen on a socket of systemd as UNIX: it is INET;/;
    assert.throws(() => adopted("systemd:domain=UNIX:index=0", variables, { closed }), mistake);
    assert.deepEqual(closed, ["closed"]);
    const six: Address = { kind: "tcp", host: "::1", port: 80, family: 6 };
    assert.deepEqual(adopted("systemd:domain=INET6:index=0", variables, { address: six }), [3]);
    assert.throws(() => adopted("systemd:domain=INET:index=0", variables, { address: six }), /it is INET6;/);
    const unix: Address = { kind: "unix", path: "/x" };
    assert.deepEqual(adopted("systemd:domain=UNIX:index=0", variables, { address: unix }), [3]);
  });

  test("exactly one of index and name is needed", () => {
    for (const description of ["systemd:domain=INET", "systemd:index=0:name=web"]) {
      assert.throws(
        () => endpointTypes.server(description),
        (error) => {
          assert.ok(error instanceof EndpointSyntaxError);
          assert.match(error.message, /exactly one of the arguments index and name is needed; the form is systemd\[/);
          return true;
        },
      );
    }
  });
});

/** The descriptors that were adopted on the way to a port. */
function adopted(
  description: string,
  variables: ProcessEnvironment["variables"],
  { address = INET, closed = [] as string[] }: { address?: Address; closed?: string[] } = {},
): number[] {
  const descriptors: number[] = [];
  const reactor = {
    environment: passed(variables),
    adoptPort(descriptor: number): Deferred<Port> {
      descriptors.push(descriptor);
      const stopListening = () => {
        closed.push("closed");
        return succeed();
      };
      return succeed({ address, listening: true, stopListening } as unknown as Port);
    },
  } as unknown as Reactor;
  let failure: unknown;
  let port: Port | undefined;
  endpointTypes
    .server(description)
    .listen(reactor, () => new Protocol())
    .addCallbacks(
      (open) => {
        port = open;
      },
      (error) => {
        failure = error;
      },
    );
  if (failure !== undefined) throw failure;
  assert.equal(port?.address, address);
  return descriptors;
}

const INET: Address = { kind: "tcp", host: "127.0.0.1", port: 80, family: 4 };
