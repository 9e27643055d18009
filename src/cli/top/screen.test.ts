import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Sample } from "../../app/inspect/facts.ts";
import type { Overview } from "../../app/inspect/site/site.ts";
import { LISTS } from "./lists.ts";
import { drawScreen, printout, type ScreenState } from "./screen.ts";
import { keysOf } from "./terminal.ts";
import { lag, percent, size, span, sparkline } from "./words.ts";

describe("the screen of top", () => {
  const SIZES = [
    [80, 24],
    [120, 40],
    [40, 10],
    [20, 4],
    [1, 1],
  ] as const;
  for (const list of LISTS) {
    test(`fits any terminal, showing ${list}`, () => {
      for (const [columns, rows] of SIZES) {
        const { lines } = drawScreen(overview(), state({ list }), { columns, rows }, true);
        assert.equal(lines.length, rows);
        for (const line of lines) assert.ok([...line].length <= columns, line);
      }
    });
  }

  test("shows figures, a picture of the last seconds, and the connections with their protocols", () => {
    const { lines } = drawScreen(overview(), state({}), { columns: 120, rows: 24 }, true);
    const text = lines.join("\n");
    assert.match(text, /shop {2}process 4711 {2}up 1m01s +live/);
    assert.match(text, /cpu 25% {3}loop 20% {3}lag 3\.0ms {3}memory 47\.7M {3}connections 60/);
    assert.match(text, /▇|█/);
    assert.match(text, /10\.0\.0\.1:1000 +127\.0\.0\.1:80 +5s +1\.0K +- +0B {2}tcp > Echo/);
  });

  test("leaves out the own end of a connection where there is no room, and keeps the protocols", () => {
    const { lines } = drawScreen(overview(), state({}), { columns: 80, rows: 24 }, true);
    assert.match(lines.join("\n"), /tcp > Echo/);
    assert.doesNotMatch(lines.join("\n"), /127\.0\.0\.1:80/);
  });

  test("keeps the head of a list while it is scrolled, and scrolls no farther than there is anything", () => {
    const { lines, scroll } = drawScreen(overview(), state({ scroll: 1_000 }), { columns: 120, rows: 20 }, true);
    assert.match(lines[4] ?? "", /^PEER/);
    assert.match(lines.join("\n"), /10\.0\.0\.60:1000/);
    assert.equal(scroll, 60 - (20 - 4 - 1 - 1));
  });

  test("shows the log at its end, and from there up", () => {
    const text = (scroll: number) =>
      drawScreen(overview(), state({ list: "log", scroll }), { columns: 120, rows: 12 }, true).lines.join("\n");
    assert.match(text(0), /line 99/);
    assert.doesNotMatch(text(20), /line 99/);
    assert.match(text(1_000), /line 0/);
  });

  test("lets nothing that a peer or a log says reach the terminal as a command", () => {
    const hostile = "\x1b]0;title\x07\x1b[2Jx\r\ny\u202e";
    const seen = overview();
    const view: Overview = {
      ...seen,
      program: { ...seen.program, name: hostile },
      entries: [{ id: 1, timeMs: 0, level: "error", namespace: hostile, message: hostile, lines: [hostile] }],
      connections: { total: 1, offset: 0, items: [{ ...connection(1), peer: hostile, stack: [hostile] }] },
    };
    for (const list of LISTS) {
      const { lines } = drawScreen(view, state({ list }), { columns: 200, rows: 30 }, true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.doesNotMatch(lines.join(""), /[\x00-\x1f\x7f-\x9f\u202e]/);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    assert.doesNotMatch(printout(view).replaceAll("\n", ""), /[\x00-\x1f\x7f-\x9f\u202e]/);
  });

  test("says that it is paused, and why there is nothing newer", () => {
    const title = (change: Partial<ScreenState>) =>
      drawScreen(overview(), state(change), { columns: 80, rows: 24 }, true).lines[0] ?? "";
    assert.match(title({ isPaused: true }), /paused/);
    assert.match(title({ trouble: "no answer" }), /no answer/);
  });

  test("has colours unless they are not wanted", () => {
    const draw = (isPlain: boolean) =>
      drawScreen(overview(), state({}), { columns: 80, rows: 24 }, isPlain).lines.join("");
    assert.ok(draw(false).includes("\x1b["));
    assert.ok(!draw(true).includes("\x1b["));
  });
});

describe("a printout", () => {
  test("has all lists, cut with a word of what is left", () => {
    const text = printout(overview());
    for (const list of LISTS) assert.match(text, new RegExp(`^${list.toUpperCase()}$`, "m"));
    assert.match(text, /and 21 lines more/);
    assert.match(text, /^running {3}shop {2}\(Application\)$/m);
    assert.match(text, /line 99/);
  });
});

describe("keys", () => {
  const typed: Readonly<Record<string, readonly string[]>> = {
    q1s: ["q", "1", "s"],
    "\x1b[A\x1b[B": ["up", "down"],
    "\x1bOA": ["up"],
    "\x1b[5~\x1b[6~": ["pageup", "pagedown"],
    "\t\x1b[Z": ["tab", "backtab"],
    " \x03\x04": ["space", "q", "q"],
    "\x1b[1;5C\x1b": [],
  };
  for (const [text, keys] of Object.entries(typed)) {
    test(`${JSON.stringify(text)} are ${keys.join(", ") || "none that is known"}`, () => {
      assert.deepEqual(keysOf(text), keys);
    });
  }
});

describe("figures", () => {
  test("are short", () => {
    assert.deepEqual([0, 1_023, 1_024, 204_800, 5e9].map(size), ["0B", "1023B", "1.0K", "200K", "4.7G"]);
    assert.deepEqual([5, 1_500, 61_000, 3_660_000, 90_000_000, -70].map(span), [
      "5ms",
      "1s",
      "1m01s",
      "1h01m",
      "1d01h",
      "70ms late",
    ]);
    assert.deepEqual(
      [size(undefined), span(undefined), percent(0.031), percent(0.5), lag(3), lag(57)],
      ["-", "-", "3.1%", "50%", "3.0ms", "57ms"],
    );
  });

  test("become blocks, the newest at the right, a quiet second low", () => {
    assert.equal(sparkline([0, 5, 10], 5, 10), "  ▁▅█");
    assert.equal(sparkline([1, 1, 1], 2, 10), "▂▂");
  });
});

function state(change: Partial<ScreenState>): ScreenState {
  return { list: "connections", order: "oldest", scroll: 0, isPaused: false, trouble: undefined, ...change };
}

function connection(n: number): Overview["connections"]["items"][number] {
  return {
    peer: `10.0.0.${n}:1000`,
    local: "127.0.0.1:80",
    stack: ["Echo"],
    carrier: "tcp",
    ageMs: 5_000,
    bytesIn: 1_024,
    bytesOut: undefined,
    bufferedBytes: 0,
  };
}

function overview(): Overview {
  const vitals = { uptimeMs: 61_000, cpuMs: 1_000, utilisation: 0.2, lagMeanMs: 1, lagP99Ms: 2, lagMaxMs: 3 };
  const memory = { rssBytes: 50_000_000, heapUsedBytes: 1e7, heapTotalBytes: 2e7, externalBytes: 1e6 };
  const sample: Sample = { atMs: 0, cpu: 0.25, connections: 60, logged: 1, ...vitals, ...memory };
  const counts = { debug: 0, info: 0, warn: 0, error: 3, critical: 0 };
  const origin = { place: "file:///srv/shop/app.js:3:1", stack: ["at x"] };
  return {
    program: { name: "shop", pid: 4711, nowMs: 0, watchedMs: 60_000 },
    counts: { ports: 1, connections: 60, viewers: 1, timers: 2, others: 0 },
    vitals: { ...vitals, ...memory },
    services: { name: "shop", type: "Application", state: "running", error: undefined, hidden: 0, children: [] },
    ports: { total: 1, offset: 0, items: [{ address: "127.0.0.1:80", origin }] },
    connections: { total: 60, offset: 0, items: Array.from({ length: 60 }, (_, n) => connection(n + 1)) },
    timers: {
      total: 2,
      offset: 0,
      items: [
        { dueInMs: 70, origin },
        { dueInMs: undefined, origin: undefined },
      ],
    },
    others: { total: 0, offset: 0, items: [] },
    errors: {
      total: 3,
      recent: [
        {
          level: "error",
          namespace: "shop",
          message: "Cannot write",
          lines: ["Error: full"],
          times: 3,
          firstMs: 0,
          lastMs: 9,
        },
      ],
    },
    log: { levels: { "": "info" }, namespaces: ["shop"], counts },
    samples: [{ ...sample, cpu: 0.1 }, sample],
    entries: Array.from({ length: 100 }, (_, n) => ({
      id: n + 1,
      timeMs: n,
      level: "info",
      namespace: "shop",
      message: `line ${n}`,
      lines: [],
    })),
    lastId: 100,
  };
}
