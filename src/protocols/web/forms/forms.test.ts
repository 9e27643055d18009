import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cutUp } from "../../../testing/index.ts";
import type { Parts } from "../message/body.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { formParts, readForm, safeName } from "./forms.ts";
import type { SomeFormLimits } from "./limits.ts";

const TYPE = "multipart/form-data; boundary=knot";

function post(body: Parts | string | Uint8Array | URLSearchParams | FormData, type?: string): Request {
  return new Request("http://a/", {
    method: "POST",
    body,
    headers: type === undefined ? {} : { "Content-Type": type },
  });
}

function part(disposition: string, content: string, more = ""): string {
  return `--knot\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
}

const FORM = `${part('name="a"', "1")}${part('name="f"; filename="x.txt"', "file\r\n--kno\r\nt", "Content-Type: text/plain\r\n")}${part('name="a"', "2")}--knot--\r\n`;

async function* pieces(data: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* data;
}

/** All of a form, as plain values. */
async function read(request: Request, limits?: SomeFormLimits): Promise<unknown> {
  const { fields, files } = await readForm(request, limits);
  return {
    fields: [...fields],
    files: files.map(({ name, filename, type, bytes }) => [name, filename, type, Buffer.from(bytes).toString()]),
  };
}

async function refused(reading: Promise<unknown>, status: number, message: RegExp): Promise<void> {
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(error.status, status);
    assert.match(error.message, message);
    return true;
  });
}

describe("reading a form", () => {
  it("takes fields that are urlencoded", async () => {
    const text = "a=1&b=%C3%A4+%26&a=2&=&c";
    const expected = {
      fields: [
        ["a", "1"],
        ["b", "ä &"],
        ["a", "2"],
        ["", ""],
        ["c", ""],
      ],
      files: [],
    };
    assert.deepEqual(await read(post(text, "application/x-www-form-urlencoded")), expected);
    assert.deepEqual(
      await read(
        post(pieces([...text].map((each) => Buffer.from(each))), "Application/X-WWW-Form-urlencoded; charset=utf-8"),
      ),
      expected,
    );
    assert.deepEqual(await read(post(new URLSearchParams("x=y"))), { fields: [["x", "y"]], files: [] });
    assert.deepEqual(await read(post("", "application/x-www-form-urlencoded")), { fields: [], files: [] });
  });

  it("takes fields and files of a multipart form, however it is cut", async () => {
    const expected = {
      fields: [
        ["a", "1"],
        ["a", "2"],
      ],
      files: [["f", "x.txt", "text/plain", "file\r\n--kno\r\nt"]],
    };
    for (const splits of ["whole", "bytes", { seed: 1 }, { seed: 2, maxBytes: 60 }] as const)
      assert.deepEqual(await read(post(pieces(cutUp(Buffer.from(FORM), splits)), TYPE)), expected);
    assert.deepEqual(await read(post(FORM, TYPE)), expected);
  });

  it("reads what the platform writes", async () => {
    const names = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
      .filter((name) => !/[\\/\r\n]|^\.\.?$|%22/.test(name));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(names, fc.uint8Array({ maxLength: 200 }), fc.boolean()), { maxLength: 5 }),
        async (items) => {
          const form = new FormData();
          for (const [name, bytes, isFile] of items) {
            if (isFile) form.append(name, new Blob([bytes]), name);
            else form.append(name, name);
          }
          const { fields, files } = await readForm(post(form));
          const sent = items.filter(([, , isFile]) => isFile);
          assert.deepEqual(
            [...fields.values()],
            items.filter(([, , isFile]) => !isFile).map(([name]) => name),
          );
          assert.deepEqual(
            files.map(({ filename }) => filename),
            sent.map(([name]) => name),
          );
          assert.deepEqual(
            files.map(({ bytes }) => [...bytes]),
            sent.map(([, bytes]) => [...bytes]),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("reads quotes in names as browsers write them", async () => {
    const form = new FormData();
    form.append('a "b"', new Blob(["x"]), 'c "d".txt');
    assert.deepEqual(await read(post(form)), {
      fields: [],
      files: [['a "b"', 'c "d".txt', "application/octet-stream", "x"]],
    });
  });

  it("takes no file for one where none was chosen, and an empty one for one", async () => {
    const none = part('name="f"; filename=""', "", "Content-Type: application/octet-stream\r\n");
    const empty = part('name="g"; filename="empty"', "");
    assert.deepEqual(await read(post(`${none}${empty}--knot--\r\n`, TYPE)), {
      fields: [],
      files: [["g", "empty", "text/plain", ""]],
    });
  });

  it("refuses what is no form, or has no boundary, or breaks off", async () => {
    await refused(readForm(post("a=b")), 415, /"text\/plain/);
    await refused(readForm(new Request("http://a/")), 415, /""/);
    await refused(readForm(post(FORM, "multipart/form-data; charset=utf-8")), 400, /oundary/);
    for (const end of [0, 10, 60, 75, 130, 170, FORM.length - 12])
      await refused(readForm(post(FORM.slice(0, end), TYPE)), 400, /Unexpected end|terminated early/);
    await refused(readForm(post(`${part("", "1")}--knot--\r\n`, TYPE)), 400, /no name/);
  });

  it("refuses what is over a limit, and takes what is as large", async () => {
    const cases: readonly (readonly [SomeFormLimits, SomeFormLimits, RegExp])[] = [
      [{ maxParts: 3 }, { maxParts: 2 }, /2 parts/],
      [{ maxFields: 2 }, { maxFields: 1 }, /1 fields/],
      [{ maxFiles: 1 }, { maxFiles: 0 }, /0 files/],
      [{ maxFieldBytes: 1 }, { maxFieldBytes: 0 }, /field has more than 0 bytes/],
      [{ maxFileBytes: 14 }, { maxFileBytes: 13 }, /file has more than 13 bytes/],
      [{ maxKeptBytes: 18 }, { maxKeptBytes: 17 }, /more than 17 bytes/],
    ];
    for (const [enough, tooFew, message] of cases) {
      await read(post(FORM, TYPE), enough);
      await refused(readForm(post(FORM, TYPE), tooFew), 413, message);
      await refused(readForm(post(pieces(cutUp(Buffer.from(FORM), "bytes")), TYPE), tooFew), 413, message);
    }
    const urlencoded = () => post("a=12&b=3", "application/x-www-form-urlencoded");
    await read(urlencoded(), { maxFields: 2, maxFieldBytes: 2, maxKeptBytes: 8 });
    await refused(readForm(urlencoded(), { maxFields: 1 }), 413, /1 fields/);
    await refused(readForm(urlencoded(), { maxFieldBytes: 1 }), 413, /field/);
    await refused(readForm(urlencoded(), { maxKeptBytes: 7 }), 413, /7 bytes/);
    await assert.rejects(readForm(urlencoded(), { maxFields: -1 }), RangeError);
  });

  it("fails with what the body fails with", async () => {
    async function* failing(): AsyncGenerator<string> {
      yield FORM.slice(0, 150);
      throw new Error("the client is gone");
    }
    await assert.rejects(readForm(post(failing(), TYPE)), /the client is gone/);
  });
});

describe("a form part by part", () => {
  it("lets the client wait while nobody reads a file", async () => {
    let sent = 0;
    async function* body(): AsyncGenerator<string> {
      yield `--knot\r\nContent-Disposition: form-data; name="f"; filename="big"\r\n\r\n`;
      for (; sent < 1_000; sent++) yield "x".repeat(10_000);
      yield "\r\n--knot--\r\n";
    }
    const parts = formParts(post(body(), TYPE));
    const { value: file } = await parts.next();
    assert.ok(file?.kind === "file");
    await turns();
    assert.ok(sent < 50, String(sent));
    let bytes = 0;
    for await (const data of file) bytes += data.length;
    assert.equal(bytes, 10_000_000);
    assert.equal((await parts.next()).done, true);
  });

  it("does not read on before the parts that it has were taken", async () => {
    let sent = 0;
    async function* body(): AsyncGenerator<string> {
      for (; sent < 100; sent++) yield part('name="a"', "1");
      yield "--knot--\r\n";
    }
    const parts = formParts(post(body(), TYPE));
    await parts.next();
    await turns();
    assert.ok(sent < 5, String(sent));
  });

  it("passes a file over that nobody reads, or not to its end", async () => {
    const file = (name: string) => part(`name="${name}"; filename="${name}"`, "x".repeat(300_000));
    const body = pieces(cutUp(Buffer.from(`${file("a")}${file("b")}${part('name="c"', "1")}--knot--\r\n`), [10_000]));
    const seen: string[] = [];
    for await (const each of formParts(post(body, TYPE))) {
      seen.push(each.name);
      if (each.name === "b" && each.kind === "file") for await (const _ of each) break;
    }
    assert.deepEqual(seen, ["a", "b", "c"]);
  });

  it("gives a file up that is asked for too late", async () => {
    const body = pieces([
      part('name="a"; filename="a"', "x").slice(0, -3),
      "x\r\n",
      part('name="b"', "1"),
      "--knot--\r\n",
    ]);
    const parts = formParts(post(body, TYPE));
    const { value: file } = await parts.next();
    await parts.next();
    assert.ok(file?.kind === "file");
    await assert.rejects(file.read(), /gone on to its next part/);
  });

  it("gives the rest up when the loop ends", async () => {
    let isGivenUp = false;
    async function* body(): AsyncGenerator<string> {
      try {
        for (let count = 0; count < 1_000; count++) yield part('name="a"', "1");
      } finally {
        isGivenUp = true;
      }
    }
    for await (const _ of formParts(post(body(), TYPE))) break;
    await turns();
    assert.ok(isGivenUp);
  });
});

describe("a safe name", () => {
  it("is what it was if it was safe", () => {
    for (const name of ["knots.txt", "größe 1.tar.gz", "結び目", "a-b_c(1).png"]) assert.equal(safeName(name), name);
  });

  it("has nothing that leads elsewhere, or looks like something else", () => {
    const names = {
      "../../etc/passwd": "passwd",
      "C:\\a\\b.exe": "b.exe",
      ".htaccess": "htaccess",
      "a\0.php": "a.php",
      "..": "file",
      "": "file",
      nul: "_nul",
      "LPT1.txt": "_LPT1.txt",
      "a\u202egpj.exe": "agpj.exe",
      "a. .": "a",
      '<"a">': "a",
      "/": "file",
    };
    for (const [name, safe] of Object.entries(names)) assert.equal(safeName(name), safe, name);
  });

  it("is found at once, however long the name is", () => {
    assert.equal(safeName(`a${".".repeat(3_000_000)}x`), "a");
  });

  it("is short, and safe when it is made safe again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const safe = safeName(name);
        assert.ok(Buffer.byteLength(safe) <= 200 && safe !== "" && !/[/\\\0]|^\./.test(safe));
        assert.equal(safeName(safe), safe);
      }),
    );
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
