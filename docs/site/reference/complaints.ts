/** What a name must bring with it to be published: a summary, and an example where there is something to call. */
import type { Exported } from "./catalogue.ts";
import { commentsOf, KIND, tagged, textOf } from "./model.ts";

export function complaintsAbout({ reflection, from }: Exported): string[] {
  const comments = commentsOf(reflection);
  const about = (lacks: string) => [`Cannot publish ${reflection.name} of ${from}: ${lacks}`];
  if (comments.every((comment) => textOf(comment.summary) === "")) return about("its docstring has no summary");
  const isError = (reflection.extendedTypes ?? []).some(({ name = "" }) => /Error$/.test(name));
  const isCalled = reflection.kind === KIND.function || (reflection.kind === KIND.class && !isError);
  if (!isCalled || comments.some((comment) => tagged(comment, "@example").length > 0)) return [];
  return about("its docstring has no @example, and there is something to call");
}
