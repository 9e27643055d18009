// @ts-check
/** What happens in the room, as an item of a log. */
import { element, nameTag, timeTag } from "./dom.js";

/**
 * @typedef {{ kind: "came" | "left", name: string }
 *   | { kind: "said", name: string, text: string }
 *   | { kind: "kicked", name: string, reason: string }
 *   | { kind: "announced", text: string }
 *   | { kind: "banner", text: string }
 *   | { kind: "closing" }} News
 */

/**
 * @param {News} news
 * @param {number} atMs
 * @param {string} [ownName] whoever looks at it
 */
export function newsItem(news, atMs, ownName) {
  if (news.kind !== "said") return element("div", { class: `note ${news.kind}` }, ...noteOf(news), " ", timeTag(atMs));
  const isOwn = news.name === ownName;
  return element(
    "div",
    { class: isOwn ? "said own" : "said" },
    element("p", { class: "from" }, nameTag(news.name), isOwn ? " (you) " : " ", timeTag(atMs)),
    element("p", { class: "text", dir: "auto" }, news.text),
  );
}

/**
 * @param {Exclude<News, { kind: "said" }>} news
 * @returns {(Node | string)[]}
 */
function noteOf(news) {
  switch (news.kind) {
    case "came":
      return [nameTag(news.name), " came"];
    case "left":
      return [nameTag(news.name), " left"];
    case "kicked":
      return [nameTag(news.name), " was shown the door", ...(news.reason === "" ? [] : [": ", isolated(news.reason)])];
    case "announced":
      return [element("strong", {}, "The house: "), isolated(news.text)];
    case "banner":
      return [news.text === "" ? "The banner was taken down" : "There is a new banner"];
    case "closing":
      return ["The room closes. Goodbye!"];
  }
}

/** @param {string} text */
function isolated(text) {
  return element("bdi", {}, text);
}
