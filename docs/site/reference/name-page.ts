/** The page of one exported name. */
import { between } from "../content/links.ts";
import { escapeHtml } from "../render/html.ts";
import type { Article } from "../render/layout.ts";
import { codeFigure } from "../render/markdown.ts";
import { type Catalogue, type Exported, memberId, wordOf } from "./catalogue.ts";
import type { Docstrings } from "./docstring.ts";
import { commentsOf, isOptional, KIND, type Reflection, type Type, textOf } from "./model.ts";
import { keyword, type LinkTo, lengthOf, membersHtml, parametersHtml, typeHtml, typeParametersHtml } from "./types.ts";

export function namePage(catalogue: Catalogue, docs: Docstrings, { reflection, from, url }: Exported): Article {
  const { name, kind, signatures, sources, children = [] } = reflection;
  const link: LinkTo = (id) => {
    const to = catalogue.urlOf(id);
    return to === undefined ? undefined : between(url, ...(to.split("#") as [string, string?]));
  };
  const comments = commentsOf(reflection);
  const isType = kind === KIND.interface || kind === KIND.alias;
  // What a class has from one without a page is told here, or nowhere.
  const home = catalogue.urlOf(reflection.id) ?? url;
  const isOwn = ({ id, inheritedFrom }: Reflection) =>
    inheritedFrom === undefined || catalogue.urlOf(id)?.startsWith(`${home}#`) !== false;
  const own = children.filter(isOwn);
  const origin = `${keyword("import")} ${isType ? `${keyword("type")} ` : ""}{ ${name} } ${keyword("from")} <span class="s">"${from}"</span>;`;
  const head =
    signatures === undefined
      ? declared(reflection, docs, link)
      : signatures.map((one) => called(one, docs, link, signatures)).join("");
  const parts = [
    head.replace("<code>", () => `<code>${origin}\n\n`),
    docs.notes(comments, link),
    docs.examples(comments, link),
    signatures === undefined ? "" : parametersOf(catalogue, signatures, docs, link),
    ...GROUPS.map(({ title, kinds }) =>
      group(
        title,
        own.filter((member) => kinds.includes(member.kind)),
        docs,
        link,
      ),
    ),
    inherited(
      children.filter((child) => !isOwn(child)),
      link,
    ),
    `<p class="origin">Source: <code>${escapeHtml(sources?.[0]?.fileName ?? "")}:${sources?.[0]?.line ?? 1}</code></p>`,
  ];
  const members = own.filter(({ kind: of }) => of !== KIND.constructor);
  return {
    url,
    title: name,
    summary: firstSentence(comments[0] === undefined ? "" : textOf(comments[0].summary)),
    lead: "",
    kicker: `${from} · ${wordOf(reflection)}`,
    kickerUrl: url.replace(/[^/]+$/, "index.html"),
    content: parts.join("\n"),
    headings: members.map((member) => ({ level: 2, text: member.name, id: memberId(member) })),
  };
}

/** Plain text up to the first full stop. */
export function firstSentence(markdown: string): string {
  const [paragraph = ""] = markdown.split(/\n\s*\n/);
  const text = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .replace(/\s+/g, " ")
    .trim();
  return /^.*?[.:](?=\s|$)/.exec(text)?.[0]?.replace(/:$/, ".") ?? text;
}

/** A class, an interface, a type or a constant: its head, then what its docstring says. */
function declared(reflection: Reflection, docs: Docstrings, link: LinkTo): string {
  const { name, kind, typeParameters, type, extendedTypes, implementedTypes, comment, flags } = reflection;
  const types = typeParametersHtml(typeParameters, link);
  const list = (word: string, all: readonly Type[] | undefined) =>
    all === undefined ? "" : ` ${keyword(word)} ${all.map((one) => typeHtml(one, link)).join(", ")}`;
  const head = `<span class="f">${escapeHtml(name)}</span>${types}`;
  const text =
    kind === KIND.class
      ? `${flags.isAbstract === true ? `${keyword("abstract")} ` : ""}${keyword("class")} ${head}${list("extends", extendedTypes)}${list("implements", implementedTypes)}`
      : kind === KIND.interface
        ? `${keyword("interface")} ${head}${list("extends", extendedTypes)}`
        : kind === KIND.alias
          ? `${keyword("type")} ${head} = ${aliased(reflection, link)};`
          : `${keyword("const")} ${head}: ${typeHtml(type, link)};`;
  const callable = kind === KIND.interface ? callSignatures(reflection, link) : "";
  return codeFigure(text + callable, "", "code plain") + docs.text(comment, link);
}

/** What an interface is when it is called or indexed stands with its head: it has no name to stand under. */
function callSignatures({ signatures, indexSignatures }: Reflection, link: LinkTo): string {
  if (signatures === undefined && indexSignatures === undefined) return "";
  return ` ${membersHtml({ signatures, indexSignatures } as Reflection, link)}`;
}

function aliased({ type }: Reflection, link: LinkTo): string {
  const line = typeHtml(type, link);
  if (type?.type !== "union" || lengthOf(line) <= ROOM) return line;
  return (type.types ?? []).map((one) => `\n  | ${typeHtml(one, link)}`).join("");
}

/** A way of calling it; of several each says only what the others do not. */
function called(signature: Reflection, docs: Docstrings, link: LinkTo, all: readonly Reflection[]): string {
  const said = textOf(signature.comment?.summary ?? []);
  const isRepeated =
    all.findIndex(({ comment }) => textOf(comment?.summary ?? []) === said) !== all.lastIndexOf(signature) &&
    all.at(-1) !== signature;
  const figure = codeFigure(signatureHtml(signature, link, `${keyword("function")} `), "", "code plain");
  return isRepeated ? figure : figure + docs.text(signature.comment, link);
}

