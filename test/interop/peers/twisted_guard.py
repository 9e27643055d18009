"""Twisted's web server with a guarded page at /secret: scheme ("basic" or "digest"), user, password. Prints its port."""
import sys

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.web.guard import BasicCredentialFactory, DigestCredentialFactory, HTTPAuthSessionWrapper
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site
from twisted.web.static import Data
from zope.interface import implementer

scheme, user, password = sys.argv[1:]


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar_id, mind, *interfaces):
        return IResource, Data(b"knots", "text/plain"), lambda: None


checker = InMemoryUsernamePasswordDatabaseDontUse(**{user: password.encode()})
factories = {
    "basic": BasicCredentialFactory(b"ropes"),
    "digest": DigestCredentialFactory(b"md5", b"ropes"),
}
root = Resource()
root.putChild(b"secret", HTTPAuthSessionWrapper(Portal(Realm(), [checker]), [factories[scheme]]))
port = reactor.listenTCP(0, Site(root), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
