import { CancelledError, Deferred } from "ropewalk";
import { visualize } from "ropewalk/testing";

/** Nobody wants the result any more: the chain gets a CancelledError. */
export default async function picture(): Promise<string> {
  const page = new Deferred<string>(function hangUp() {});
  const drawn = visualize(page, { title: "A Deferred is cancelled" });
  page
    .addCallback(function show(text) {
      return text;
    })
    .addErrback(function forget(error) {
      if (!(error instanceof CancelledError)) throw error;
      return "not wanted";
    });
  page.cancel();
  return drawn.svg();
}
