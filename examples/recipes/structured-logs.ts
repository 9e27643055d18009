/** Events with fields, as lines of JSON: `node structured-logs.ts`. Of `shop.stock` all are logged, of the rest from info on. */
import { react } from "ropewalk";
import { jsonObserver, Logger, logPublisher } from "ropewalk/log";

const till = new Logger("shop.till");
const stock = new Logger("shop.stock");

logPublisher.levels.configure("info,shop.stock=debug");
const log = jsonObserver((line) => process.stdout.write(line));

await react(
  async (reactor) => {
    till.info("{customer} buys {metres} m of rope", { customer: "Ann", metres: 7 });
    till.debug("costs next to nothing: nobody hears it");
    stock.debug("{metres} m are left", { metres: 93 });
    await reactor.files.readText("prices.json").addErrback((error: Error) => {
      till.error("Cannot read the prices: {error}", { error });
    });
  },
  { log },
);
