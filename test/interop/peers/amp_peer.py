"""
Twisted's AMP, at either end.

"amp_peer.py serve KEY CERT" prints its port, answers, and prints what it is told by one-way calls.
"amp_peer.py call PORT ROOT" calls everything that a server of ours has, and prints a line for each answer.
"""
import datetime
import decimal
import sys

from twisted.internet import defer, endpoints, protocol, reactor, ssl
from twisted.protocols import amp
from twisted.python import filepath


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Hot(Exception):
    pass


class Divide(amp.Command):
    arguments = [(b"numerator", amp.Integer()), (b"denominator", amp.Integer())]
    response = [(b"result", amp.Float())]
    errors = {ZeroDivisionError: b"ZERO_DIVISION"}
    fatalErrors = {Hot: b"HOT"}


FIELDS = [
    (b"integer", amp.Integer()),
    (b"Bytes", amp.String()),
    (b"text", amp.Unicode()),
    (b"flag", amp.Boolean()),
    (b"float", amp.Float()),
    (b"decimal", amp.Decimal()),
    (b"moment", amp.DateTime()),
    (b"path", amp.Path()),
    (b"list", amp.ListOf(amp.Float())),
    (b"rows", amp.AmpList([(b"id", amp.Integer()), (b"names", amp.ListOf(amp.Unicode(), optional=True))])),
    (b"perhaps", amp.Unicode(optional=True)),
]


class All(amp.Command):
    arguments = FIELDS
    response = FIELDS


class Fail(amp.Command):
    pass


class Unknown(amp.Command):
    pass


class Note(amp.Command):
    requiresAnswer = False
    arguments = [(b"text", amp.Unicode())]


class CallBack(amp.Command):
    """Is answered with what the caller's own Sum says."""

    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Upgrade(amp.ProtocolSwitchCommand):
    arguments = [(b"greeting", amp.Unicode())]


class Shout(protocol.Protocol):
    def __init__(self, greeting):
        self.greeting = greeting

    def connectionMade(self):
        self.transport.write(self.greeting.encode())

    def dataReceived(self, data):
        self.transport.write(data.upper())


class Calculator(amp.AMP):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}

    @Divide.responder
    def divide(self, numerator, denominator):
        if denominator > 1000:
            raise Hot("too hot")
        return {"result": numerator / denominator}

    @All.responder
    def all(self, **values):
        later = defer.Deferred()
        reactor.callLater(0, later.callback, values)
        return later

    @Fail.responder
    def fail(self):
        raise RuntimeError("secret")

    @Note.responder
    def note(self, text):
        print("note", text, flush=True)
        return {}

    @CallBack.responder
    def callBack(self, a, b):
        return self.callRemote(Sum, a=a, b=b)

    @Upgrade.responder
    def upgrade(self, greeting):
        return Shout(greeting)


class Server(Calculator):
    @amp.StartTLS.responder
    def startTls(self):
        return {"tls_localCertificate": certificate}


class Listener(protocol.Protocol):
    """Says what it hears as one line, once that is as long as it should be."""

    def __init__(self, length):
        self.length = length
        self.heard = b""
        self.done = defer.Deferred()

    def connectionMade(self):
        self.transport.write(b"quiet")

    def dataReceived(self, data):
        self.heard += data
        if len(self.heard) == self.length:
            self.done.callback(self.heard.decode())


@defer.inlineCallbacks
def calls(port, root):
    say(f"listening to {port}")
    point = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)

    def connected():
        return endpoints.connectProtocol(point, Calculator())

    client = yield connected()
    say((yield client.callRemote(Sum, a=13, b=81)))
    say((yield client.callRemote(Divide, numerator=1, denominator=3)))
    yield refused(client.callRemote(Divide, numerator=1, denominator=0))
    yield refused(client.callRemote(Unknown))
    say((yield client.callRemote(CallBack, a=4, b=5)))
    client.callRemote(Note, text="ahoi \u00e9")
    moment = datetime.datetime(2012, 1, 23, 12, 34, 56, 54321, tzinfo=amp.utc)
    values = dict(
        integer=-12,
        Bytes=bytes(range(256)) * 255 + bytes(255),
        text="\u00e9\U0001f4a7",
        flag=True,
        float=0.1,
        decimal=decimal.Decimal("1.50"),
        moment=moment,
        path=filepath.FilePath("/tmp/a"),
        list=[1.0, 1e16, 1e-5, float("inf"), -0.0],
        rows=[dict(id=1), dict(id=2, names=["x", ""])],
    )
    answer = yield client.callRemote(All, **values)
    say(f"{len(answer['Bytes'])} bytes,", "the same" if answer == dict(values, **completed(answer)) else answer)
    many = [client.callRemote(Sum, a=n, b=n) for n in range(2000)]
    totals = yield defer.gatherResults(many)
    say(sum(each["total"] for each in totals))

    secured = yield connected()
    authorities = [ssl.Certificate.loadPEM(open(root).read())]
    turned = secured.callRemote(amp.StartTLS, tls_verifyAuthorities=authorities)
    early = secured.callRemote(Sum, a=1, b=2)
    yield turned
    # The handshake is over when what waited for it is answered.
    answer = yield early
    say("secured by", secured.transport.getPeerCertificate().get_subject().CN, answer)
    secured.transport.loseConnection()

    switched = yield connected()
    factory = protocol.ClientFactory()
    listener = Listener(len("helloQUIET"))
    factory.buildProtocol = lambda _: listener
    yield switched.callRemote(Upgrade, factory, greeting="hello")
    say((yield listener.done))
    switched.transport.loseConnection()

    for command, values in ((Divide, dict(numerator=1, denominator=1001)), (Fail, {})):
        failing = yield connected()
        waiting = failing.callRemote(CallBack, a=-1, b=-1)
        yield refused(failing.callRemote(command, **values))
        yield refused(waiting)
    client.transport.loseConnection()


def completed(answer):
    """What Twisted adds to values that were left out."""
    return {"perhaps": None, "rows": [dict(id=1, names=None), dict(id=2, names=["x", ""])]}


@defer.inlineCallbacks
def refused(call):
    try:
        say("no error but", (yield call))
    except Exception as error:
        say(type(error).__name__, error)


def say(*words):
    print(*words, flush=True)


def ended(failure):
    if failure is not None:
        failure.printTraceback(sys.stdout)
    reactor.stop()


if sys.argv[1] == "serve":
    certificate = ssl.PrivateCertificate.loadPEM(open(sys.argv[2]).read() + open(sys.argv[3]).read())
    factory = protocol.Factory.forProtocol(Server)
    say("port", reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port)
else:
    calls(int(sys.argv[2]), sys.argv[3]).addBoth(ended)
reactor.run()
