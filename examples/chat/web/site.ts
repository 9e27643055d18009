/** The chat for browsers: `/` for everybody, `/dashboard` for the admin. */
import { type Factory, LoopingCall } from "ropewalk";
import { limitConnections } from "ropewalk/policies";
import {
  type Request,
  Resource,
  type Responder,
  type Response,
  type ServeOptions,
  securityHeaders,
  staticFiles,
  webServer,
  webSocket,
} from "ropewalk/web";
import { AdminLogin } from "./admin-login.ts";
import { Dashboard, LoginLink } from "./dashboard.ts";
import { Desk, type House } from "./desk.ts";
import { type Pages, STATIC } from "./pages.ts";
import { Visitor } from "./visitor.ts";

/** Serves a house: `factory` is for `listen`. */
export class ChatSite {
  readonly factory: Factory;
  readonly respond: Responder;
  readonly #login: AdminLogin<Desk>;
  readonly #seconds: LoopingCall;

  constructor(house: House, pages: Pages, options: { readonly isSecure: boolean; readonly folder?: string }) {
    const { reactor, room, ledger } = house;
    const { isSecure, folder = STATIC } = options;
    this.#login = new AdminLogin(
      reactor,
      () => new Desk(house),
      (desk) => desk.close(),
      isSecure,
    );
    const admin = this.#login.around((request, visit) => {
      const tree = new Resource().putChild("login", new LoginLink(visit, pages));
      return tree.putChild("dashboard", new Dashboard(visit, pages)).fetch(request);
    });
    const root = new Resource()
      .putChild("", new Front(pages))
      .putChild("static", staticFiles(reactor, folder, { at: "/static/", cacheControl: "no-cache" }))
      .putChild("chat", (request) =>
        webSocket(reactor, request, new Visitor(room, reactor), { limits: MESSAGE_LIMITS }),
      )
      .putChild("login", admin)
      .putChild("dashboard", admin);
    this.respond = securityHeaders({ noStore: true }, (request) => root.fetch(request));
    this.factory = limitConnections(webServer(reactor, this.respond, SERVE_OPTIONS), { total: MAX_CONNECTIONS });
    this.#seconds = new LoopingCall(reactor, () => {
      const sample = ledger.sample();
      for (const desk of this.#login.avatars) desk.beat(sample);
    });
    void this.#seconds.start(1_000, { runNow: false });
  }

  /** The path of a link that logs the admin in, once; it ends the link before. */
  loginPath(): string {
    return `/login?token=${this.#login.issue()}`;
  }

  close(): void {
    this.#seconds.stop();
    this.#login.close();
  }
}

class Front extends Resource {
  readonly #pages: Pages;

  constructor(pages: Pages) {
    super();
    this.#pages = pages;
  }

  override get(_request: Request): Response {
    return this.#pages.answer("chat");
  }
}

/** A message of the chat is some hundred characters. */
const MESSAGE_LIMITS = { maxMessageBytes: 4_096 };
/** A banner of 2 000 characters fits, however it is encoded. */
const SERVE_OPTIONS: ServeOptions = { maxCollectedBytes: 16_384 };
/** Each is some kilobytes; a room in which a thousand talk is none. */
const MAX_CONNECTIONS = 1_000;
