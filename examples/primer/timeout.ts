/** A time limit cancels. The clock is a reactor, or moves when it is told. */
import { Deferred } from "ropewalk";
import { Clock } from "ropewalk/testing";

const clock = new Clock();

function ask(who: string): Deferred<string> {
  const answer = new Deferred<string>(() => console.log(`${who}: asked no longer`));
  answer.addTimeout(5_000, clock).addCallbacks(
    (text) => console.log(`${who}: ${text}`),
    (error: Error) => console.log(`${who}: ${error.name} at ${clock.now()} ms`),
  );
  return answer;
}

const ann = ask("Ann");
ask("Bob");

clock.advance(1_000);
ann.callback("here I am");
clock.advance(60_000);
console.log(`${clock.getDelayedCalls().length} timers are left`);
