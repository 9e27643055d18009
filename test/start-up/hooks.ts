/** Loader hooks that write down what is imported: one URL a line, in the file named by the environment. */
import { appendFileSync } from "node:fs";
import type { LoadHook } from "node:module";
import { env } from "node:process";

export const load: LoadHook = (url, context, next) => {
  appendFileSync(env["ROPEWALK_TEST_IMPORTS"] ?? "", `${url}\n`);
  return next(url, context);
};
