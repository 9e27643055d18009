/** `twistd greet`, from a package of its own: package.json names this module under `ropewalk.plugins`. */
import { definePlugin, option, type Plugin, StreamServerService } from "ropewalk/app";
import { LineProtocol } from "ropewalk/line";
import { limitConnections } from "ropewalk/policies";

class Greeter extends LineProtocol {
  override acceptBareNewline = true;
  readonly #greeting: string;

  constructor(greeting: string) {
    super();
    this.#greeting = greeting;
  }

  override connectionMade(): void {
    this.sendLine("What is your name?");
  }

  override lineReceived(name: string): void {
    this.sendLine(`${this.#greeting}, ${name}!`);
    this.transport.loseConnection();
  }
}

const greet: Plugin = definePlugin({
  summary: "asks for a name, and greets",
  options: {
    listen: option.endpoint("where to listen", { default: "tcp:1400" }),
    greeting: option.text("what to say to people", { default: "Hello" }),
    maxGuests: option.count("at most so many at once", { default: 100 }),
  },
  makeService: ({ listen, greeting, maxGuests }) =>
    new StreamServerService(
      listen,
      limitConnections(() => new Greeter(greeting), { total: maxGuests }),
    ),
});
export default greet;
