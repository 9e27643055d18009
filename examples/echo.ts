/** Says back what it hears: `node echo.ts tcp:8000`, then `nc localhost 8000`. */
import { formatAddress, listen, Protocol, run } from "ropewalk";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }

  // Whoever sends and does not read what comes back is not read any more either.
  override writingPaused(): void {
    this.transport.pauseReading();
  }

  override writingResumed(): void {
    this.transport.resumeReading();
  }
}

const [endpoint = "tcp:8000:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new Echo());
  console.log(`Listening on ${formatAddress(port.address)}`);
});
