"""Twisted on its epoll reactor, as its users write it. Modes: echo, lines, sink, source, amp, proxied."""

import resource
import sys

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import interfaces, protocol, reactor, stdio  # noqa: E402
from twisted.protocols import amp, basic  # noqa: E402
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory  # noqa: E402
from zope.interface import implementer  # noqa: E402

MIB = 1 << 20
CHUNK = bytes(i % 251 for i in range(65536))


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class Lines(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class Sink(protocol.Protocol):
    """Answers each MiB with that MiB's last byte."""

    read = 0

    def dataReceived(self, data):
        at = MIB - self.read % MIB
        while at <= len(data):
            self.transport.write(data[at - 1 : at])
            at += MIB
        self.read += len(data)


@implementer(interfaces.IPushProducer)
class Source(protocol.Protocol):
    """Sends 16 chunks of 64 KiB for each byte that it reads."""

    owed = 0
    paused = False

    def connectionMade(self):
        self.transport.registerProducer(self, True)

    def dataReceived(self, data):
        self.owed += 16 * len(data)
        self.pump()

    def pump(self):
        while self.owed and not self.paused:
            self.owed -= 1
            self.transport.write(CHUNK)

    def pauseProducing(self):
        self.paused = True

    def resumeProducing(self):
        self.paused = False
        self.pump()

    def stopProducing(self):
        self.owed = 0


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Calculator(amp.AMP):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}


class Parent(protocol.Protocol):
    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
modes = {"echo": Echo, "lines": Lines, "sink": Sink, "source": Source, "amp": Calculator, "proxied": Echo}
factory = protocol.Factory.forProtocol(modes[sys.argv[1]])
factory.noisy = False
if sys.argv[1] == "proxied":
    factory = HAProxyWrappingFactory(factory)
    factory.noisy = False
port = reactor.listenTCP(0, factory, backlog=511, interface="127.0.0.1")
print(f"port {port.getHost().port}", flush=True)
stdio.StandardIO(Parent())
reactor.run()
