import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../testing/index.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { type ProxyHeaderSettings, type ReadProxyHeader, readProxyHeader } from "./codec.ts";
import { crc32c } from "./crc32c.ts";
import { encodeProxyHeader, type ProxyHeaderOptions } from "./encode.ts";
import { LocalProxyHeaderError, RemoteProxyHeaderError } from "./errors.ts";
import type { ProxiedAddress, ProxyHeader } from "./events.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";

describe("version 1", () => {
  for (const [name, line, source, destination] of [
    ["TCP4", "PROXY TCP4 192.0.2.1 192.0.2.2 50000 80", tcp("192.0.2.1", 50_000), tcp("192.0.2.2", 80)],
    [
      "the longest TCP4",
      "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535",
      tcp("255.255.255.255", 65_535),
      tcp("255.255.255.255", 65_535),
    ],
    [
      "the longest TCP6",
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
      tcp("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535),
      tcp("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535),
    ],
    [
      "TCP6, written otherwise than it is read",
      "PROXY TCP6 2001:DB8:0::1 ::1 0 1",
      tcp("2001:db8::1", 0),
      tcp("::1", 1),
    ],
    ["an IPv4 address among IPv6 ones", "PROXY TCP6 ::ffff:192.0.2.1 ::1 7 1", tcp("192.0.2.1", 7), tcp("::1", 1)],
    ["UNKNOWN", "PROXY UNKNOWN", undefined, undefined],
    ["UNKNOWN with whatever follows it", "PROXY UNKNOWN anything at all", undefined, undefined],
    [
      "the longest UNKNOWN",
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
      undefined,
      undefined,
    ],
  ] as const) {
    test(`reads ${name}`, () => {
      const { header, rest } = read(`${line}\r\nrest\r\n`);
      assert.deepEqual([header?.version, header?.source, header?.destination], [1, source, destination]);
      assert.equal(rest, "rest\r\n");
    });
  }

  for (const [line, problem] of [
    ["GET / HTTP/1.1", /byte 0 is 0x47/],
    ["PRI * HTTP/2.0", /byte 2 is 0x49/],
    ["proxy TCP4 192.0.2.1 192.0.2.2 50000 80", /byte 0 is 0x70/],
    ["PROXY  TCP4 192.0.2.1 192.0.2.2 50000 80", /cannot read its line/],
    ["PROXY TCP4  192.0.2.1 192.0.2.2 50000 80", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 50000 80 ", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 50000", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 50000 080", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 50000 65536", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 -1 80", /cannot read its line/],
    ["PROXY TCP4 192.0.2.01 192.0.2.2 50000 80", /cannot read its line/],
    ["PROXY TCP4 ::1 ::1 50000 80", /cannot read its line/],
    ["PROXY TCP6 192.0.2.1 192.0.2.2 50000 80", /cannot read its line/],
    ["PROXY TCP6 ::g ::1 50000 80", /cannot read its line/],
    ["PROXY UDP4 192.0.2.1 192.0.2.2 50000 80", /cannot read its line/],
    ["PROXY UNKNOWNS", /cannot read its line/],
    ["PROXY ", /cannot read its line/],
    ["PROXY TCP4 192.0.2.1\n192.0.2.2 50000 80", /cannot read its line/],
    [`PROXY UNKNOWN ${"x".repeat(92)}`, /no end within 107 bytes/],
  ] as const) {
    test(`refuses ${JSON.stringify(line)}`, () => {
      assert.match(read(`${line}\r\n`).problem ?? "", problem);
    });
  }

  test("refuses a line as soon as it cannot end in time", () => {
    assert.equal(read(`PROXY UNKNOWN ${"x".repeat(92)}`).problem, undefined);
    assert.match(read(`PROXY UNKNOWN ${"x".repeat(93)}`).problem ?? "", /no end within 107 bytes/);
  });

  test("waits for the rest", () => {
    for (const part of ["P", "PROXY", "PROXY ", "PROXY TCP4 192.0.2.1 192.0.2.2 50000 80", "PROXY UNKNOWN\r"]) {
      assert.deepEqual(read(part), { header: undefined, rest: undefined, problem: undefined });
    }
  });
});

describe("version 2", () => {
  for (const [name, hex, expected] of [
    ["TCP over IPv4", "2111000cc0000201c0000202c3500050", [tcp("192.0.2.1", 50_000), tcp("192.0.2.2", 80), false]],
    ["UDP over IPv4", "2112000cc0000201c0000202c3500050", [udp("192.0.2.1", 50_000), udp("192.0.2.2", 80), true]],
    [
      "TCP over IPv6",
      `21210024${"0".repeat(31)}1${"0".repeat(31)}2c3500050`,
      [tcp("::1", 50_000), tcp("::2", 80), false],
    ],
    [
      "UDP over IPv6",
      `21220024${"0".repeat(31)}1${"0".repeat(31)}2c3500050`,
      [udp("::1", 50_000), udp("::2", 80), true],
    ],
    [
      "an IPv4 address among IPv6 ones",
      `21210024${"0".repeat(20)}ffffc0000201${"0".repeat(31)}2c3500050`,
      [tcp("192.0.2.1", 50_000), tcp("::2", 80), false],
    ],
    ["UNIX streams", `213100d8${field("2f61")}${field("2f7573")}`, [unix("/a"), unix("/us"), false]],
    ["UNIX datagrams", `213200d8${field("2f61")}${field("")}`, [unix("/a"), unix(""), true]],
    ["abstract names", `213100d8${field("006162")}${field("")}`, [unix("\0ab"), unix(""), false]],
    ["the longest path", `213100d8${"61".repeat(108)}${field("")}`, [unix("a".repeat(108)), unix(""), false]],
    ["no addresses", "21000000", [undefined, undefined, false]],
  ] as const) {
    test(`reads ${name}`, () => {
      const { header, rest } = read(bytesOf(`${SIGNATURE}${hex}72657374`));
      assert.deepEqual([header?.source, header?.destination, header?.datagrams], expected);
      assert.deepEqual([header?.version, header?.command, rest], [2, "PROXY", "rest"]);
    });
  }

  test("passes over all that LOCAL brings, its family included", () => {
    for (const block of ["20000000", "2011000cc0000201c0000202c3500050", "20ff000301ffff"]) {
      const { header, rest } = read(bytesOf(`${SIGNATURE}${block}7265`));
      assert.deepEqual([header?.command, header?.source, header?.tlvs, rest], ["LOCAL", undefined, [], "re"]);
    }
  });

  for (const [name, hex, problem] of [
    ["another signature", "0d0a0d0a000d0a515549540b", /byte 11 is 0x0b/],
    ["version 1 in the signature of 2", `${SIGNATURE}11`, /it is of version 1/],
    ["version 3", `${SIGNATURE}31`, /it is of version 3/],
    ["an unknown command", `${SIGNATURE}22`, /its command is 2/],
    ["an unknown family", `${SIGNATURE}2141`, /its family is 0x41/],
    ["an unknown transport", `${SIGNATURE}2113`, /its family is 0x13/],
    ["a transport without a family", `${SIGNATURE}2101`, /its family is 0x01/],
    ["addresses that are cut off", `${SIGNATURE}2111000b`, /27 bytes are too few/],
    ["more than is allowed", `${SIGNATURE}21110ff1`, /it has 4097 bytes, 4096 are allowed/],
    ["LOCAL with more than is allowed", `${SIGNATURE}2000ffff`, /it has 65551 bytes, 4096 are allowed/],
    ["a path that is not UTF-8", `${SIGNATURE}213100d8${field("2fff")}${field("")}`, /a path in it is not UTF-8/],
    ["an extension without its length", `${SIGNATURE}210000020100`, /its last extension is cut off/],
    ["an extension that is cut off", `${SIGNATURE}2100000401000261`, /extension 0x1 is longer than the header/],
    ["a checksum of three bytes", `${SIGNATURE}21000006030003aabbcc`, /3 bytes instead of 4/],
    ["a wrong checksum", `${SIGNATURE}21000007030004aabbccdd`, /its checksum says 0xaabbccdd, its bytes come to 0x/],
    ["two checksums", `${SIGNATURE}2100000e030004aabbccdd030004aabbccdd`, /two checksums/],
    ["a unique id of 129 bytes", `${SIGNATURE}21000084050081${"00".repeat(129)}`, /129 bytes, 128 are the most/],
    ["a TLS extension of four bytes", `${SIGNATURE}2100000720000400000000`, /4 bytes, 5 are the least/],
    ["a TLS extension with a part too long", `${SIGNATURE}2100000b2000080000000000210002`, /longer than the header/],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.match(read(bytesOf(hex)).problem ?? "", problem);
    });
  }

  test("needs no more than the first sixteen bytes to refuse a length", () => {
    const bytes = bytesOf(`${SIGNATURE}2111ffff`);
    assert.throws(() => readProxyHeader(bytes), /65551 bytes/);
    assert.equal(readProxyHeader(bytes, { maxHeaderBytes: 65_551 }), undefined);
  });

  test("is refused where only version 1 is accepted, and the other way round", () => {
    assert.match(read(bytesOf(`${SIGNATURE}20000000`), { versions: [1] }).problem ?? "", /version 2 is not accepted/);
    assert.match(read("PROXY UNKNOWN\r\n", { versions: [2] }).problem ?? "", /version 1 is not accepted/);
  });
});

describe("extensions", () => {
  test("come in their order, without padding", () => {
    const { header } = read(bytesOf(`${SIGNATURE}21000011ea000161040002ffff0100026832ea0000`));
    assert.deepEqual(
      header?.tlvs.map(({ type, value }) => [type, Buffer.from(value).toString("latin1")]),
      [
        [0xea, "a"],
        [1, "h2"],
        [0xea, ""],
      ],
    );
  });

  test("that are registered are facts", () => {
    const ssl = [
      7,
      0,
      0,
      0,
      0,
      ...tlv(0x21, "TLSv1.3"),
      ...tlv(0x22, "ann"),
      ...tlv(0x23, "AES"),
      ...tlv(0x25, "EC256"),
    ];
    const tlvs = [
      { type: 1, value: latin1("h2") },
      { type: 2, value: latin1("example.org") },
      { type: 2, value: latin1("second.example") },
      { type: 5, value: latin1("id") },
      { type: 0x20, value: Uint8Array.from(ssl) },
      { type: 0x30, value: latin1("blue") },
    ];
    const facts = read(encodeProxyHeader({ version: 2, tlvs, crc32c: true })).header?.facts;
    assert.deepEqual(facts, {
      alpn: "h2",
      authority: "example.org",
      uniqueId: latin1("id"),
      ssl: {
        secured: true,
        certificateOnConnection: true,
        certificateInSession: true,
        verified: true,
        version: "TLSv1.3",
        commonName: "ann",
        cipher: "AES",
        keyAlgorithm: "EC256",
      },
      networkNamespace: "blue",
    });
  });

  test("a client without a certificate is not verified, whatever the number says", () => {
    for (const [client, verify] of [
      [1, 0],
      [3, 1],
    ] as const) {
      const value = Uint8Array.of(client, 0, 0, 0, verify);
      const { header } = read(encodeProxyHeader({ version: 2, tlvs: [{ type: 0x20, value }] }));
      assert.equal(header?.facts.ssl?.verified, false);
    }
  });

  test("CRC32c is that of RFC 3720", () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a91_36aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43);
    assert.equal(crc32c(latin1("123456789")), 0xe306_9283);
  });

  test("a checksum tells of any flipped bit in addresses, extensions and itself", () => {
    const tlvs = [{ type: 0xea, value: latin1("abc") }];
    const ends = { source: tcp("192.0.2.1", 1), destination: tcp("::1", 2) };
    const bytes = encodeProxyHeader({ version: 2, ...ends, tlvs, crc32c: true });
    assert.ok(read(bytes).header);
    const ownTypeAt = bytes.length - 7;
    for (let bit = 8 * 16; bit < 8 * bytes.length; bit++) {
      // A checksum that has become something else is none.
      if (bit >> 3 === ownTypeAt) continue;
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.throws(() => readProxyHeader(flipped), RemoteProxyHeaderError);
    }
  });
});

