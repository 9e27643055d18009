import type { ChainStory, End, LinkStory, Wait } from "./record.ts";

/** The story of a chain in words, a line for each part. */
export function describeChain({ unseen, start, links, end }: ChainStory): string[] {
  const before = unseen === 0 ? [] : [`links added before: ${unseen}`];
  const began = start === undefined ? [] : [start.text];
  return [...before, ...began, ...links.map(describeLink), endText(end)];
}

/** What the end of a chain says. */
export function endText(end: End): string {
  switch (end.state) {
    case "unfired":
      return "not fired yet";
    case "waiting":
      return "still waits";
    case "paused":
      return "paused";
    case "taken":
      return "handed over to whoever waits for it";
    case "value":
      return `ends with ${end.text}`;
    case "error":
      return `ends in an error that nobody took: ${end.text}`;
  }
}

/** What is said at a chain's stop. */
export function waitText({ what, ms, isCancelled }: Wait): string {
  return `waits for a ${what}${ms === undefined ? "" : `, ${ms} ms`}${isCancelled ? ", cancel()" : ""}`;
}

function describeLink(link: LinkStory, at: number): string {
  const names = link.isBoth ? [link.onValue] : [link.onValue, link.onError];
  const name = names.filter((each) => each !== undefined).join(" / ");
  return `${at + 1}. ${link.kind}${name === "" ? "" : ` ${name}`}: ${fateOf(link)}`;
}

function fateOf({ input, hasRun, wait, output }: LinkStory): string {
  if (input === undefined) return "not reached";
  if (!hasRun) return "passed by";
  const ran = `ran with ${input.text}`;
  if (wait !== undefined) return `${ran}, ${waitText(wait)}${output === undefined ? "" : `, got ${output.text}`}`;
  if (output === undefined) return ran;
  return `${ran}, ${output.failed ? "threw" : "returned"} ${output.text}`;
}
