/** A room over WebSocket, with a page for it: `node websocket-room.ts`, then open http://127.0.0.1:8080/ in two windows. */
import { formatAddress, run } from "ropewalk";
import { html, htmlResponse, Response, serve, webSocket } from "ropewalk/web";
import { Broadcast, WebSocketProtocol } from "ropewalk/websocket";

const room = new Broadcast<Member>();

class Member extends WebSocketProtocol {
  override connectionMade(): void {
    room.add(this);
  }
  override messageReceived(data: string | Uint8Array): void {
    if (typeof data === "string") room.send(data);
    else this.close(1003, "Text only");
  }
}

const page = html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Room</title>
  <form><input aria-label="Message" autofocus></form><pre></pre>
  <script>
    const socket = new WebSocket(location.origin.replace("http", "ws") + "/room");
    socket.onmessage = ({ data }) => document.querySelector("pre").append(data + "\\n");
    document.forms[0].onsubmit = (event) => {
      event.preventDefault();
      socket.send(document.querySelector("input").value);
      event.target.reset();
    };
  </script></html>`;

const [endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);
await run(async (reactor) => {
  const port = await serve(reactor, endpoint, (request) => {
    if (request.path === "/room")
      return webSocket(reactor, request, new Member(), { limits: { maxMessageBytes: 4_096 } });
    return request.path === "/" ? htmlResponse(page) : new Response("There is nothing here\n", { status: 404 });
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
