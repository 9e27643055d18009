/** Where to connect is a string, be it a socket or another program. */
import { connect, listen, Protocol, react } from "ropewalk";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class Guest extends Protocol {
  override connectionMade(): void {
    this.transport.write("hello");
  }
  override dataReceived(data: Uint8Array): void {
    console.log(`${new TextDecoder().decode(data)} from a ${this.transport.peer.kind}`);
    this.transport.loseConnection();
  }
}

await react(async (reactor) => {
  await listen(reactor, "unix:echo.sock", () => new Echo());
  for (const endpoint of ["unix:echo.sock", "process:cat", "tcp:localhost"]) {
    await connect(reactor, endpoint, () => new Guest()).addCallbacks(
      (guest) => guest.transport.whenClosed(),
      (error: Error) => console.log(error.message),
    );
  }
});
