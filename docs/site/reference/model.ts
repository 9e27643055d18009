/** What typedoc says, as far as the reference shows it. */

/** A subpath of the package ("." is the front door), and its module. */
export interface Subpath {
  readonly subpath: string;
  readonly module: Reflection;
}

export interface Comment {
  readonly summary: readonly CommentPart[];
  readonly blockTags?: readonly { readonly tag: string; readonly content: readonly CommentPart[] }[];
}

export interface CommentPart {
  readonly kind: "text" | "code" | "inline-tag";
  readonly text: string;
  /** Of `{@link …}`: the id of what it names, or an address. */
  readonly target?: number | string;
}

export interface Flags {
  readonly isOptional?: boolean;
  readonly isStatic?: boolean;
  readonly isReadonly?: boolean;
  readonly isAbstract?: boolean;
  readonly isProtected?: boolean;
  readonly isRest?: boolean;
}

/** A module, a name, a member, a signature or a parameter. */
export interface Reflection {
  readonly id: number;
  readonly name: string;
  readonly kind: number;
  readonly flags: Flags;
  readonly comment?: Comment;
  readonly sources?: readonly { readonly fileName: string; readonly line: number }[];
  readonly children?: readonly Reflection[];
  readonly signatures?: readonly Reflection[];
  readonly indexSignatures?: readonly Reflection[];
  readonly getSignature?: Reflection;
  readonly setSignature?: Reflection;
  readonly parameters?: readonly Reflection[];
  readonly typeParameters?: readonly Reflection[];
  readonly type?: Type;
  readonly default?: Type;
  /** Of a parameter that may be left out: what stands for it. */
  readonly defaultValue?: string;
  readonly extendedTypes?: readonly Type[];
  readonly implementedTypes?: readonly Type[];
  readonly inheritedFrom?: { readonly name: string; readonly target?: number };
  /** Of a name that another subpath exports too: the id of the declaration. */
  readonly target?: number;
}

/** One of typedoc's kinds of type; `type` says which, and so which of the fields are there. */
export interface Type {
  readonly type: string;
  readonly name?: string;
  readonly target?: number | object;
  readonly refersToTypeParameter?: boolean;
  readonly typeArguments?: readonly Type[];
  readonly elementType?: Type;
  readonly element?: Type;
  readonly elements?: readonly Type[];
  readonly types?: readonly Type[];
  readonly value?: unknown;
  readonly operator?: string;
  readonly declaration?: Reflection;
  readonly objectType?: Type;
  readonly indexType?: Type;
  readonly queryType?: Type;
  readonly checkType?: Type;
  readonly extendsType?: Type;
  readonly trueType?: Type;
  readonly falseType?: Type;
  readonly constraint?: Type;
  readonly isOptional?: boolean;
  readonly parameter?: string;
  readonly parameterType?: Type;
  readonly templateType?: Type;
  readonly nameType?: Type;
  readonly optionalModifier?: string;
  readonly readonlyModifier?: string;
  readonly asserts?: boolean;
  readonly targetType?: Type | null;
  readonly head?: string;
  readonly tail?: readonly (readonly [Type, string])[];
}

/** typedoc's numbers for what a declaration is. */
export const KIND = {
  module: 2,
  variable: 32,
  function: 64,
  class: 128,
  interface: 256,
  constructor: 512,
  property: 1024,
  method: 2048,
  accessor: 262_144,
  alias: 2_097_152,
  reference: 4_194_304,
} as const;

/** Whether a parameter or a field may be left out. */
export function isOptional({ flags, defaultValue }: Reflection): boolean {
  return flags.isOptional === true || defaultValue !== undefined;
}

/** The text of a comment, as Markdown; links lead to `ref:ID`, which `links` of the page turns into an address. */
export function textOf(parts: readonly CommentPart[]): string {
  return parts
    .map(({ kind, text, target }) => {
      if (kind !== "inline-tag") return text;
      if (typeof target === "number") return `[\`${text}\`](ref:${target})`;
      return typeof target === "string" ? `[${text}](${target})` : `\`${text}\``;
    })
    .join("")
    .trim();
}

/** What stands in the tags of a name: `@throws`, `@example`, `@see`. */
export function tagged(comment: Comment | undefined, tag: string): string[] {
  return (comment?.blockTags ?? []).filter((block) => block.tag === tag).map(({ content }) => textOf(content));
}

/** The comments of a name: its own, or those of its signatures. */
export function commentsOf({ comment, signatures, getSignature }: Reflection): Comment[] {
  const all = [comment, ...(signatures ?? []).map((signature) => signature.comment), getSignature?.comment];
  return all.filter((found) => found !== undefined);
}
