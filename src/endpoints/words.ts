/**
 * The words of a command, quoted as in a POSIX shell: blanks separate; `'…'` is taken as it is; in `"…"` a `\` escapes
 * `"` and `\`; elsewhere it escapes any character. There are no variables, globs, pipes or redirections.
 *
 * @throws Error if a quotation is not closed, or a `\` is the last character.
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let rest = command;
  while (rest !== "") {
    const piece = PIECE.exec(rest);
    if (piece === null) {
      const what = rest.startsWith("\\") ? "a \\ at its end escapes nothing" : `a quotation is not closed: ${rest}`;
      throw new Error(what);
    }
    rest = rest.slice(piece[0].length);
    const { single, double, escaped, plain } = piece.groups as Record<string, string | undefined>;
    const part = single ?? double?.replace(/\\(["\\])/g, "$1") ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? "") + part;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** One quotation, escape, run of plain characters, or (no group) run of blanks. */
const PIECE = /^(?:'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\\(?<escaped>[\s\S])|(?<plain>[^\s'"\\]+)|\s+)/;
