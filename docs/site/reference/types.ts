/** Types as HTML, each name in them a link where the reference has a page for it. */
import { escapeHtml } from "../render/html.ts";
import { isOptional, type Reflection, type Type } from "./model.ts";

/** The address of the page of a declaration, as the page at hand links to it; undefined where it has none. */
export type LinkTo = (id: number) => string | undefined;

export function typeHtml(type: Type | undefined, link: LinkTo): string {
  if (type === undefined) return "unknown";
  return (WRITERS[type.type] ?? unknown)(type, link);
}

/** `<T extends X = Y>`, or nothing. */
export function typeParametersHtml(parameters: readonly Reflection[] | undefined, link: LinkTo): string {
  if (parameters === undefined || parameters.length === 0) return "";
  const texts = parameters.map(({ name, type, default: otherwise }) => {
    const bound = type === undefined ? "" : ` ${keyword("extends")} ${typeHtml(type, link)}`;
    return name + bound + (otherwise === undefined ? "" : ` = ${typeHtml(otherwise, link)}`);
  });
  return `&lt;${texts.join(", ")}&gt;`;
}

/** `(a: A, b?: B)`, over several lines where one would be too long. */
export function parametersHtml(parameters: readonly Reflection[] | undefined, link: LinkTo, room = Infinity): string {
  const texts = (parameters ?? []).map((parameter) => {
    const { name, type, flags } = parameter;
    const before = flags.isRest === true ? "..." : "";
    const shown = name === "__namedParameters" ? "options" : name;
    return `${before}${escapeHtml(shown)}${isOptional(parameter) ? "?" : ""}: ${typeHtml(type, link)}`;
  });
  const line = `(${texts.join(", ")})`;
  return lengthOf(line) <= room ? line : `(\n${texts.map((text) => `  ${text},\n`).join("")})`;
}

/** The members of an object type, one after the other, or a line each where they would not fit. */
export function membersHtml({ children, signatures, indexSignatures }: Reflection, link: LinkTo): string {
  const members = [
    ...(signatures ?? []).map(
      (signature) => `${parametersHtml(signature.parameters, link)}: ${typeHtml(signature.type, link)}`,
    ),
    ...(indexSignatures ?? []).map(
      ({ parameters, type }) => `[${parametersHtml(parameters, link).slice(1, -1)}]: ${typeHtml(type, link)}`,
    ),
    ...(children ?? []).map((child) => memberHtml(child, link)),
  ];
  if (members.length === 0) return "{}";
  const line = `{ ${members.join("; ")} }`;
  return lengthOf(line) <= MEMBERS_ROOM
    ? line
    : `{\n${members.map((member) => `  ${member.replaceAll("\n", "\n  ")};\n`).join("")}}`;
}

export function keyword(text: string): string {
  return `<span class="k">${text}</span>`;
}

/** How long a piece of HTML is when somebody reads it. */
export function lengthOf(html: string): number {
  return html.replace(/<[^>]*>/g, "").replace(/&\w+;/g, "x").length;
}

function memberHtml({ name, flags, type, signatures }: Reflection, link: LinkTo): string {
  const mark = flags.isOptional === true ? "?" : "";
  const [signature] = signatures ?? [];
  if (signature !== undefined) {
    return `${escapeHtml(name)}${mark}${parametersHtml(signature.parameters, link)}: ${typeHtml(signature.type, link)}`;
  }
  const readonly = flags.isReadonly === true ? `${keyword("readonly")} ` : "";
  return `${readonly}${escapeHtml(name)}${mark}: ${typeHtml(type, link)}`;
}

type Writer = (type: Type, link: LinkTo) => string;

function reference({ name = "", target, typeArguments, refersToTypeParameter }: Type, link: LinkTo): string {
  const href = typeof target === "number" && refersToTypeParameter !== true ? link(target) : undefined;
  const text = href === undefined ? escapeHtml(name) : `<a href="${href}">${escapeHtml(name)}</a>`;
  if (typeArguments === undefined || typeArguments.length === 0) return text;
  return `${text}&lt;${typeArguments.map((argument) => typeHtml(argument, link)).join(", ")}&gt;`;
}

function reflection({ declaration }: Type, link: LinkTo): string {
  if (declaration === undefined) return "{}";
  const [signature, ...others] = declaration.signatures ?? [];
  if (signature === undefined || others.length > 0 || (declaration.children ?? []).length > 0)
    return membersHtml(declaration, link);
  const types = typeParametersHtml(signature.typeParameters, link);
  const isConstructor = signature.kind === CONSTRUCTOR_SIGNATURE;
  return `${isConstructor ? `${keyword("new")} ` : ""}${types}${parametersHtml(signature.parameters, link)} =&gt; ${typeHtml(signature.type, link)}`;
}

