/** A page for those who log in: `node login.ts users`. The file has a line for each user; password-line.ts makes them. */
import { formatAddress, run } from "ropewalk";
import { LoginFailed, LoginThrottle, LoginThrottled, PasswordFile, PasswordHasher, Portal } from "ropewalk/cred";
import { html, htmlResponse, type Request, Response, readForm, type Session, serve, sessions } from "ropewalk/web";

const [users = "users", endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);
const form = html`<form method="post"><input name="name" aria-label="Name">
  <input name="password" type="password" aria-label="Password"><button>Log in</button></form>`;
const page = (body: unknown, status = 200): Response =>
  htmlResponse(html`<!doctype html><title>Ropes</title><p>${body}`, { status });

await run(async (reactor) => {
  const passwords = new PasswordFile(reactor, users, new PasswordHasher(reactor));
  const portal = new Portal((avatarId) => ({ avatar: String(avatarId) }), [passwords]);
  const throttle = new LoginThrottle(reactor); // bears ten wrong passwords from an address, then one each 30 s

  async function logIn(request: Request, session: Session<{ name: string }>): Promise<Response> {
    const { fields } = await readForm(request);
    const login = { kind: "password", username: fields.get("name") ?? "", password: fields.get("password") ?? "" };
    const peer = request.peer?.kind === "tcp" ? request.peer.host : "local";
    const { avatar } = await throttle.attempt(peer, () => portal.login(login));
    await session.regenerate(); // whoever knew the session's id from before does not know the new one
    (await session.data()).name = avatar;
    return Response.redirect("/", 303);
  }
  const application = sessions<{ name: string }>({ reactor }, async (request, session) => {
    try {
      if (request.method === "POST") return await logIn(request, session);
      const { name } = await session.data();
      return page(name === undefined ? form : `Hello, ${name}!`);
    } catch (error) {
      if (error instanceof LoginThrottled) return page("Too many attempts. Try again later.", 429);
      if (error instanceof LoginFailed) return page(["Wrong name or password.", form], 403);
      throw error;
    }
  });
  const port = await serve(reactor, endpoint, application);
  console.log(`${(await passwords.load()).size} users, listening on ${formatAddress(port.address)}`);
});