describe("encodeProxyHeader", () => {
  test("makes what is read back, in either version", () => {
    fc.assert(
      fc.property(OPTIONS, (options) => {
        const { header, rest } = read(encodeProxyHeader(options));
        assert.equal(rest, "");
        const isKnown = options.command === "PROXY" && isSayable(options);
        assert.deepEqual(header, {
          version: options.version,
          command: options.version === 1 ? "PROXY" : options.command,
          source: isKnown ? options.source : undefined,
          destination: isKnown ? options.destination : undefined,
          datagrams:
            isKnown && (options.source.kind === "udp" || (options.source.kind === "unix" && options.datagrams)),
          tlvs: options.version === 2 && options.command === "PROXY" ? options.tlvs : [],
          facts: {},
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test("makes both ends unknown where one cannot be said", () => {
    const source = { kind: "stdio" } as const;
    assert.equal(latin1Of(encodeProxyHeader({ source, destination: tcp("::1", 1) })), "PROXY UNKNOWN\r\n");
    assert.equal(encodeProxyHeader({ version: 2, source, destination: tcp("::1", 1) }).length, 16);
  });

  test("takes the zone off an address", () => {
    const header = encodeProxyHeader({ source: tcp("fe80::1%eth0", 1), destination: tcp("::1", 2) });
    assert.equal(latin1Of(header), "PROXY TCP6 fe80::1 ::1 1 2\r\n");
  });

  for (const [name, options, problem] of [
    ["extensions in version 1", { tlvs: [{ type: 1, value: latin1("h2") }] }, /version 1 has no extensions/],
    ["a checksum in version 1", { crc32c: true }, /version 1 has no extensions/],
    ["a path of 109 bytes", { version: 2, source: unix("a".repeat(109)), destination: unix("") }, /109 bytes, 108/],
    ["a name for an address", { source: tcp("localhost", 1), destination: tcp("::1", 1) }, /"localhost" is no IP/],
    ["64 KiB", { version: 2, tlvs: [{ type: 1, value: new Uint8Array(65_533) }] }, /65536 bytes, 65535 is the most/],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => encodeProxyHeader(options),
        (error) => error instanceof LocalProxyHeaderError && problem.test(error.message),
      );
    });
  }
});

/** What comes of some bytes, however they are cut. */
function read(bytes: Uint8Array | string, settings?: ProxyHeaderSettings): Outcome {
  const data = typeof bytes === "string" ? latin1(bytes) : bytes;
  return feedThreeWays(() => new Reader(settings), data, outcomeOf, { randomRuns: 5 });
}

interface Outcome {
  readonly header: ProxyHeader | undefined;
  readonly rest: string | undefined;
  readonly problem: string | undefined;
}

class Reader {
  readonly kept: GrowingBytes = new GrowingBytes();
  readonly settings: ProxyHeaderSettings | undefined;
  found: ReadProxyHeader | undefined;
  problem: string | undefined;

  constructor(settings: ProxyHeaderSettings | undefined) {
    this.settings = settings;
  }

  receive(data: Uint8Array): void {
    if (this.problem !== undefined) return;
    this.kept.append(data, 0, data.length);
    try {
      this.found ??= readProxyHeader(this.kept.bytes.subarray(0, this.kept.length), this.settings);
    } catch (error) {
      assert.ok(error instanceof RemoteProxyHeaderError);
      this.problem = error.problem;
    }
  }
}

function outcomeOf({ found, kept, problem }: Reader): Outcome {
  const rest = found && latin1Of(kept.bytes.subarray(found.length, kept.length));
  return { header: found?.header, rest, problem };
}

function tcp(host: string, port: number): ProxiedAddress {
  return { kind: "tcp", host, port, family: host.includes(":") ? 6 : 4 };
}

function udp(host: string, port: number): ProxiedAddress {
  return { kind: "udp", host, port, family: host.includes(":") ? 6 : 4 };
}

function unix(path: string): ProxiedAddress {
  return { kind: "unix", path };
}

/** The hex of a path in its field. */
function field(hex: string): string {
  return hex.padEnd(216, "0");
}

function tlv(type: number, text: string): number[] {
  return [type, 0, text.length, ...latin1(text)];
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function isSayable({ version, source, destination }: ProxyHeaderOptions): boolean {
  return source?.kind === destination?.kind && (version === 2 || source?.kind === "tcp");
}

const HOST = fc.oneof(fc.constantFrom("::1", "::", "2001:db8::8:800:200c:417a", "fe80::1"), fc.ipV4());
const PORT = fc.nat(65_535);
const ADDRESS = fc.oneof(
  fc.tuple(HOST, PORT).map(([host, port]) => tcp(host, port)),
  fc.tuple(HOST, PORT).map(([host, port]) => udp(host, port)),
  fc.constantFrom("", "/run/x.sock", "\0abstract", "/é").map(unix),
);
const TLV = fc
  .tuple(fc.constantFrom(0xe0, 0xea, 0xef), fc.uint8Array({ maxLength: 40 }))
  .map(([type, value]) => ({ type, value }));
const OPTIONS = fc
  .record({
    version: fc.constantFrom(1 as const, 2 as const),
    command: fc.constantFrom("PROXY" as const, "LOCAL" as const),
    source: ADDRESS,
    destination: ADDRESS,
    datagrams: fc.boolean(),
    tlvs: fc.array(TLV, { maxLength: 3 }),
    crc32c: fc.boolean(),
  })
  .map((options) => (options.version === 2 ? options : { ...options, tlvs: [], crc32c: false }));
