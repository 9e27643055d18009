import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Coercion, coerce } from "./coerce.ts";

describe("coerce", () => {
  const cases: [string, Coercion<unknown>, [string, unknown][], string[]][] = [
    [
      "port",
      coerce.port,
      [
        ["0", 0],
        ["65535", 65535],
        ["080", 80],
      ],
      ["", "-1", "65536", "1e3", " 80", "0x50", "8.5", "99999999999"],
    ],
    [
      "remotePort",
      coerce.remotePort,
      [
        ["1", 1],
        ["65535", 65535],
      ],
      ["0", "65536", "http"],
    ],
    [
      "count",
      coerce.count(1),
      [
        ["1", 1],
        ["2147483647", 2147483647],
      ],
      ["0", "-1", "many", "2147483648"],
    ],
    [
      "milliseconds",
      coerce.milliseconds,
      [
        ["1", 1],
        ["30000", 30_000],
      ],
      ["0", "30s", "1.5", ""],
    ],
    [
      "octalMode",
      coerce.octalMode,
      [
        ["660", 0o660],
        ["0660", 0o660],
        ["0o660", 0o660],
        ["1777", 0o1777],
      ],
      ["", "888", "rw-", "0x1", "77777"],
    ],
    [
      "boolean",
      coerce.boolean,
      [
        ["1", true],
        ["Yes", true],
        ["true", true],
        ["on", true],
        ["0", false],
        ["no", false],
        ["False", false],
        ["off", false],
      ],
      ["", "2", "maybe"],
    ],
    [
      "oneOf",
      coerce.oneOf("INET", "UNIX"),
      [
        ["INET", "INET"],
        ["unix", "UNIX"],
      ],
      ["", "IPX"],
    ],
    [
      "list",
      coerce.list,
      [
        ["h2", ["h2"]],
        ["h2,http/1.1", ["h2", "http/1.1"]],
      ],
      ["", "h2,", ",h2"],
    ],
    [
      "text",
      coerce.text,
      [
        ["a", "a"],
        [" ", " "],
      ],
      [""],
    ],
  ];
  for (const [name, coerce, accepted, refused] of cases) {
    test(`${name} takes ${accepted.map(([value]) => JSON.stringify(value)).join(" ")}`, () => {
      for (const [value, expected] of accepted) assert.deepEqual(coerce(value), expected);
    });
    test(`${name} refuses ${refused.map((value) => JSON.stringify(value)).join(" ")}`, () => {
      for (const value of refused) assert.throws(() => coerce(value), Error, value);
    });
  }
});
