/**
 * Serves the files of a folder over HTTP, with listings and compressed on the way:
 * `node build/examples/serve-folder.js public tcp:8080:interface=127.0.0.1`.
 */
import { formatAddress, run } from "ropewalk";
import { accessLog, compress, serve, staticFiles } from "ropewalk/web";

const [folder = ".", endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const files = staticFiles(reactor, folder, { listing: true, cacheControl: "no-cache" });
  const port = await serve(reactor, endpoint, compress({}, files), {
    served: accessLog({ clock: reactor, write: (line) => console.error(line) }),
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
