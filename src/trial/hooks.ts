import * as runner from "node:test";

/** Registers something to be done before or after the tests of a group; what it returns is awaited. */
export type Hook = (step: () => unknown) => void;

/** Node's own: before all tests of the group. What it makes is no test's, and nobody looks for it. */
export const before: Hook = (step) => runner.before(async () => void (await step()));

/** Node's own: after all tests of the group. */
export const after: Hook = (step) => runner.after(async () => void (await step()));

/** Node's own: before each test of the group, and outside of it. `TestCase.setUp` is inside. */
export const beforeEach: Hook = (step) => runner.beforeEach(async () => void (await step()));

/** Node's own: after each test of the group, when what it left has been looked for. */
export const afterEach: Hook = (step) => runner.afterEach(async () => void (await step()));
