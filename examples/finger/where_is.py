"""Asks the service where somebody is, from Python with Twisted: python3 where_is.py 1234 ann"""

import sys
from twisted.internet import endpoints, task
from twisted.protocols import amp


class NoSuchUser(Exception):
    pass


class GetStatus(amp.Command):
    arguments = [(b"name", amp.Unicode())]
    response = [(b"status", amp.Unicode())]
    errors = {NoSuchUser: b"NO_SUCH_USER"}


async def main(reactor, port, name):
    where = endpoints.clientFromString(reactor, f"tcp:localhost:{port}")
    caller = await endpoints.connectProtocol(where, amp.AMP())
    try:
        print((await caller.callRemote(GetStatus, name=name))["status"])
    except NoSuchUser as error:
        print(error)


task.react(main, sys.argv[1:])
