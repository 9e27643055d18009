/** Asks one question, prints the answer and ends: `node build/examples/line-client.js tcp:localhost:8000 hello`. */
import { connect, Deadline, Deferred, react } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

/** Each answer belongs to the oldest question that has none. */
class Asker extends LineProtocol {
  readonly #waiting: Deferred<string>[] = [];

  ask(question: string): Deferred<string> {
    const answer = new Deferred<string>();
    this.#waiting.push(answer);
    this.sendLine(question);
    return answer;
  }

  override lineReceived(line: string): void {
    this.#waiting.shift()?.callback(line);
  }

  override connectionLost(reason: Error): void {
    for (const answer of this.#waiting.splice(0)) answer.errback(reason);
  }
}

const [endpoint = "tcp:localhost:8000", question = "hello"] = process.argv.slice(2);

await react(async (reactor, signal) => {
  using deadline = new Deadline(reactor, 5_000, signal);
  await using asker = await connect(reactor, endpoint, () => new Asker(), deadline);
  console.log(await asker.ask(question).abortable(deadline.signal));
});
