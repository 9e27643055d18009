import { Deferred } from "ropewalk";
import { Clock, visualize } from "ropewalk/testing";

/** The chain waits for its second download when nobody wants the page any more: that download is cancelled. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const index = new Deferred<string>();
  const second = new Deferred<string>(() => {});
  const drawn = visualize(index, { title: "Cancelling a chain that waits", clock });
  const page = index
    .addCallback(function download() {
      return second;
    })
    .addCallback(function read(text) {
      return text.length;
    })
    .addErrback((e: Error) => e.name);
  index.callback("page two");
  clock.advance(80);
  page.cancel();
  return drawn.svg();
}
