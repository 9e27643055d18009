import assert from "node:assert/strict";

/** Fails unless the text is one well-formed SVG with a title and a description that its `aria-labelledby` names. */
export function assertPicture(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(TAG, (_tag, end: string, name: string, attributes: string, empty: string) => {
    const names = [...attributes.matchAll(ATTRIBUTE)].map(([, each]) => each);
    assert.equal(new Set(names).size, names.length, `<${name}> has an attribute twice`);
    assert.equal(attributes.replace(ATTRIBUTE, "").trim(), "", `<${name}> has strange attributes`);
    if (end === "/") assert.equal(open.pop(), name);
    else if (empty !== "/") open.push(name);
    return "";
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]|&(?!#\d+;)/);
  const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);
  assert.equal(new Set(ids).size, ids.length);
  const [, labels] = /^<svg [^>]*role="(?:img|group)" aria-labelledby="([^"]+)"/.exec(svg) ?? [];
  assert.ok(labels !== undefined, "it is labelled");
  for (const [at, id] of labels.split(" ").entries()) {
    assert.match(svg, new RegExp(`<${at === 0 ? "title" : "desc"} id="${id}">[^<]+<`));
  }
  assert.doesNotMatch(svg, / on\w+=|<script|<style|href="(?!#)|NaN|undefined"|Infinity/);
}

const TAG = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:-]+="[^"<>]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /([a-zA-Z:-]+)="[^"]*"/g;
