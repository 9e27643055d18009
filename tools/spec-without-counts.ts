/** Node's `spec` reporter without its closing counts: tools/test.ts prints those of all its runs together. */
import { Readable } from "node:stream";
import { spec } from "node:test/reporters";
import { isCount, type TestEvent } from "./counts.ts";

// biome-ignore lint/style/noDefaultExport: the runner takes a reporter from there
export default async function* specWithoutCounts(source: AsyncIterable<TestEvent>): AsyncGenerator<unknown> {
  yield* Readable.from(withoutCounts(source)).pipe(new spec());
}

async function* withoutCounts(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of source) if (!isCount(event)) yield event;
}