function signatureHtml({ name, typeParameters, parameters, type }: Reflection, link: LinkTo, before = ""): string {
  const types = typeParametersHtml(typeParameters, link);
  const result = typeHtml(type, link);
  const room = ROOM - lengthOf(before) - name.length - lengthOf(types) - lengthOf(result);
  return `${before}<span class="f">${escapeHtml(name)}</span>${types}${parametersHtml(parameters, link, room)}: ${result};`;
}

/** Each parameter with its type, and the fields of the options that it takes. */
function parametersOf(catalogue: Catalogue, signatures: readonly Reflection[], docs: Docstrings, link: LinkTo): string {
  const seen = new Map(
    signatures.flatMap(({ parameters = [] }) => parameters).map((parameter) => [parameter.name, parameter]),
  );
  if (seen.size === 0) return "";
  const items = [...seen.values()].map((parameter) => {
    const fields = optionsOf(catalogue, parameter.type)
      .map((field) => item(field, docs, link))
      .join("");
    return item(parameter, docs, link, fields === "" ? "" : `<ul>${fields}</ul>`);
  });
  return `<h2 id="parameters">Parameters</h2>\n<ul class="fields">${items.join("")}</ul>\n`;
}

function item(reflection: Reflection, docs: Docstrings, link: LinkTo, fields = ""): string {
  const { name, type, comment, signatures } = reflection;
  const [signature] = signatures ?? [];
  const shown =
    signature === undefined
      ? typeHtml(type, link)
      : `${parametersHtml(signature.parameters, link)} =&gt; ${typeHtml(signature.type, link)}`;
  const mark = isOptional(reflection) ? "?" : "";
  const label = name === "__namedParameters" ? "options" : name;
  const about = docs.text(comment ?? signature?.comment, link);
  return `<li><code><b>${escapeHtml(label)}${mark}</b>: ${shown}</code>${about}${fields}</li>`;
}

function optionsOf({ reflectionOf }: Catalogue, type: Type | undefined): readonly Reflection[] {
  if (
    type?.type !== "reference" ||
    typeof type.target !== "number" ||
    !/(Options|Init|Settings|Limits)$/.test(type.name ?? "")
  )
    return [];
  const found = reflectionOf(type.target);
  return found?.kind === KIND.interface ? (found.children ?? []) : [];
}

function group(title: string, members: readonly Reflection[], docs: Docstrings, link: LinkTo): string {
  if (members.length === 0) return "";
  return `<h2 class="group">${title}</h2>\n${members.map((one) => member(one, docs, link)).join("\n")}`;
}

function member(reflection: Reflection, docs: Docstrings, link: LinkTo): string {
  const { name, signatures = [], getSignature, type, flags, kind } = reflection;
  const words = [
    [flags.isStatic, "static"],
    [flags.isProtected, "protected"],
    [flags.isAbstract, "abstract"],
    [flags.isReadonly, "readonly"],
  ] as const;
  const before = words.flatMap(([is, word]) => (is === true ? [`${keyword(word)} `] : [])).join("");
  const lines =
    signatures.length > 0
      ? signatures.map((signature) =>
          signatureHtml(signature, link, kind === KIND.constructor ? `${before}${keyword("new")} ` : before),
        )
      : [
          `${before}${getSignature !== undefined && reflection.setSignature === undefined ? `${keyword("get")} ` : ""}<span class="f">${escapeHtml(name)}</span>${flags.isOptional === true ? "?" : ""}: ${typeHtml(type ?? getSignature?.type, link)};`,
        ];
  const comments = commentsOf(reflection);
  const texts = [...new Set(comments.map((comment) => docs.text(comment, link)))].join("");
  const id = memberId(reflection);
  const heading = `<h3 id="${id}">${escapeHtml(kind === KIND.constructor ? "Constructor" : name)} <a class="anchor" href="#${id}" aria-label="Link to this member">#</a></h3>`;
  return `<section class="member">${heading}\n${codeFigure(lines.join("\n"), "", "code plain")}${texts}${docs.notes(comments, link)}${docs.examples(comments, link)}</section>`;
}

function inherited(members: readonly Reflection[], link: LinkTo): string {
  const names = members.flatMap(({ name, inheritedFrom, kind }) => {
    if (inheritedFrom === undefined || kind === KIND.constructor) return [];
    const href = inheritedFrom.target === undefined ? undefined : link(inheritedFrom.target);
    const title = inheritedFrom.name.split(".")[0] ?? "";
    const text = `<code>${escapeHtml(name)}</code>`;
    return [{ title, text: href === undefined ? text : `<a href="${href}">${text}</a>` }];
  });
  const bases = [...new Set(names.map(({ title }) => title))];
  return bases
    .map((base) => {
      const texts = names.filter(({ title }) => title === base).map(({ text }) => text);
      return `<p class="inherited">Inherited from <code>${escapeHtml(base)}</code>: ${texts.join(", ")}</p>`;
    })
    .join("\n");
}

const ROOM = 76;
const GROUPS = [
  { title: "Making one", kinds: [KIND.constructor] },
  { title: "Properties", kinds: [KIND.property, KIND.accessor] },
  { title: "Methods", kinds: [KIND.method] },
] as readonly { readonly title: string; readonly kinds: readonly number[] }[];
