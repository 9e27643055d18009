/** The admin's part of the site: what the dashboard's page asks for, and what it changes. */
import { HttpError, type MethodResult, type MethodValue, type Request, Resource, Response } from "ropewalk/web";
import type { Visit } from "./admin-login.ts";
import type { Desk } from "./desk.ts";
import type { Pages } from "./pages.ts";
import { checkIntent } from "./protection.ts";

/** `/dashboard` and what is below it, for one request. */
export class Dashboard extends Resource {
  readonly #visit: Visit<Desk>;
  readonly #pages: Pages;

  constructor(visit: Visit<Desk>, pages: Pages) {
    super();
    this.#visit = visit;
    this.#pages = pages;
    this.putChild("overview", new Sight(() => ({ ...this.#desk().overview() })));
    this.putChild("events", new Sight((request) => this.#desk().events.stream(request)));
    this.putChild("announce", new Deed((request) => this.#announce(request)));
    this.putChild("banner", new Deed((request) => this.#setBanner(request)));
    this.putChild("kick", new Deed((request) => this.#kick(request)));
    this.putChild("logout", new Deed(() => this.#logOut()));
  }

  override get(request: Request): Response {
    if (this.#visit.avatar !== undefined) return this.#pages.answer("dashboard");
    // A browser that was sent here by a link of another site keeps a SameSite=Strict cookie back: from our own page it sends it.
    const isFromElsewhere = request.headers.get("sec-fetch-site") === "cross-site";
    return isFromElsewhere ? this.#pages.answer("again") : this.#pages.answer("locked", 401);
  }

  async #announce(request: Request): Promise<null> {
    const desk = this.#desk();
    const { text } = await textsOf(request, { text: MAX_TEXT_LENGTH });
    if (text.trim() === "") throw new HttpError(400, "There is nothing to announce");
    desk.announce(text);
    return null;
  }

  async #setBanner(request: Request): Promise<{ banner: string }> {
    const desk = this.#desk();
    const { text } = await textsOf(request, { text: MAX_BANNER_LENGTH });
    try {
      return { banner: await desk.setBanner(text) };
    } catch (error) {
      throw new HttpError(500, `Cannot keep the banner: ${(error as Error).message}`, { cause: error });
    }
  }

  async #kick(request: Request): Promise<null> {
    const desk = this.#desk();
    const { name, reason } = await textsOf(request, { name: MAX_TEXT_LENGTH, reason: MAX_REASON_LENGTH });
    if (!desk.kick(name, reason)) throw new HttpError(404, `${name} is not here`);
    return null;
  }

  async #logOut(): Promise<null> {
    await this.#visit.leave();
    return null;
  }

  #desk(): Desk {
    const { avatar } = this.#visit;
    if (avatar === undefined) throw new HttpError(401, "You are not logged in", { headers: CHALLENGE });
    return avatar;
  }
}

/** `/login?token=…`, for one request. */
export class LoginLink extends Resource {
  readonly #visit: Visit<Desk>;
  readonly #pages: Pages;

  constructor(visit: Visit<Desk>, pages: Pages) {
    super();
    this.#visit = visit;
    this.#pages = pages;
  }

  override async get(request: Request): Promise<Response> {
    const isIn = await this.#visit.enter(request.query.get("token") ?? "");
    if (!isIn) return this.#pages.answer("locked", 401);
    return new Response(null, { status: 303, headers: { Location: "/dashboard" } });
  }

  /** To ask what is there must not use the link up. */
  override head(): Response {
    return new Response(null);
  }
}

/** Something to look at. */
class Sight extends Resource {
  readonly #show: (request: Request) => MethodResult;

  constructor(show: (request: Request) => MethodResult) {
    super();
    this.#show = show;
  }

  override get(request: Request): MethodResult {
    return this.#show(request);
  }
}

/** Something to do. */
class Deed extends Resource {
  readonly #act: (request: Request) => Promise<MethodValue>;

  constructor(act: (request: Request) => Promise<MethodValue>) {
    super();
    this.#act = act;
  }

  override post(request: Request): MethodResult {
    checkIntent(request);
    return this.#act(request);
  }
}

/** The body's fields of these names, each text and no longer than it says there. */
async function textsOf<Name extends string>(
  request: Request,
  maxLengths: Readonly<Record<Name, number>>,
): Promise<Record<Name, string>> {
  const body: unknown = await request.json().catch((error: Error) => {
    throw error instanceof SyntaxError ? new HttpError(400, "The body is no JSON", { cause: error }) : error;
  });
  const texts: Record<string, string> = {};
  for (const [name, most] of Object.entries<number>(maxLengths)) {
    const text: unknown = Object(body)[name];
    if (typeof text !== "string") throw new HttpError(400, `The field "${name}" is no text`);
    if (text.length > most) throw new HttpError(400, `The field "${name}" has more than ${most} characters`);
    texts[name] = text;
  }
  return texts as Record<Name, string>;
}

/** There is no scheme of HTTP for a link, but a 401 has to name one (RFC 9110 §15.5.2). */
const CHALLENGE = { "WWW-Authenticate": "Link" };
const MAX_TEXT_LENGTH = 500;
const MAX_REASON_LENGTH = 100;
const MAX_BANNER_LENGTH = 2_000;
