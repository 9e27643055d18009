/** A control socket for its owner: `node unix-socket.ts control.sock`. */
import { listen, type Reactor, run } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { LineProtocol } from "ropewalk/line";

class Control extends LineProtocol {
  override acceptBareNewline = true;
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    super();
    this.#reactor = reactor;
  }

  override lineReceived(command: string): void {
    switch (command) {
      case "status":
        this.sendLine(`Process ${this.#reactor.environment.pid} is well`);
        break;
      case "stop":
        this.sendLine("Goodbye"); // is flushed before the program ends
        this.#reactor.stop();
        break;
      default:
        this.sendLine(`Unknown command "${command}": there are status and stop`);
    }
  }
}

const [path = "control.sock"] = process.argv.slice(2);

await run(async (reactor) => {
  await listen(reactor, `unix:${quoteArgument(path)}:mode=600`, () => new Control(reactor));
  console.log(`Listening on ${path}`);
});
