/** By way of a proxy: `node through-socks.ts 127.0.0.1:1080 tcp:127.0.0.1:8000 ann secret`. */
import { connect, Deferred, react } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { LineProtocol } from "ropewalk/line";
import "ropewalk/socks"; // brings the endpoint types "socks5:" and "socks4:"

class Asker extends LineProtocol {
  readonly answer: Deferred<string> = new Deferred();

  override connectionMade(): void {
    this.sendLine("hello");
  }

  override lineReceived(line: string): void {
    this.transport.loseConnection();
    this.answer.callback(line);
  }

  override connectionLost(reason: Error): void {
    if (!this.answer.called) this.answer.errback(reason);
  }
}

const [proxy = "127.0.0.1:1080", target = "tcp:127.0.0.1:8000", name, word] = process.argv.slice(2);

let endpoint = `socks5:${proxy}:endpoint=${quoteArgument(target)}`;
if (name !== undefined && word !== undefined)
  endpoint += `:username=${quoteArgument(name)}:password=${quoteArgument(word)}`;

await react(async (reactor, signal) => {
  const asker = await connect(reactor, endpoint, () => new Asker(), { signal });
  console.log(await asker.answer.addTimeout(5_000, reactor));
});
