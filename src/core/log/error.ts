import { escapeControls } from "./format.ts";
import { showValue } from "./value.ts";

/**
 * What was thrown, as lines for a log: name and message, the stack's frames, then causes and gathered errors. What a peer
 * put into a message cannot pass for a line of its own. Never throws.
 */
export function describeError(error: unknown): string[] {
  const lines: string[] = [];
  describe(error, "", "", lines, []);
  return lines;
}

function describe(error: unknown, indent: string, label: string, lines: string[], seen: readonly unknown[]): void {
  if (seen.includes(error) || seen.length >= DEPTH_LIMIT) {
    lines.push(`${indent}${label}${escapeControls(showValue(error))} (not shown again)`);
    return;
  }
  lines.push(`${indent}${label}${escapeControls(showValue(error))}`);
  const { frames, cause, gathered } = partsOf(error);
  for (const frame of frames) lines.push(`${indent}    ${escapeControls(frame)}`);
  const around = [...seen, error];
  if (cause !== undefined) describe(cause, indent, "caused by: ", lines, around);
  for (const one of gathered) describe(one, `${indent}  `, "- ", lines, around);
}

interface ErrorParts {
  readonly frames: readonly string[];
  readonly cause: unknown;
  readonly gathered: readonly unknown[];
}

function partsOf(error: unknown): ErrorParts {
  try {
    if (!(error instanceof Error)) return NO_PARTS;
    const { errors } = error as { errors?: unknown };
    return {
      frames: framesOf(error),
      cause: error.cause,
      gathered: Array.isArray(errors) ? errors.slice(0, GATHERED_LIMIT).filter((one) => one instanceof Error) : [],
    };
  } catch {
    return NO_PARTS;
  }
}

/** A stack begins with the name and the message as they were when it was made; only what follows them is frames. */
function framesOf(error: Error): string[] {
  const stack = String(error.stack ?? "");
  const at = stack.indexOf(error.message);
  const rest = at < 0 ? stack : stack.slice(at + error.message.length);
  return rest
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
}

const NO_PARTS: ErrorParts = { frames: [], cause: undefined, gathered: [] };
const DEPTH_LIMIT = 8;
const GATHERED_LIMIT = 20;
