/** Says back what it hears. */
import { formatAddress, listen, Protocol, run } from "ropewalk";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

const [endpoint = "tcp:8000"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new Echo());
  console.log(`Listening on ${formatAddress(port.address)}`);
});
