"""Runs cases (see line-case.ts) with Twisted's LineReceiver: one case a line in, one trace a line out.

Where contracts differ on purpose from Twisted, the difference is made here or in line-runner.ts, at the smallest place
that makes it:

- Nothing is delivered after loseConnection; Twisted stops the lines of a chunk, not raw bytes and what follows them.
- After loseConnection bytes are not kept, so that what clearLineBuffer gives then is not compared.
- sendLine refuses a line that holds the delimiter, or any newline if the delimiter ends with one; Twisted sends it.
"""
import json
import sys

from twisted.protocols.basic import LineReceiver


class Tape:
    def __init__(self, trace):
        self.trace = trace
        self.disconnecting = False

    def write(self, data):
        self.trace.append(["sent", data.decode("latin-1")])

    def pauseProducing(self):
        self.trace.append(["pause"])

    def resumeProducing(self):
        self.trace.append(["resume"])

    def loseConnection(self):
        self.disconnecting = True
        self.trace.append(["lose"])


class Scripted(LineReceiver):
    def __init__(self, case, trace):
        self.delimiter = case["delimiter"].encode("latin-1")
        self.MAX_LENGTH = case["maxLength"]
        self.callbacks = case["callbacks"]
        self.called = 0
        self.trace = trace

    def lineReceived(self, line):
        self.deliver("line", line)

    def rawDataReceived(self, data):
        self.deliver("raw", data)

    def lineLengthExceeded(self, line):
        self.deliver("long", line)

    def deliver(self, kind, data):
        if self.transport.disconnecting:
            return
        self.trace.append([kind, data.decode("latin-1")])
        actions = self.callbacks[self.called] if self.called < len(self.callbacks) else []
        self.called += 1
        for action in actions:
            if action[0] == "rest" and kind != "raw":
                continue
            if kind == "long" and action[0] in ("data", "line"):
                continue
            self.act(action, data)

    def act(self, action, data=b""):
        verb = action[0]
        if verb == "data":
            self.dataReceived(action[1].encode("latin-1"))
        elif verb == "raw":
            self.setRawMode()
        elif verb == "line":
            self.setLineMode(action[1].encode("latin-1"))
        elif verb == "rest":
            self.setLineMode(data[action[1]:])
        elif verb == "clear" and not self.transport.disconnecting:
            self.trace.append(["cleared", self.clearLineBuffer().decode("latin-1")])
        elif verb == "pause":
            self.pauseProducing()
        elif verb == "resume":
            self.resumeProducing()
        elif verb == "lose":
            self.transport.loseConnection()
        elif verb == "max":
            self.MAX_LENGTH = action[1]
        elif verb == "delimiter":
            self.delimiter = action[1].encode("latin-1")
        elif verb == "send":
            self.send(action[1].encode("latin-1"))

    def send(self, line):
        several = b"\n" in line if self.delimiter.endswith(b"\n") else (line + self.delimiter).find(self.delimiter) < len(line)
        if several:
            self.trace.append(["refused", "LocalLineError"])
        else:
            self.sendLine(line)


def run(case):
    trace = []
    protocol = Scripted(case, trace)
    transport = Tape(trace)
    protocol.makeConnection(transport)
    for step in case["steps"]:
        if not transport.disconnecting or step[0] == "data":
            protocol.act(step)
    return trace


for text in sys.stdin:
    print(json.dumps(run(json.loads(text))))
