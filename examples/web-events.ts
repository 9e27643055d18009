/** News for all who listen, as server-sent events: `curl -N localhost:8080/news`, and `curl -d high localhost:8080/news`. */
import { argv } from "node:process";
import { formatAddress, run } from "ropewalk";
import { EventChannel, type MethodResult, type MethodValue, type Request, Resource, serve } from "ropewalk/web";

class News extends Resource {
  readonly #channel: EventChannel;
  #last = 0;

  constructor(channel: EventChannel) {
    super();
    this.#channel = channel;
  }
  override get(request: Request): MethodResult {
    return this.#channel.stream(request);
  }
  override async post(request: Request): Promise<MethodValue> {
    this.#last += 1;
    this.#channel.send({ id: String(this.#last), event: "tide", data: await request.text() });
    return `${this.#channel.size} listen\n`;
  }
}

await run(async (reactor) => {
  const channel = new EventChannel({ clock: reactor, maxKept: 100 });
  const root = new Resource().putChild("news", new News(channel));
  const port = await serve(reactor, argv[2] ?? "tcp:8080:interface=127.0.0.1", root);
  console.log(`Listening on ${formatAddress(port.address)}`);
});
