import { formatAddress, isIpLiteral } from "../../../core/address.ts";
import type { Port, Reactor } from "../../../core/reactor.ts";
import { listen } from "../../../endpoints/connect.ts";
import { parse } from "../../../endpoints/grammar.ts";
import { limitConnections } from "../../../policies/limit-connections.ts";
import { siteFactory } from "../../../protocols/web/server/server.ts";
import { Site } from "../../../protocols/web/server/site.ts";
import type { ServiceLike } from "../../service.ts";
import type { LiveView, LiveViewOptions } from "../live-view.ts";
import type { Watch } from "../watch.ts";
import { Access } from "./access.ts";
import { PageFiles } from "./page-files.ts";
import { placeOf } from "./place.ts";
import { LiveSite } from "./site.ts";

/** What `openLiveView` does: see there. */
export async function openView(
  reactor: Reactor,
  tree: ServiceLike | undefined,
  watch: Watch,
  options: LiveViewOptions,
): Promise<LiveView> {
  const { token = newToken(reactor), hosts, name } = options;
  if (!TOKEN_FORM.test(token)) {
    throw new RangeError(
      `Cannot guard a live view with a token of ${token.length} characters: it is 16 or more letters, digits and -._~+/=`,
    );
  }
  const endpoint = placeOf(options.where ?? "0", options.anywhere ?? false);
  const isSecure = parse(endpoint).type === "tls";
  const access = new Access({ token, hosts, isSecure });
  const view = new LiveSite(reactor, { tree, watch, access, name, files: await PageFiles.load(reactor.files) });
  // Without a tally: who looks at the view is not what it is to show.
  const site = new Site(reactor, view.respond, { maxCollectedBytes: MAX_BODY_BYTES });
  const limited = limitConnections(siteFactory(reactor, site), { total: MAX_CONNECTIONS });
  const isOwn = options.exclusive === true;
  if (isOwn && endpoint !== FREE_PORT) {
    throw new RangeError(
      `Cannot open the live view at "${options.where}": each of several processes has a view of its own, so leave the port out`,
    );
  }
  const port = await (isOwn ? reactor.listenTcp(EXCLUSIVE, limited) : listen(reactor, endpoint, limited));
  watch.ownAddresses.add(formatAddress(port.address));
  // A stream that never ends would hold up the end of the program.
  const step = reactor.addTrigger("during", "shutdown", () => view.close());
  const url = urlOf(port, isSecure);
  return {
    address: port.address,
    token,
    url,
    link: `${url}?token=${encodeURIComponent(token)}`,
    close: async () => {
      step[Symbol.dispose]();
      view.close();
      await port.stopListening();
    },
  };
}

function newToken(reactor: Reactor): string {
  return Buffer.from(reactor.randomBytes(TOKEN_BYTES)).toString("base64url");
}

function urlOf({ address }: Port, isSecure: boolean): string {
  const scheme = isSecure ? "https" : "http";
  if (address.kind === "unix") return `${scheme}+unix://${encodeURIComponent(address.path)}/`;
  if (address.kind !== "tcp") return `${scheme}://localhost/`;
  const { host, port } = address;
  // What listens on all addresses is reached by this one, too.
  const reached = host === "::" || host === "0.0.0.0" || !isIpLiteral(host) ? "127.0.0.1" : host;
  return `${scheme}://${reached.includes(":") ? `[${reached}]` : reached}:${port}/`;
}

const FREE_PORT = placeOf("0", false);
const EXCLUSIVE = { port: 0, host: "127.0.0.1", exclusive: true };
const TOKEN_BYTES = 32;
/** As `Authorization: Bearer` takes it (RFC 6750 §2.1); of 16 random ones nobody guesses 96 bits. */
const TOKEN_FORM = /^[A-Za-z0-9._~+/=-]{16,}$/;
/** A level of a namespace is the longest thing that is said to it. */
const MAX_BODY_BYTES = 4_096;
/** Some pages, `top`, and what scrapes: each page is six at most. */
const MAX_CONNECTIONS = 64;
