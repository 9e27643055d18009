/** What happens in a room, for whoever shows it: people at a terminal get `lineOf` it. */

/** One thing that happened. */
export type News =
  | { readonly kind: "came"; readonly name: string }
  | { readonly kind: "left"; readonly name: string }
  | { readonly kind: "said"; readonly name: string; readonly text: string }
  /** Somebody was shown the door. */
  | { readonly kind: "kicked"; readonly name: string; readonly reason: string }
  /** The house says something. */
  | { readonly kind: "announced"; readonly text: string }
  /** What newcomers are greeted with is another text now; empty if they are no longer. */
  | { readonly kind: "banner"; readonly text: string }
  | { readonly kind: "closing" };

/**
 * The same as one line of text.
 *
 * @example
 * ```ts
 * import { lineOf } from "ropewalk/chat";
 *
 * console.log(lineOf({ kind: "said", name: "Ann", text: "hello" })); // <Ann> hello
 * ```
 */
export function lineOf(news: News): string {
  switch (news.kind) {
    case "came":
      return `* ${news.name} came`;
    case "left":
      return `* ${news.name} left`;
    case "said":
      return `<${news.name}> ${news.text}`;
    case "kicked":
      return `* ${news.name} was shown the door${news.reason === "" ? "" : `: ${news.reason}`}`;
    case "announced":
      return `* The house: ${news.text}`;
    case "banner":
      return news.text === ""
        ? "* The banner was taken down"
        : `* The banner now says: ${news.text.replaceAll("\n", " / ")}`;
    case "closing":
      return "* The room closes. Goodbye!";
  }
}

/**
 * Text from outside without what could move a terminal's cursor.
 *
 * @example
 * ```ts
 * import { tidy } from "ropewalk/chat";
 *
 * console.log(tidy(" \u001b[2Jhello ")); // [2Jhello
 * ```
 */
export function tidy(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "").trim();
}