/** In the place of a part of another type: a union or a function there needs parentheses. */
function part(type: Type | undefined, link: LinkTo): string {
  const isLoose =
    type !== undefined &&
    (LOOSE.has(type.type) || (type.type === "reflection" && type.declaration?.signatures !== undefined));
  return isLoose ? `(${typeHtml(type, link)})` : typeHtml(type, link);
}

function literal({ value }: Type): string {
  if (typeof value === "string") return `<span class="s">${escapeHtml(JSON.stringify(value))}</span>`;
  return `<span class="n">${escapeHtml(String(value))}</span>`;
}

function mapped(
  { parameter = "K", parameterType, templateType, optionalModifier, readonlyModifier, nameType }: Type,
  link: LinkTo,
): string {
  const as = nameType === undefined ? "" : ` ${keyword("as")} ${typeHtml(nameType, link)}`;
  const before = readonlyModifier === undefined ? "" : `${readonlyModifier === "-" ? "-" : ""}${keyword("readonly")} `;
  const after = optionalModifier === undefined ? "" : `${optionalModifier === "-" ? "-" : ""}?`;
  return `{ ${before}[${parameter} ${keyword("in")} ${typeHtml(parameterType, link)}${as}]${after}: ${typeHtml(templateType, link)} }`;
}

function conditional({ checkType, extendsType, trueType, falseType }: Type, link: LinkTo): string {
  const question = `${typeHtml(checkType, link)} ${keyword("extends")} ${part(extendsType, link)}`;
  return `${question} ? ${typeHtml(trueType, link)} : ${typeHtml(falseType, link)}`;
}

function predicate({ name = "", asserts, targetType }: Type, link: LinkTo): string {
  const is = targetType === undefined || targetType === null ? "" : ` ${keyword("is")} ${typeHtml(targetType, link)}`;
  return `${asserts === true ? `${keyword("asserts")} ` : ""}${escapeHtml(name)}${is}`;
}

function unknown({ name = "unknown" }: Type): string {
  return escapeHtml(name);
}

const CONSTRUCTOR_SIGNATURE = 16_384;
const MEMBERS_ROOM = 60;
const LOOSE = new Set(["union", "intersection", "conditional", "typeOperator", "inferred"]);
const WRITERS: Readonly<Record<string, Writer>> = {
  intrinsic: unknown,
  unknown,
  reference,
  reflection,
  literal,
  mapped,
  conditional,
  predicate,
  array: ({ elementType }, link) => `${part(elementType, link)}[]`,
  union: ({ types = [] }, link) =>
    types.map((type) => (type.type === "union" ? typeHtml(type, link) : functionPart(type, link))).join(" | "),
  intersection: ({ types = [] }, link) => types.map((type) => part(type, link)).join(" &amp; "),
  typeOperator: ({ operator = "", target }, link) => `${keyword(operator)} ${part(target as Type, link)}`,
  indexedAccess: ({ objectType, indexType }, link) => `${part(objectType, link)}[${typeHtml(indexType, link)}]`,
  tuple: ({ elements = [] }, link) => `[${elements.map((element) => typeHtml(element, link)).join(", ")}]`,
  namedTupleMember: ({ name = "", isOptional: mayMiss, element }, link) =>
    `${escapeHtml(name)}${mayMiss === true ? "?" : ""}: ${typeHtml(element, link)}`,
  optional: ({ elementType }, link) => `${part(elementType, link)}?`,
  rest: ({ elementType }, link) => `...${part(elementType, link)}`,
  query: ({ queryType }, link) => `${keyword("typeof")} ${typeHtml(queryType, link)}`,
  inferred: ({ name = "", constraint }, link) =>
    `${keyword("infer")} ${name}${constraint === undefined ? "" : ` ${keyword("extends")} ${typeHtml(constraint, link)}`}`,
  templateLiteral: ({ head = "", tail = [] }, link) =>
    `<span class="s">\`${escapeHtml(head)}</span>${tail.map(([type, text]) => `\${${typeHtml(type, link)}}<span class="s">${escapeHtml(text)}</span>`).join("")}<span class="s">\`</span>`,
};

/** In a union only a function needs parentheses. */
function functionPart(type: Type, link: LinkTo): string {
  const isFunction = type.type === "reflection" && type.declaration?.signatures !== undefined;
  return isFunction ? `(${typeHtml(type, link)})` : typeHtml(type, link);
}
