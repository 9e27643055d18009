"""A twisted.web server: /echo says back what it is sent, /parts is streamed, all else is 404."""

import sys

from twisted.internet import reactor
from twisted.web import resource, server


class Echo(resource.Resource):
    isLeaf = True

    def render_POST(self, request):
        return request.content.read()


class Parts(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        self.part(request, 0)
        return server.NOT_DONE_YET

    def part(self, request, number):
        request.write(b"part %d\n" % number)
        if number == 2:
            request.finish()
        else:
            reactor.callLater(0.01, self.part, request, number + 1)


root = resource.Resource()
root.putChild(b"echo", Echo())
root.putChild(b"parts", Parts())
reactor.listenTCP(int(sys.argv[1]), server.Site(root), interface="127.0.0.1")
reactor.run()
