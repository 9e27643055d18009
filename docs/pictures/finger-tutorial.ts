import { Protocol } from "ropewalk";
import { AmpProtocol, type ArgumentType, type Command, type NoFields } from "ropewalk/amp";
import { type Service, startTree } from "ropewalk/app";
import { type SimReactor, Simulation, sequenceSvg, type TracedPacket } from "ropewalk/sim";
import { get } from "ropewalk/web";
import { notesOnly } from "./lib/notes-only.ts";

/** The tutorial's own service, on a host of a simulation, with a guest in each of its four protocols. */
export default async function picture(): Promise<string> {
  const built = new URL("./build/examples/finger/service.js", import.meta.resolve("ropewalk/package.json"));
  const { service, SetStatus } = (await import(built.href)) as Tutorial;
  const sim = new Simulation({ seed: 1 });
  const house = sim.host("service");
  const guest = sim.host("guests");
  sim.link("service", "guests", { latencyMs: 10 });
  await sim.run(async () => {
    const tree = await service(house.reactor, ["tcp:79", "tcp:80", "tcp:1400", "tcp:1234"]);
    await startTree(house.reactor, tree);
  });
  const dial = <P extends Protocol>(port: number, protocol: P) =>
    sim.run(() => guest.reactor.connectTcp({ host: "service", port }, () => protocol));
  const chat = await dial(1400, new Protocol());
  chat.transport.write("bob\r\n");
  await sim.advance(100);
  const trace = sim.trace({ headBytes: 1_000 });
  const fromMs = sim.nowMs;
  const amp = await dial(1234, new AmpProtocol());
  await sim.run(() => amp.callRemote(SetStatus, { name: "ann", status: "at sea" }));
  await sim.advance(40);
  const finger = await dial(79, new Protocol());
  finger.transport.write("ann\r\n");
  await sim.advance(60);
  await sim.run(() => get(guest.reactor, "http://service/ann").addCallback((response) => response.text()));
  const untilMs = sim.nowMs;
  const told = notesOnly(trace);
  const events = told.events.filter((event) => event.type !== "packet" || event.bytes > 0);
  const view = { ...told, events, hosts: ["guests", "service"] };
  return sequenceSvg(view, { title: "One service, four protocols", fromMs, untilMs, label });
}

/** The protocol by its port, and what is said in it. */
function label({ from, to, head }: TracedPacket): string | undefined {
  const isAnswer = from.host === "service";
  const name = PROTOCOLS.get(isAnswer ? from.port : to.port);
  const text = new TextDecoder().decode(head).trim();
  if (name === "AMP") return `AMP: ${isAnswer ? "answer" : "SetStatus"}`;
  if (name === "HTTP") return `HTTP: ${isAnswer ? text.split("\r\n\r\n")[1] : text.split(" HTTP/")[0]}`;
  return `${name}: ${text}`;
}

interface Tutorial {
  readonly service: (reactor: SimReactor, args: readonly string[]) => Promise<Service>;
  readonly SetStatus: Command<Record<"name" | "status", ArgumentType<string>>, NoFields, "answered">;
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [79, "finger"],
  [80, "HTTP"],
  [1400, "chat"],
  [1234, "AMP"],
]);
