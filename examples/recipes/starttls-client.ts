/** A name, but only under TLS: `node starttls-client.ts tcp:127.0.0.1:8000 cert.pem Ann`. */
import { connect, Deferred, react } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

/** One question at a time. */
class Asker extends LineProtocol {
  #answer: Deferred<string> | undefined;

  ask(question: string): Deferred<string> {
    this.sendLine(question);
    this.#answer = new Deferred();
    return this.#answer;
  }

  override lineReceived(line: string): void {
    this.#settle((answer) => answer.callback(line));
  }

  override connectionLost(reason: Error): void {
    this.#settle((answer) => answer.errback(reason));
  }

  #settle(how: (answer: Deferred<string>) => void): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer !== undefined) how(answer);
  }
}

const [endpoint = "tcp:localhost:8000", rootsFile = "cert.pem", name = "Ann"] = process.argv.slice(2);

await react(async (reactor, signal) => {
  const trustRoots = await reactor.files.read(rootsFile);
  const asker = await connect(reactor, endpoint, () => new Asker(), { signal });
  const reply = await asker.ask("STARTTLS").addTimeout(5_000, reactor);
  if (reply !== "Go ahead") throw new Error(`Cannot start TLS: the server said "${reply}"`);
  await asker.startTls({ side: "client", tls: { trustRoots, servername: "localhost" } });
  console.log(await asker.ask(name).addTimeout(5_000, reactor));
});
