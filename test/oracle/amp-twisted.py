"""Reads calls of the command All (see amp.test.ts) as Twisted does, and writes them again: a box a line in, and out, in hex."""
import json
import sys

from twisted.protocols import amp


class All(amp.Command):
    arguments = [
        (b"integer", amp.Integer()),
        (b"big", amp.Integer()),
        (b"Bytes", amp.String()),
        (b"text", amp.Unicode()),
        (b"flag", amp.Boolean()),
        (b"float", amp.Float()),
        (b"decimal", amp.Decimal()),
        (b"moment", amp.DateTime()),
        (b"path", amp.Path()),
        (b"list", amp.ListOf(amp.ListOf(amp.Float()))),
        (b"rows", amp.AmpList([(b"id", amp.Integer()), (b"names", amp.ListOf(amp.Unicode(), optional=True))])),
        (b"perhaps", amp.Unicode(optional=True)),
    ]


for line in sys.stdin:
    [box] = amp.parseString(bytes.fromhex(json.loads(line)))
    again = All.makeArguments(All.parseArguments(box, None), None)
    again[amp.COMMAND] = All.commandName
    print(json.dumps(again.serialize().hex()))
