import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attributes, html, raw, scriptJson } from "./html.ts";
import { htmlText } from "./render.ts";

const evil = `"'><script>alert(1)</script>&`;
const escaped = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;";

describe("a value in a template", () => {
  it("is escaped in text and in quoted attributes", async () => {
    assert.equal(
      await htmlText(html`<p title="${evil}" class='a ${evil}'>a < b ${evil}`),
      `<p title="${escaped}" class='a ${escaped}'>a < b ${escaped}`,
    );
    assert.equal(
      await htmlText(html`<title>${evil}</title><textarea a=b>${evil}</textarea>${evil}`),
      `<title>${escaped}</title><textarea a=b>${escaped}</textarea>${escaped}`,
    );
  });

  it("cannot be where nothing is safe", () => {
    const x = "x";
    const templates = [
      () => html`<p class=${x}>`,
      () => html`<p class=a${x}>`,
      () => html`<p class= ${x}>`,
      () => html`<${x}>`,
      () => html`<p${x}>`,
      () => html`<p a${x}="b">`,
      () => html`</${x}>`,
      () => html`</p ${x}>`,
      () => html`</p a="${x}">`,
      () => html`<!-- ${x} -->`,
      () => html`<!doctype ${x}>`,
      () => html`<?a ${x}>`,
      () => html`<script>let a = ${x};</script>`,
      () => html`<script>let a = "${x}";</script>`,
      () => html`<script>${x}; b()</script>`,
      () => html`<SCRIPT>a(); ${x}</SCRIPT>`,
      () => html`<style>${x}</style>`,
      () => html`<noscript>${x}</noscript>`,
      () => html`<iframe>${x}</iframe>`,
      () => html`<p style="${x}">`,
      () => html`<p onclick="f(${x})">`,
      () => html`<p ONclick='f("${x}")'>`,
      () => html`<iframe srcdoc="${x}">`,
      () => html`<a href="javascript:f('${x}')">`,
      () => html`<a href="javascript:/*/${x}">`,
      () => html`<a href="${x}:${x}">`,
      () => html`<a href="${x}://rope.example">`,
      () => html`<script></scriptx>${x}</script>`,
      () => html`<script><!-- </script>${x}`,
      () => html`<p`,
      () => html`<p title="`,
      () => html`<script>a()`,
      () => html`<!-- `,
      () => html`a <`,
    ];
    for (const template of templates) assert.throws(template, /^TypeError: Cannot /, String(template));
  });

  it("may be in all of these, which look alike", async () => {
    const x = "x";
    const templates = [
      html`<!-- a > b --><!----><!--> -->${x}`,
      html`<!doctype html>${x}`,
      html`<p a=b>${x}</p >${x}`,
      html`<p a = "${x}" b>${x}`,
      html`<p a="<" b='${x}' c>${x}`,
      html`<br/>${x}<p/a="${x}">`,
      html`<script>"</scriptx>"</script  a>${x}`,
      html`<STYLE>p { }</style
        >${x}`,
      html`<script src="/a.js"></script>${x}`,
      html`<a href="/a/${x}?b=${x}#${x}">`,
      html`<a href="https://rope.example/${x}">`,
      html`<a href="mailto:${x}" title="a:${x}">`,
      html`1 <2 ${x}`,
      html`&lt;${x}`,
    ];
    for (const template of templates) assert.ok((await htmlText(template)).includes("x"));
  });

  it("leads nowhere if it is a link that runs code", async () => {
    for (const url of [
      "javascript:alert(1)",
      " JaVa\tscript:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "\u0001javascript:x",
      ":x",
      "x:y",
    ])
      assert.equal(await htmlText(html`<a href="${url}">`), '<a href="about:invalid">', url);
    for (const url of ["/a?b=c:d", "https://a/", "HTTP://a/", "mailto:a@b", "a/b:c", "?a:b", "#a:b", "", "a"])
      assert.equal(await htmlText(html`<a href="${url}">`), `<a href="${url}">`);
    assert.equal(
      await htmlText(html`<a href="${new URL("https://a/?b&c")}" title="${"javascript:"}">`),
      '<a href="https://a/?b&amp;c" title="javascript:">',
    );
    assert.equal(
      await htmlText(html`<form action='${"javascript:x"}'><a href="${"java"}${"script:x"}">`),
      `<form action='about:invalid'><a href="javaabout:invalid">`,
    );
  });

  it("is JSON in a script of its own, and nothing else there", async () => {
    const script = await htmlText(
      html`<script type="application/json"> ${scriptJson({ a: "</script><!--&\u2028" })} </script>`,
    );
    assert.equal(
      script,
      '<script type="application/json"> {"a":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"} </script>',
    );
    for (const value of ["text", 1, raw("x"), html`x`, {}, attributes({ a: 1 })])
      await assert.rejects(htmlText(html`<script>${value}</script>`), TypeError);
    assert.equal(await htmlText(html`<script>${null}</script>`), "<script></script>");
    await assert.rejects(htmlText(html`<p>${scriptJson(1)}`), TypeError);
    assert.throws(() => scriptJson(undefined), TypeError);
  });

  it("is attributes in a tag, and nothing else there", async () => {
    const all = attributes({
      title: evil,
      href: "javascript:x",
      "data-n": 1,
      checked: true,
      a: false,
      b: null,
      c: undefined,
    });
    assert.equal(
      await htmlText(html`<a ${all} b ${null}>${"x"}`),
      `<a title="${escaped}" href="about:invalid" data-n="1" checked b >x`,
    );
    for (const value of ["a", 1, html`x`, scriptJson(1)]) await assert.rejects(htmlText(html`<a ${value}>`), TypeError);
    for (const name of ["onclick", "style", "srcdoc", "a b", "a>", "", "a=b", '"'])
      assert.throws(() => attributes({ [name]: "x" }), TypeError, name);
  });

  it("may be markup if somebody says so", async () => {
    assert.equal(await htmlText(html`<p title="${raw("&copy;")}">${raw("<b>")}`), '<p title="&copy;"><b>');
  });
});
