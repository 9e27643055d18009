"""
Twisted peers that speak lines, as many as are asked for: `twisted_peer.py key.pem cert.pem root.pem`.

Commands come by standard input, one a line: "N listen DESCRIPTION" and "N connect DESCRIPTION" make the peer N; then "N send TEXT",
"N long LENGTH", "N lose", "N abort", "N half" and "N starttls" are for its transport. Whatever happens to the peer N is printed
with N before it: "at PORT", "made", "> LINE", "half" for the other's end of stream, "lost REASON", "failed REASON". A line
"echo TEXT" is answered with TEXT, "starttls" with "go ahead" and TLS as the server.
"""
import sys

from twisted.internet import endpoints, interfaces, reactor, ssl, stdio
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

key, cert, root = [open(name).read() for name in sys.argv[1:]]
peers = {}


# Not IHandshakeListener as well: a client endpoint of Twisted 22.4 keeps one of the two and forgets the other.
@implementer(interfaces.IHalfCloseableProtocol)
class Peer(LineReceiver):
    MAX_LENGTH = 1 << 22

    def __init__(self, number):
        self.number = number

    def say(self, *words):
        print(self.number, *words, flush=True)

    def connectionMade(self):
        peers[self.number] = self
        self.say("made")

    def lineReceived(self, line):
        text = line.decode()
        self.say(">", text if len(text) < 100 else f"({len(text)} characters)")
        if text.startswith("echo "):
            self.sendLine(line[5:])
        if text == "starttls":
            self.sendLine(b"go ahead")
            self.transport.startTLS(ssl.PrivateCertificate.loadPEM(key + cert).options())

    def readConnectionLost(self):
        self.say("half")
        self.sendLine(b"heard all")
        self.transport.loseConnection()

    def writeConnectionLost(self):
        pass

    def connectionLost(self, reason):
        self.say("lost", reason.type.__name__)


class Maker(Factory):
    def __init__(self, number):
        self.number = number

    def buildProtocol(self, address):
        return Peer(self.number)

    def at(self, port):
        where = port.getHost()
        print(self.number, "at", getattr(where, "port", None) or where.name.decode(), flush=True)

    def failed(self, failure):
        print(self.number, "failed", failure.type.__name__, failure.getErrorMessage(), flush=True)


class Console(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        number, verb, *rest = line.decode().split(" ", 2)
        if verb == "listen":
            maker = Maker(number)
            endpoints.serverFromString(reactor, rest[0]).listen(maker).addCallbacks(maker.at, maker.failed)
        elif verb == "connect":
            maker = Maker(number)
            endpoints.clientFromString(reactor, rest[0]).connect(maker).addErrback(maker.failed)
        else:
            self.tell(peers[number], verb, *rest)

    def tell(self, peer, verb, text=""):
        if verb == "send":
            peer.sendLine(text.encode())
        elif verb == "long":
            peer.sendLine(b"x" * int(text))
        elif verb == "lose":
            peer.transport.loseConnection()
        elif verb == "abort":
            peer.transport.abortConnection()
        elif verb == "half":
            peer.transport.loseWriteConnection()
        elif verb == "starttls":
            trust = ssl.Certificate.loadPEM(root)
            peer.transport.startTLS(ssl.optionsForClientTLS("localhost", trustRoot=trust))
        else:
            raise ValueError(verb)

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


stdio.StandardIO(Console())
reactor.run()
