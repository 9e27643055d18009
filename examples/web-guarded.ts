/** A page for those who are in a password file: `node build/examples/web-guarded.js tcp:8080:interface=127.0.0.1 users`. */
import { formatAddress, run } from "ropewalk";
import { PasswordFile, PasswordHasher, Portal, remembered } from "ropewalk/cred";
import { Response, requireLogin, serve } from "ropewalk/web";

const [endpoint = "tcp:8080:interface=127.0.0.1", users = "users"] = process.argv.slice(2);

await run(async (reactor) => {
  const passwords = new PasswordFile(reactor, users, new PasswordHasher(reactor));
  const portal = new Portal((avatarId) => ({ avatar: { name: String(avatarId) } }), [remembered(reactor, passwords)]);
  console.log(`${(await passwords.load()).size} users`);

  const port = await serve(
    reactor,
    endpoint,
    requireLogin(portal, { reactor, realm: "rope store" }, (request, { avatar }) => {
      return new Response(`hello ${avatar.name}, this is ${request.path}\n`);
    }),
  );
  console.log(`Listening on ${formatAddress(port.address)}`);
});
