import { Deferred } from "ropewalk";
import { Clock, visualize } from "ropewalk/testing";

/** A link answers a Deferred: the links after it wait for its result. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const [name, age] = [new Deferred<string>(), new Deferred<number>()];
  const drawn = visualize(name, { title: "A chain that waits for another one", clock });
  name
    .addCallback(function askForAge(who) {
      return age.addCallback((years) => `${who} is ${years}`);
    })
    .addCallback(function print(text) {
      return text.length;
    });
  name.callback("Ann");
  clock.advance(250);
  age.callback(42);
  return drawn.svg();
}
