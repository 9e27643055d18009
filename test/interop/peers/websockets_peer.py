"""
Debian's python3-websockets, at either end.

"websockets_peer.py serve KIND" prints its port and says back all that it hears; "close CODE REASON" it obeys.
"websockets_peer.py call PORT KIND" says some things to an echo, and prints a line for each that came back as it should.
KIND is plain, deflate (with context takeover) or small (windows of 2**9 bytes, no takeover).
"""
import asyncio
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

SMALL = dict(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=9,
    client_max_window_bits=9,
)


def options(kind, factory):
    extensions = {"plain": [], "deflate": [factory()], "small": [factory(**SMALL)]}[kind]
    return dict(compression=None, extensions=extensions, max_size=None)


async def serve(kind):
    async def echo(socket):
        try:
            async for message in socket:
                if isinstance(message, str) and message.startswith("close "):
                    _, code, reason = message.split(" ", 2)
                    await socket.close(int(code), reason)
                    return
                await socket.send(message)
        except websockets.ConnectionClosedError:
            pass  # So it calls every code but 1000 and 1001.
        print("closed", socket.close_code, socket.close_reason, flush=True)

    choice = dict(subprotocols=["echo"], **options(kind, ServerPerMessageDeflateFactory))
    async with websockets.serve(echo, "127.0.0.1", 0, **choice) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def call(port, kind):
    choice = dict(subprotocols=["other", "echo"], **options(kind, ClientPerMessageDeflateFactory))
    async with websockets.connect(f"ws://127.0.0.1:{port}/path?a=b", **choice) as socket:
        print("subprotocol", socket.subprotocol, "extensions", [each.name for each in socket.extensions], flush=True)
        for message in ["short", "", "h\u00e4\u00df \U0001f600", "all work and no play " * 5000, b"", bytes(range(256)) * 3000]:
            for _ in range(3):
                await socket.send(message)
            for _ in range(3):
                assert await socket.recv() == message
            print("same", len(message), flush=True)
        await socket.send(iter(["frag", "ments"]))
        print("joined", await socket.recv(), flush=True)
        await (await socket.ping(b"there?"))
        print("pong", flush=True)
        await socket.close(3001, "enough")
        print("closed", socket.close_code, flush=True)


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2]))
else:
    asyncio.run(call(sys.argv[2], sys.argv[3]))
