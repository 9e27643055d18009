import { Protocol } from "ropewalk";
import { definePlugin, MultiService, option, type Plugin, StreamServerService } from "ropewalk/app";

/** `twistd sample --help` shows these options; `makeService` gets their values, with their types. */
const sample: Plugin = definePlugin({
  summary: "greets whoever connects",
  options: {
    listen: option.endpoint("where to listen", { default: "tcp:1400", repeatable: true }),
    greeting: option.text("what to say", { default: "hello" }),
  },
  makeService({ listen, greeting }) {
    const services = listen.map((endpoint) => new StreamServerService(endpoint, () => new Greeter(greeting)));
    return new MultiService({ name: "sample", services });
  },
});

class Greeter extends Protocol {
  readonly #greeting: string;

  constructor(greeting: string) {
    super();
    this.#greeting = greeting;
  }

  override connectionMade(): void {
    this.transport.write(`${this.#greeting}\n`);
    this.transport.loseConnection();
  }
}

export default sample;
