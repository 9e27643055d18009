"""Takes the mean of numbers for whoever calls, and tells them how far it is: python3 amp_mean.py 1234"""
import sys

from twisted.internet import defer, endpoints, task
from twisted.internet.protocol import Factory
from twisted.protocols import amp


class NoNumbers(Exception): ...


class Mean(amp.Command):
    arguments = [(b"numbers", amp.ListOf(amp.Float()))]
    response = [(b"mean", amp.Float())]
    errors = {NoNumbers: b"NO_NUMBERS"}


class Progress(amp.Command):
    arguments = [(b"done", amp.Integer()), (b"total", amp.Integer())]


class Calculator(amp.AMP):
    @Mean.responder
    @defer.inlineCallbacks
    def mean(self, numbers):
        if not numbers:
            raise NoNumbers("there are no numbers")
        for done in range(1, len(numbers) + 1):
            yield self.callRemote(Progress, done=done, total=len(numbers))
        return {"mean": sum(numbers) / len(numbers)}


async def main(reactor, port):
    server = endpoints.TCP4ServerEndpoint(reactor, int(port), interface="127.0.0.1")
    listening = await server.listen(Factory.forProtocol(Calculator))
    print(f"Listening on 127.0.0.1:{listening.getHost().port}", flush=True)
    await defer.Deferred()  # until Ctrl-C


task.react(main, sys.argv[1:])
