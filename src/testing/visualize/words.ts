import { messageOf, readPart, showValue, UNREADABLE } from "../../core/log/value.ts";
import { shorten } from "../../sim/diagram/text.ts";
import { showText } from "../../sim/trace/show-bytes.ts";

/** A value in a few words: strings in quotes, errors with their name. Never throws, and never runs long. */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return shorten(showText(JSON.stringify(value.slice(0, VALUE_CELLS * 2))), VALUE_CELLS);
  const shown = value instanceof Error ? `${classOf(value)}: ${messageOf(value)}` : showValue(value);
  return shorten(showText(shown.slice(0, VALUE_CELLS * 2)), VALUE_CELLS);
}

/** A function's name; the beginning of its source if it has none; undefined for what is no function. */
export function shownFunction(step: unknown): string | undefined {
  if (typeof step !== "function") return undefined;
  const { name } = step;
  if (typeof name === "string" && name !== "") return shorten(showText(name), NAME_CELLS);
  const source = sourceOf(step);
  return shorten(showText(source.slice(0, NAME_CELLS * 2)), NAME_CELLS);
}

/** An error's class says more than its name, which may be there for others: a CancelledError's is AbortError. */
function classOf(error: Error): unknown {
  const made = readPart(error, "constructor");
  const name = typeof made === "function" ? made.name : "";
  return name === "" ? readPart(error, "name") : name;
}

function sourceOf(step: object): string {
  try {
    return Function.prototype.toString
      .call(step)
      .replace(/\s+/g, " ")
      .replace(/\( /g, "(")
      .replace(/ ([),])/g, "$1");
  } catch {
    return UNREADABLE;
  }
}

const VALUE_CELLS = 34;
const NAME_CELLS = 28;
