"""twisted.web as people write it."""

import sys

from twisted.internet import reactor, stdio
from twisted.internet.protocol import Protocol
from twisted.web import resource, server


class Hello(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader(b"content-type", b"text/plain;charset=UTF-8")
        return b"Hello, ropewalk!\n"


class UntilEnd(Protocol):
    def connectionLost(self, reason):
        reactor.stop()


port = reactor.listenTCP(0, server.Site(Hello()), interface="127.0.0.1")
print(f"port {port.getHost().port}", flush=True)
stdio.StandardIO(UntilEnd())
reactor.run()
