/** The bench's own arithmetic, and that a short run of it really serves, checks and reports. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { execPath } from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseArguments } from "../bench/arguments.ts";
import { catalogue, contenders } from "../bench/catalogue.ts";
import { type Figure, rotated, spread, toFigure } from "../bench/figure.ts";
import { judge, promised } from "../bench/goals.ts";
import { cpuUs, rssBytes } from "../bench/measure.ts";
import { Program } from "../bench/program.ts";
import { significant, toJson, whole } from "../bench/report.ts";
import { toMarkdown } from "../bench/results.ts";

const parse = (...words: string[]) => parseArguments(words, ["tcp-echo", "timers"], ["ropewalk", "node-net"]);

describe("the command line of the bench", () => {
  test("without words means all benches, measured in full and saved", () => {
    const options = parse();
    assert.deepEqual(options.benches, ["tcp-echo", "timers"]);
    assert.equal(options.json, false);
    assert.equal(options.save, true);
    assert.equal(options.rounds, 7);
  });

  test("saves nothing that is not a full run for people to read", () => {
    for (const word of ["tcp-echo", "--json", "--quick", "--no-save", "--servers=ropewalk"])
      assert.equal(parse(word).save, false, word);
    assert.equal(parse("--seconds", "2", "--rounds", "5").save, true);
  });

  test("takes seconds and rounds over what --quick says", () => {
    const options = parse("--quick", "--seconds", "0.5");
    assert.equal(options.seconds, 0.5);
    assert.equal(options.rounds, 1);
  });

  test("names the wrong word and shows the accepted ones", () => {
    assert.throws(() => parse("tcp-ecko"), /Cannot find bench "tcp-ecko": use any of tcp-echo, timers/);
    assert.throws(() => parse("--servers", "ropewalk,nod"), /Cannot find server "nod": use any of ropewalk, node-net/);
    assert.throws(() => parse("--rounds", "many"), /Cannot use --rounds "many": give a number from 1 to 99/);
    assert.throws(() => parse("--seconds", "0"), /Cannot use --seconds "0"/);
  });
});

describe("figures", () => {
  test("are the median with the least and the greatest", () => {
    assert.deepEqual(spread([5, 1, 3]), { median: 3, min: 1, max: 5 });
    assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
    assert.throws(() => spread([]), RangeError);
  });

  test("divide CPU time and wall time by the operations of each round", () => {
    const samples = [
      { ops: 10, seconds: 2, cpuUs: 100, rssBytes: 1 << 20 },
      { ops: 10, seconds: 1, cpuUs: 300, rssBytes: 3 << 20 },
    ];
    assert.deepEqual(toFigure("b", "l", "s", samples), {
      bench: "b",
      load: "l",
      server: "s",
      cpuUsPerOp: { median: 20, min: 10, max: 30 },
      opsPerSec: { median: 7.5, min: 5, max: 10 },
      rssMiB: { median: 2, min: 1, max: 3 },
    });
  });

  test("take turns at going first", () => {
    assert.deepEqual(rotated(["a", "b", "c"], 4), ["b", "c", "a"]);
    assert.deepEqual(rotated([], 4), []);
  });

  test("become one JSON object of medians, with memory per connection only where some are held", () => {
    assert.deepEqual(JSON.parse(toJson(figure("tcp-echo", "ping-pong", "ropewalk", 9.25))), {
      bench: "tcp-echo",
      load: "ping-pong",
      server: "ropewalk",
      cpuUsPerOp: 9.25,
      opsPerSec: 1,
      rssMiB: 1,
    });
    const held = { ...figure("tcp-idle", "l", "s", 1), bytesPerConnection: { median: 3_100, min: 0, max: 0 } };
    assert.equal(JSON.parse(toJson(held)).bytesPerConnection, 3_100);
    assert.equal(toJson(held).includes("\n"), false);
  });

  test("are shown with three digits", () => {
    assert.deepEqual([0.03333, 9.256, 12_345.6].map(significant), ["0.0333", "9.26", "12 346"]);
    assert.equal(whole(1_234_567), "1 234 567");
  });
});

describe("goals", () => {
  const goal = { what: "echo", bench: "tcp-echo", load: "ping-pong", over: "node-net", atLeast: 1.15 };
  const figures = (ours: number) => [
    figure("tcp-echo", "ping-pong", "ropewalk", ours),
    figure("tcp-echo", "ping-pong", "node-net", 11.5),
  ];

  test("are met when the peer's cost over ours reaches them", () => {
    assert.equal(judge(figures(10), [goal])[0]?.met, true);
    assert.equal(judge(figures(10.1), [goal])[0]?.met, false);
  });

  test("are never met by what was not measured", () => {
    const [verdict] = judge(figures(10).slice(1), [goal]);
    assert.equal(verdict?.value, undefined);
    assert.equal(verdict?.met, false);
  });

  test("of a single figure are in nanoseconds or bytes", () => {
    const timer = { what: "timer", bench: "timers", load: "l", unit: "ns", atMost: 50 } as const;
    const [verdict] = judge([figure("timers", "l", "ropewalk", 0.04)], [timer]);
    assert.deepEqual([verdict?.value, verdict?.met], [40, true]);
  });

  test("name benches, loads and peers that exist", () => {
    for (const { bench, load, over } of promised) {
      const loads = catalogue[bench]?.loads.map((each) => each.name) ?? [];
      assert.ok(loads.includes(load), `${bench}, ${load}`);
      assert.ok(over === undefined || contenders.includes(over), over);
    }
  });

  test("stand in the results page beside the command and the machine", () => {
    const page = toMarkdown(figures(10), ["--rounds", "5"], "a machine");
    assert.match(page, /`npm run bench -- --rounds 5` on a machine/);
    assert.match(page, /\| echo: node-net ÷ ropewalk \| 1.15 \| ≥ 1.15 \| met \|/);
    assert.match(page, /\| echo: twisted ÷ ropewalk \| – \| ≥ 1.8 \| not measured \|/);
    assert.match(page, /\| tcp-echo \| ping-pong \| node-net \| 11.5 \(11.5–11.5\) \| 1 \| 1 \| {2}\|/);
  });
});

describe("measuring", () => {
  test("sees the CPU time and the memory of a process", async () => {
    const script =
      'process.stdin.once("data", () => { while (process.cpuUsage().user < 5e4); console.log("worked"); })';
    const program = new Program([execPath, "-e", script]);
    try {
      const before = cpuUs(program.pid);
      program.say("work");
      assert.equal(await program.nextLine(10_000), "worked");
      assert.ok(cpuUs(program.pid) > before);
      assert.ok(rssBytes(program.pid) > 1 << 20);
    } finally {
      await program.end();
    }
  });

  test("says which program ended or could not be started", async () => {
    const program = new Program([execPath, "-e", ""]);
    await assert.rejects(program.nextLine(10_000), /node.*ended where a line was due/);
    await program.end();
    assert.throws(() => new Program(["no-such-program"]), /Cannot start "no-such-program"/);
  });
});

test("a quick run serves, compares every byte and prints one JSON object a line", () => {
  const words = ["tcp-echo", "tcp-lines", "socks", "haproxy", "--json", "--quick", "--servers=ropewalk,node-net"];
  const { stdout, stderr, status } = spawnSync(execPath, [bench, ...words], { encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, stderr);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const seen = lines.map((line) => [line.bench, line.load, line.server].join(", "));
  assert.deepEqual(seen, [
    "tcp-echo, ping-pong, ropewalk",
    "tcp-echo, ping-pong, node-net",
    "tcp-echo, 16 pipelined, ropewalk",
    "tcp-echo, 16 pipelined, node-net",
    "tcp-lines, 16 pipelined, ropewalk",
    "tcp-lines, 16 pipelined, node-net",
    "socks, relay, ping-pong, ropewalk",
    "socks, relay, 16 pipelined, ropewalk",
    "haproxy, header, echo, close, ropewalk",
    "haproxy, header, echo behind it, close, ropewalk",
  ]);
  for (const line of lines)
    for (const field of ["cpuUsPerOp", "opsPerSec", "rssMiB"]) assert.ok(line[field] > 0, JSON.stringify(line));
});

function figure(bench: string, load: string, server: string, cpuUsPerOp: number): Figure {
  const one = { median: 1, min: 1, max: 1 };
  const cpu = { median: cpuUsPerOp, min: cpuUsPerOp, max: cpuUsPerOp };
  return { bench, load, server, cpuUsPerOp: cpu, opsPerSec: one, rssMiB: one };
}

const bench = fileURLToPath(new URL("../bench/main.js", import.meta.url));
