import { Deferred, deferLater } from "ropewalk";
import { Clock, visualize } from "ropewalk/testing";

/** A link answers a Deferred: the links after it wait for its result. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const name = new Deferred<string>();
  const drawn = visualize(name, { title: "A chain that waits for another Deferred", clock });
  name
    .addCallback(function trim(text) {
      return text.trim();
    })
    .addCallback(function askDatabase(key) {
      return deferLater(clock, 250, () => ({ name: key, age: 36 }));
    })
    .addCallback(function readAge(row) {
      return row.age;
    });
  name.callback(" ada ");
  clock.advance(250);
  return drawn.svg();
}
