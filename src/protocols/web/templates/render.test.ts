import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { Request } from "../message/request.ts";
import { webServer } from "../server/server.ts";
import type { Responder } from "../server/site.ts";
import { Resource } from "../tree/resource.ts";
import { escapeHtml, html } from "./html.ts";
import { htmlResponse, htmlText } from "./render.ts";

/** The parts in which a template is sent. */
function partsOf(template: ReturnType<typeof html>): AsyncIterator<Uint8Array | string> {
  return (htmlResponse(template).takeBody() as AsyncIterable<string>)[Symbol.asyncIterator]();
}

function ask(responder: Responder): MemoryTransport {
  const reactor = new MemoryReactor();
  const transport = new MemoryTransport({ clock: reactor });
  transport.attach(webServer(reactor, responder).buildProtocol(transport.peer) as never);
  transport.remote.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  return transport;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("rendering a template", () => {
  it("puts values where they stand: nested, in lists, absent", async () => {
    const rows = [1, 2n, "c", null, undefined, false, true, [html`<b>${"<"}</b>`], new Set(["s"])];
    assert.equal(await htmlText(html`<p>${rows}</p>${html`${html`x`}`}`), "<p>12ctrue<b>&lt;</b>s</p>x");
  });

  it("refuses what has no meaning as text", async () => {
    for (const value of [{}, () => 1, Symbol("a"), Uint8Array.of(1), Object.create(null)])
      await assert.rejects(htmlText(html`<p>${value}`), /^TypeError: Cannot put .* into text$/);
    await assert.rejects(htmlText(html`<p title="${html`x`}">`), TypeError);
    assert.throws(() => htmlResponse(html`<p>${{}}`), TypeError);
  });

  it("waits for Deferreds, promises and iterables, in order, wherever they are", async () => {
    const deferred = new Deferred<unknown>();
    const promise = new Promise((resolve) => setImmediate(resolve, html`<i>${Promise.resolve("p")}</i>`));
    async function* items(): AsyncGenerator<unknown> {
      yield "1";
      yield [html`<b>${Promise.resolve(2)}</b>`];
      yield null;
    }
    const text = htmlText(
      html`a${deferred}b${[promise, Promise.resolve("q")]}c${items()}d<a title="${Promise.resolve('"')}">`,
    );
    setTimeout(() => deferred.callback("D"), 5);
    assert.equal(await text, 'aDb<i>p</i>qc1<b>2</b>d<a title="&quot;">');
  });

  it("goes deep without a deep stack", async () => {
    let template = html`x`;
    for (let depth = 0; depth < 50_000; depth++) template = html`${template}`;
    assert.equal(await htmlText(template), "x");
  });

  it("escapes text so that nothing of it is markup, and everything comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const markup = escapeHtml(text);
        assert.doesNotMatch(markup, /[<>"']/);
        const back = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" } as Record<string, string>;
        assert.equal(
          markup.replace(/&[^;]*;/g, (reference) => back[reference] as string),
          text,
        );
      }),
    );
  });

  it("gives what a promise fails with, and no other failure goes unheard", async () => {
    const later = Promise.reject(new Error("second"));
    const first = new Promise((_, reject) => setImmediate(reject, new Error("first")));
    await assert.rejects(htmlText(html`${first}${later}${[html`${Promise.reject(new Error("third"))}`]}`), /first/);
    await turns();
  });
});

describe("a page as an answer", () => {
  it("is whole if it waits for nothing", async () => {
    const transport = ask(() => htmlResponse(html`<p>${"hello"}`, { status: 201 }));
    assert.match(
      transport.text(),
      /^HTTP\/1\.1 201 Created\r\nContent-Type: text\/html;charset=UTF-8\r\n[\s\S]*Content-Length: 8\r\n[\s\S]*\r\n\r\n<p>hello$/,
    );
  });

  it("keeps a type of its own", () => {
    const headers = { "content-type": "application/xhtml+xml" };
    assert.equal(htmlResponse(html`x`, { headers }).headers.get("content-type"), "application/xhtml+xml");
  });

  it("is sent as far as it is ready", async () => {
    const deferred = new Deferred<string>();
    const parts = partsOf(html`<p>before${deferred}after`);
    assert.equal((await parts.next()).value, "<p>before");
    const next = parts.next();
    deferred.callback("<");
    assert.equal((await next).value, "&lt;after");
    assert.equal((await parts.next()).done, true);
  });

  it("is made as the client takes it", async () => {
    let made = 0;
    function* rows(): Generator<unknown> {
      for (; made < 100; made++) yield html`<li>${"x".repeat(100_000)}</li>`;
    }
    const parts = partsOf(html`<ul>${rows()}</ul>`);
    assert.ok(made < 20, String(made));
    await parts.next();
    await parts.next();
    assert.ok(made < 20, String(made));
  });

  it("is broken off if it fails after its beginning has left", async () => {
    const deferred = new Deferred<string>();
    const transport = ask(() => htmlResponse(html`<p>before${deferred}`));
    await turns();
    assert.match(transport.text(), /<p>before\r\n$/);
    deferred.errback(new Error("no more knots"));
    await turns();
    assert.ok(transport.remote.sawReset);
    assert.doesNotMatch(transport.text(), /knots|\r\n0\r\n/);
  });

  it("cancels its Deferreds and ends its iterables when the client goes", async () => {
    const seen: string[] = [];
    const first = new Deferred<string>(() => seen.push("first"));
    const second = new Deferred<string>(() => seen.push("second"));
    const source = {
      [Symbol.asyncIterator]: () => source,
      next: () => new Promise<never>(() => {}),
      return: () => Promise.resolve({ done: true as const, value: seen.push("iterable") }),
    };
    for (const value of [[first, html`${second}`], source]) {
      const transport = ask(() => htmlResponse(html`<p>${value}`));
      await turns();
      transport.remote.reset();
      await turns();
    }
    assert.deepEqual(seen, ["first", "second", "iterable"]);
  });

  it("may come from a resource as it is", async () => {
    const root = new Resource();
    root.get = () => html`<p>${Promise.resolve("hello")}`;
    const response = await root.fetch(new Request("http://a/"));
    assert.deepEqual(
      [response.headers.get("content-type"), await response.text()],
      ["text/html;charset=UTF-8", "<p>hello"],
    );
  });
});
