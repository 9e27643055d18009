export { checked } from "./checked.ts";
export { type ReactorChoice, SkippedTest, TrialContext } from "./context.ts";
export {
  DirtyReactorError,
  type Leftover,
  LoggedErrorsError,
  type LoggedFault,
  TestFailures,
  TestTimeoutError,
} from "./errors.ts";
export { after, afterEach, before, beforeEach, type Hook } from "./hooks.ts";
export type { ErrorType } from "./results.ts";
export type { TrialBody, TrialOptions } from "./run-trial.ts";
export {
  describe,
  describe as suite,
  type RegisterTest,
  type SuiteOptions,
  type TestOptions,
  test,
  test as it,
} from "./test.ts";
export { TestCase, testCase } from "./test-case.ts";
