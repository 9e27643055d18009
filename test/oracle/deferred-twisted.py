"""Runs Deferred programs (see deferred-program.ts) with Twisted: one program a line in, one trace a line out.

Where contracts differ on purpose from Twisted, the difference is made here, at the smallest place that makes it:

- A link that returns its own Deferred raises; Twisted warns and then hangs.
- The clock stands at a call's own due time while that call runs; Twisted's stands at the end of the advance.
- Deferreds that wait for one another in a circle: what to Twisted's cancel is a RecursionError is an error of its own.
- gatherResults consumes the error that it passes on; Twisted consumes all errors or none.
"""
import json
import sys

from twisted.internet.defer import (
    AlreadyCalledError,
    CancelledError,
    Deferred,
    DeferredList,
    FirstError,
    TimeoutError,
    inlineCallbacks,
)
from twisted.internet.task import Clock
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure


class Planned(Exception):
    """An error that the program asks for."""


class Refused(Exception):
    """What the difference list above calls an error."""


class StepClock(Clock):
    def advance(self, amount):
        end = self.rightNow + amount
        while self.calls and self.calls[0].getTime() <= end:
            call = self.calls.pop(0)
            self.rightNow = max(self.rightNow, call.getTime())
            call.called = 1
            call.func(*call.args, **call.kw)
        self.rightNow = end


class Run:
    def __init__(self, program):
        self.trace = []
        self.clock = StepClock()
        self.table = []
        self.cancelling = set()
        self.bodies = 0
        for canceller in program["deferreds"]:
            self.table.append(Deferred(self.canceller(len(self.table), canceller)))
        self.do(program["ops"])
        for index, deferred in enumerate(list(self.table)):
            self.say(f"end {index} called={bool(deferred.called)}")
            deferred.addBoth(lambda result, index=index: self.say(f"end {index} {self.show(result)}"))

    def say(self, text):
        self.trace.append(text)

    def at(self, index):
        return self.table[index % len(self.table)]

    def show(self, value):
        if isinstance(value, Failure):
            return "error " + self.name(value.value)
        if isinstance(value, Deferred):
            return "deferred"
        if value is None:
            return "nothing"
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(self.show(each) for each in value) + "]"
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"value {value}"

    def name(self, error):
        if isinstance(error, FirstError):
            return f"first {error.index} {self.name(error.subFailure.value)}"
        if isinstance(error, TimeoutError):
            return f"timeout {error.args[0]}"
        if isinstance(error, AlreadyCalledError):
            return "already called"
        if isinstance(error, CancelledError):
            return "cancelled"
        if isinstance(error, (Planned, Refused)):
            return str(error)
        if isinstance(error, RecursionError):
            return "circle"
        return f"unexpected {error!r}"

    def canceller(self, index, canceller):
        if canceller is None:
            return None

        def cancel(deferred):
            self.say(f"canceller {index} own={deferred is self.table[index]}".lower())
            if index in self.cancelling:
                return
            self.cancelling.add(index)
            self.do(canceller["ops"])
            if canceller["throws"] is not None:
                raise Planned(canceller["throws"])

        return cancel

    def link(self, own, link):
        if link is None:
            return lambda result: result

        def run(result):
            self.say(f"link {link['id']} {self.show(result)}")
            self.do(link["ops"])
            return self.end(link["end"], result, own)

        return run

    def end(self, end, result, own):
        kind = end[0]
        if kind == "same":
            if result is own:
                raise Refused("self")
            return result
        if kind == "value":
            return end[1]
        if kind == "throw":
            raise Planned(end[1])
        if kind == "deferred":
            if self.at(end[1]) is own:
                raise Refused("self")
            return self.at(end[1])
        return None

    def do(self, ops):
        for op in ops:
            try:
                getattr(self, "do_" + op[0])(*op[1:])
            except BaseException as error:
                self.say(f"{op[0]} threw {self.name(error)}")

    def do_link(self, index, style, on_value, on_error):
        own = self.at(index)
        value, error = self.link(own, on_value), self.link(own, on_error)
        if style == "callback":
            own.addCallback(value)
        elif style == "errback":
            own.addErrback(error)
        elif style == "both":
            own.addBoth(value)
        else:
            own.addCallbacks(value, error)

    def do_callback(self, index, value):
        self.at(index).callback(value)

    def do_callbackDeferred(self, index, value):
        try:
            self.at(index).callback(self.at(value))
        except AssertionError:
            raise Refused("not a value") from None

    def do_errback(self, index, name):
        self.at(index).errback(Failure(Planned(name)))

    def do_cancel(self, index):
        if self.bodies > 0:
            self.say("cancel not now")
            return
        self.at(index).cancel()

    def do_pause(self, index):
        self.at(index).pause()

    def do_unpause(self, index):
        self.at(index).unpause()

    def do_timeout(self, index, ms):
        self.at(index).addTimeout(ms, self.clock)

    def do_advance(self, ms):
        self.clock.advance(ms)

    def do_called(self, index):
        self.say(f"called {bool(self.at(index).called)}".lower())

    def do_list(self, indexes):
        self.table.append(DeferredList([self.at(index) for index in indexes], consumeErrors=True))

    def do_gather(self, indexes):
        members = [self.at(index) for index in indexes]
        first = []
        taken = []

        def consume(failure, index):
            if first and first[0] == index and not taken:
                taken.append(index)
                return None
            return failure

        def note(failure):
            first.append(failure.value.index)
            return failure

        gathered = DeferredList(members, fireOnOneErrback=True, consumeErrors=False)
        gathered.addErrback(note)
        for index, member in enumerate(members):
            member.addErrback(consume, index)
        gathered.addCallback(lambda outcomes: [value for _, value in outcomes])
        self.table.append(gathered)

    def do_coroutine(self, steps, end):
        @inlineCallbacks
        def body():
            result = None
            self.bodies += 1
            try:
                for step in steps:
                    self.do(step["ops"])
                    if step["wait"] is None:
                        continue
                    self.bodies -= 1
                    try:
                        result = yield self.at(step["wait"])
                        self.bodies += 1
                        self.say(f"body {step['id']} {self.show(result)}")
                    except Exception as error:
                        self.bodies += 1
                        self.say(f"body {step['id']} error {self.name(error)}")
                        if not step["catches"]:
                            raise
                        result = None
                if end[0] == "throw":
                    raise Planned(end[1])
                if end[0] == "value":
                    return end[1]
                return None if isinstance(result, Deferred) else result
            finally:
                self.bodies -= 1

        self.table.append(body())


globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)
for line in sys.stdin:
    sys.stdout.write(json.dumps(Run(json.loads(line)).trace) + "\n")
