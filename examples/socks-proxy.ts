/**
 * A SOCKS proxy (4, 4a, 5) that says what it is asked: `node socks-proxy.ts tcp:1080:interface=127.0.0.1`, then
 * `curl --socks5-hostname localhost:1080 http://example.org/`. With a name and a password as further arguments, it wants them.
 */
import { formatAddress, listen, run } from "ropewalk";
import { type SocksRequest, type SocksServerOptions, socksServer } from "ropewalk/socks";

const [endpoint = "tcp:1080:interface=127.0.0.1", name, word] = process.argv.slice(2);

function allow({ command, host, port, username = "somebody" }: SocksRequest): boolean {
  console.log(`${username} asks: ${command} ${host} ${port}`);
  return port !== 25; // mail has its own ways
}

const options: SocksServerOptions = { allow, limits: { total: 1_000, perPeer: 100 }, idleTimeoutMs: 300_000 };
const authenticate = (login: { username: string; password: string }): boolean =>
  login.username === name && login.password === word;

await run(async (reactor) => {
  const factory = socksServer(reactor, name === undefined ? options : { ...options, authenticate });
  const port = await listen(reactor, endpoint, factory);
  console.log(`Listening on ${formatAddress(port.address)}`);
});
