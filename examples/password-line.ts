/** Reads a password from its input, and prints a line for a password file: `node password-line.ts ann >> users`. */
import { Deferred, react } from "ropewalk";
import { PasswordHasher } from "ropewalk/cred";
import { LineProtocol } from "ropewalk/line";

/** Hears one line. */
class FirstLine extends LineProtocol {
  override acceptBareNewline = true;
  readonly heard: Deferred<string> = new Deferred();

  override lineReceived(line: string): void {
    this.heard.callback(line);
    this.lineReceived = () => {};
  }

  // The input may end while the password is hashed, and the line is still to be written.
  override readConnectionLost(): void {
    if (!this.heard.called) this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    if (!this.heard.called) this.heard.errback(reason);
  }
}

const [name = ""] = process.argv.slice(2);
if (!/^[^:#][^:]*$/.test(name)) throw new Error("Give a name without colons: node password-line.ts NAME");

await react(async (reactor) => {
  const input = await reactor.openStdio(() => new FirstLine());
  const line = `${name}:${await new PasswordHasher(reactor).hash(await input.heard)}\n`;
  input.transport.write(line);
  input.transport.loseConnection();
});
