/** A chat for people at `nc`, `telnet`, `openssl s_client` or a browser: `npm start -- --listen tcp:1400 --listen unix:chat.sock`. */
import { type Address, formatAddress, gatherResults, ListenError, Logger, listen, type Reactor, run } from "ropewalk";
import { chatServer, Room } from "ropewalk/chat";
import { EndpointError, EndpointSyntaxError } from "ropewalk/endpoints";
import { BannerFile, BannerFileError } from "./banner.ts";
import { Ledger } from "./ledger.ts";
import { type ChatOptions, HELP, readOptions } from "./options.ts";
import { RememberingRoom } from "./resume.ts";
import { Pages } from "./web/pages.ts";
import { ChatSite } from "./web/site.ts";

const log = new Logger("chat");

const options = optionsOf(process.argv.slice(2));
if (options?.help === true) process.stdout.write(HELP);
else if (options !== undefined) await run((reactor) => main(reactor, options).catch((error) => refuse(reactor, error)));

/** Undefined, with the exit status set, if they are wrong. */
function optionsOf(args: readonly string[]): ChatOptions | undefined {
  try {
    return readOptions(args);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof EndpointSyntaxError)) throw error;
    process.stderr.write(`${error.message.replaceAll("\n", " ")}; --help tells what there is\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(reactor: Reactor, options: ChatOptions): Promise<void> {
  const room = options.remember ? new RememberingRoom(`${reactor.wallTimeMs()}`) : new Room();
  reactor.addTrigger("before", "shutdown", () => room.close());
  const banner = new BannerFile(reactor.files, options.banner);
  room.banner = await banner.load();
  const ports = await gatherResults(
    options.listen.map((endpoint) => listen(reactor, endpoint, chatServer(room, { clock: reactor }))),
  );
  for (const port of ports) log.info("Listening on {address}", { address: formatAddress(port.address) });
  const lines = ports.map(({ address }) => `Chat:       ${reachable(address)}`);
  if (options.web !== undefined)
    lines.push(...(await serveWeb(reactor, options.web, room, banner, options.isWebChosen)));
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** What to tell about it. */
async function serveWeb(
  reactor: Reactor,
  endpoint: string,
  room: Room,
  banner: BannerFile,
  isChosen: boolean,
): Promise<string[]> {
  const isSecure = endpoint.startsWith("tls:");
  const house = { reactor, room, ledger: new Ledger(room, reactor), banner };
  const site = new ChatSite(house, await Pages.load(reactor.files), { isSecure });
  try {
    const { address } = await listen(reactor, endpoint, site.factory);
    reactor.addTrigger("before", "shutdown", () => site.close());
    const url = `${isSecure ? "https" : "http"}://${reachable(address)}`;
    const link = (): string => `Log in:     ${url}${site.loginPath()} (once, within 15 minutes)`;
    reactor.onSignal("SIGUSR2", () => process.stdout.write(`${link()}\n`));
    const again = `            for another link: kill -USR2 ${reactor.environment.pid}`;
    return [`Web chat:   ${url}/`, `Dashboard:  ${url}/dashboard`, link(), again];
  } catch (error) {
    // People at a terminal do not go without their chat because something else is at 8080.
    if (isChosen || !(error instanceof ListenError)) throw error;
    site.close();
    log.warn("{problem}: no browsers today; choose another place with --web", { problem: error.message });
    return [];
  }
}

/** As somebody at this machine would dial it. */
function reachable(address: Address): string {
  if (address.kind !== "tcp") return formatAddress(address);
  return address.host === "::" || address.host === "0.0.0.0" ? `localhost:${address.port}` : formatAddress(address);
}

/** A port that is taken, or a file that cannot be read, is no fault of the program: one line says all. */
function refuse(reactor: Reactor, error: Error): void {
  if (![ListenError, EndpointError, BannerFileError].some((kind) => error instanceof kind)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  reactor.stop();
}
