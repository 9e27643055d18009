"""
Debian's python3-autobahn, at either end.

"autobahn_peer.py serve KIND" prints its port and says back all that it hears; "close CODE REASON" it obeys.
"autobahn_peer.py call PORT KIND" says some things to an echo, and prints a line for each that came back as it should.
KIND is plain, deflate (with context takeover) or small (windows of 2**9 bytes, no takeover).
"""
import asyncio
import sys

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

THINGS = ["short", "", "h\u00e4\u00df \U0001f600", "all work and no play " * 5000, b"", bytes(range(256)) * 3000]


class Echo(WebSocketServerProtocol):
    def onConnect(self, request):
        return "echo" if "echo" in request.protocols else None

    def onMessage(self, payload, isBinary):
        if not isBinary and payload.startswith(b"close "):
            _, code, reason = payload.decode().split(" ", 2)
            self.sendClose(int(code), reason)
        else:
            self.sendMessage(payload, isBinary)

    def onClose(self, wasClean, code, reason):
        print("closed", code, reason, flush=True)


class Caller(WebSocketClientProtocol):
    def onConnect(self, response):
        print("subprotocol", response.protocol, "extensions", response.extensions, flush=True)

    def onOpen(self):
        self.left = [thing for thing in THINGS for _ in range(3)]
        for thing in self.left:
            isBinary = isinstance(thing, bytes)
            self.sendMessage(thing if isBinary else thing.encode(), isBinary)
        # In frames of two bytes.
        self.left.append("fragments")
        self.sendMessage(b"fragments", False, fragmentSize=2)

    def onMessage(self, payload, isBinary):
        thing = self.left.pop(0)
        assert (payload if isBinary else payload.decode()) == thing
        if len(self.left) % 3 == 1:
            print("same", len(thing), flush=True)
        if not self.left:
            print("joined", thing, flush=True)
            self.sendPing(b"there?")

    def onPong(self, payload):
        assert payload == b"there?"
        print("pong", flush=True)
        self.sendClose(3001, "enough")

    def onClose(self, wasClean, code, reason):
        print("closed", code, flush=True)
        loop.stop()


def accept(kind):
    def accepting(offers):
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                if kind == "deflate":
                    return PerMessageDeflateOfferAccept(offer)
                return PerMessageDeflateOfferAccept(
                    offer,
                    request_no_context_takeover=True,
                    request_max_window_bits=9 if offer.accept_max_window_bits else 0,
                    no_context_takeover=True,
                    window_bits=9,
                )

    return accepting


def agree(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


def offers(kind):
    small = dict(request_no_context_takeover=True, request_max_window_bits=9)
    return [PerMessageDeflateOffer(accept_no_context_takeover=True, accept_max_window_bits=True, **(small if kind == "small" else {}))]


def serve(kind):
    factory = WebSocketServerFactory()
    factory.protocol = Echo
    factory.setProtocolOptions(echoCloseCodeReason=True)
    if kind != "plain":
        factory.setProtocolOptions(perMessageCompressionAccept=accept(kind))
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0))
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.run_forever()


def call(port, kind):
    factory = WebSocketClientFactory(f"ws://127.0.0.1:{port}/path?a=b", protocols=["other", "echo"])
    factory.protocol = Caller
    if kind != "plain":
        factory.setProtocolOptions(perMessageCompressionOffers=offers(kind), perMessageCompressionAccept=agree)
    loop.run_until_complete(loop.create_connection(factory, "127.0.0.1", int(port)))
    loop.run_forever()


# Factories take the loop that is there when they are made.
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    call(sys.argv[2], sys.argv[3])
