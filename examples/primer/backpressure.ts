/** A peer that does not read: how much waits here for it? */
import { Protocol } from "ropewalk";
import { MemoryTransport } from "ropewalk/testing";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class PoliteEcho extends Echo {
  override writingPaused(): void {
    this.transport.pauseReading();
  }
  override writingResumed(): void {
    this.transport.resumeReading();
  }
}

for (const echo of [new Echo(), new PoliteEcho()]) {
  const transport = new MemoryTransport();
  transport.attach(echo);
  transport.remote.stopTaking();
  for (let n = 0; n < 1_000; n += 1) transport.remote.write(new Uint8Array(1_000));
  console.log(`${echo.constructor.name}: ${transport.bufferedBytes} bytes wait`);
}
