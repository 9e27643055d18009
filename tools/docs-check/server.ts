/** The built site on loopback, by our own server, below a path: what is relative must hold there too. */
import { formatAddress, NodeReactor } from "ropewalk";
import { serve, staticFiles } from "ropewalk/web";

export interface Served extends AsyncDisposable {
  readonly base: string;
}

export async function serveSite(folder: string): Promise<Served> {
  const reactor = new NodeReactor();
  const files = staticFiles(reactor, folder, { at: BELOW });
  const port = await serve(reactor, "tcp:0:interface=127.0.0.1", files);
  return {
    base: `http://${formatAddress(port.address)}${BELOW}`,
    async [Symbol.asyncDispose]() {
      await port.stopListening();
    },
  };
}

const BELOW = "/some/where/";
