/** Serves echoes on a port that it prints. With `--goodbye`, shutdown tells everybody first. */
import { NodeReactor, run } from "ropewalk";
import { Echo, portOf } from "../ends.ts";

class Counted extends Echo {
  override connectionMade(): void {
    open.add(this);
  }
  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    open.delete(this);
  }
}

const open = new Set<Counted>();

if (process.argv.includes("--goodbye")) {
  const reactor = new NodeReactor();
  reactor.addTrigger("before", "shutdown", () => {
    for (const { transport } of open) transport.write("goodbye");
  });
  reactor.callWhenRunning(() => void serve(reactor));
  await reactor.run();
} else {
  run(serve);
}

async function serve(reactor: Pick<NodeReactor, "listenTcp">): Promise<void> {
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0, backlog: 4_096 }, () => new Counted());
  console.log(portOf(port));
}
