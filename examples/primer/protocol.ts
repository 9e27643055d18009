/** The life of a connection; the program plays its peer. */
import { Protocol } from "ropewalk";
import { MemoryTransport } from "ropewalk/testing";

class Diary extends Protocol {
  override connectionMade(): void {
    console.log("made: there is a transport to write to");
    this.transport.write("hello");
  }
  override dataReceived(data: Uint8Array): void {
    console.log(`data: ${data.length} bytes came`);
  }
  override connectionLost(reason: Error): void {
    console.log(`lost: ${reason.name}`);
  }
}

const transport = new MemoryTransport();
transport.attach(new Diary());
transport.remote.write("good ");
transport.remote.write("morning");
transport.remote.end();
transport.settle();
