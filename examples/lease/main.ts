/** One node of a cluster, itself first: `node build/examples/lease/main.js 127.0.0.1:9001 127.0.0.1:9002 127.0.0.1:9003`. */
import { Logger, run } from "ropewalk";
import { LeaseNode } from "./lease.ts";

const log = new Logger("lease");

class Candidate extends LeaseNode {
  protected override gained(): void {
    log.info("Leads");
  }

  protected override lost(): void {
    log.info("Leads no more");
  }
}

const [here = { host: "127.0.0.1", port: 9001 }, ...peers] = process.argv.slice(2).map((address) => {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
});

await run((reactor) => reactor.listenUdp(here, new Candidate(reactor, { peers })));
