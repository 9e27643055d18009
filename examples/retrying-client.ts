/** Stays connected: `node retrying-client.ts tcp:localhost:8000`. */
import { run } from "ropewalk";
import { backoff, ClientService } from "ropewalk/endpoints";
import { LineProtocol } from "ropewalk/line";

class Follower extends LineProtocol {
  override acceptBareNewline = true;

  override connectionMade(): void {
    console.log("connected");
    this.sendLine("what is new?");
  }

  override lineReceived(line: string): void {
    console.log(`heard: ${line}`);
  }

  override connectionLost(reason: Error): void {
    console.log(`lost: ${reason.name}`);
  }
}

const [endpoint = "tcp:localhost:8000"] = process.argv.slice(2);

await run((reactor) => {
  const service = new ClientService(reactor, endpoint, () => new Follower(), {
    policy: backoff({ initialDelayMs: 100, maxDelayMs: 10_000 }),
  });
  service.startService();
  reactor.addTrigger("before", "shutdown", () => service.stopService());
});
