/** Who is where: one service, spoken in finger, HTTP with JSON, a chat and AMP: `npx twistd -f service.ts`. */
import { type Deferred, type Files, fail, type Reactor } from "ropewalk";
import { AmpProtocol, command, Responders, Unicode } from "ropewalk/amp";
import { MultiService, type Service, StreamServerService } from "ropewalk/app";
import { chatServer, Room, tidy } from "ropewalk/chat";
import { fingerServer } from "ropewalk/finger";
import { HttpError, type Request, Response, webServer } from "ropewalk/web";

export class NoSuchUserError extends HttpError {
  constructor(message: string) {
    super(404, message);
  }
}

/** A file for each user, with what they say of themselves; and a room where they say it. */
class Users {
  readonly room = new Room();
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
    this.room.watch((news) => {
      if (news.kind === "said" && isName(news.name)) void this.#write(news.name, news.text);
    });
  }
  names(): Deferred<string[]> {
    return this.#files.list("users").addCallback((names) => names.filter(isName));
  }
  status(name: string): Deferred<string> {
    return this.names().addCallback((names) => {
      if (!names.includes(name)) throw new NoSuchUserError(`${name} is not here`);
      return this.#files.readText(`users/${name}`);
    });
  }
  set(name: string, status: string): Deferred<void> {
    if (!isName(name)) return fail(new NoSuchUserError("A name has 1 to 20 letters and digits"));
    return this.#write(name, status).addCallback(() => this.room.announce(`${name}: ${tidy(status)}`));
  }
  #write(name: string, status: string): Deferred<void> {
    return this.#files.write(`users/${name}`, tidy(status), { atomic: true });
  }
}

function answerFinger(users: Users, name: string): Deferred<string> {
  if (name === "") return users.names().addCallback((names) => names.join("\n"));
  return users.status(name).addErrback((error) => {
    if (error instanceof NoSuchUserError) return error.message;
    throw error;
  });
}

async function answerWeb(users: Users, request: Request): Promise<Response> {
  const name = request.path.slice("/".length);
  if (name === "") return Response.json(await users.names());
  if (request.method === "PUT") await users.set(name, await request.text());
  return Response.json({ name, status: await users.status(name) });
}

const isName = (text: string): boolean => /^[A-Za-z0-9]{1,20}$/.test(text);
const errors = { NO_SUCH_USER: NoSuchUserError };
export const GetStatus = command("GetStatus", { arguments: { name: Unicode }, response: { status: Unicode }, errors });
export const SetStatus = command("SetStatus", { arguments: { name: Unicode, status: Unicode }, errors });

/** What twistd calls, with the arguments behind `--`: where to listen, and how long a chat may be silent. */
export async function service(reactor: Reactor, args: readonly string[]): Promise<Service> {
  const [finger = "tcp:1079", web = "tcp:8080", chat = "tcp:1400", amp = "tcp:1234", silenceMs = "600000"] = args;
  await reactor.files.makeDirectory("users");
  const users = new Users(reactor.files);
  const responders = new Responders()
    .respond(GetStatus, ({ name }) => users.status(name).addCallback((status) => ({ status })))
    .respond(SetStatus, ({ name, status }) => users.set(name, status));
  const factories = [
    [finger, fingerServer(({ user }) => answerFinger(users, user), { clock: reactor })],
    [web, webServer(reactor, (request) => answerWeb(users, request))],
    [chat, chatServer(users.room, { clock: reactor, idleTimeoutMs: Number(silenceMs) })],
    [amp, () => new AmpProtocol(responders)],
  ] as const;
  return new MultiService({ services: factories.map(([where, factory]) => new StreamServerService(where, factory)) });
}
