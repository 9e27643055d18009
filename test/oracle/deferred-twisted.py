"""Runs Deferred programs (see deferred-program.ts) with Twisted: one program a line in, one trace a line out.

Where contracts differ on purpose from Twisted, the difference is made here, at the smallest place that makes it:

- A link that returns its own Deferred raises; Twisted warns and then hangs.
- The clock stands at a call's own due time while that call runs; Twisted's stands at the end of the advance.
- Deferreds that wait for one another in a circle: what to Twisted's cancel is a RecursionError is an error of its own.
- Only a coroutine and a group fire their Deferreds; whether these count as called between two cancels is their affair.
- A group leaves a value where it is, so that it can be taken while the group's links run; in Twisted the value comes back
  after that. So in programs with groups, no link returns a Deferred.
- A coroutine can be cancelled while its Deferred is paused; in Twisted that waits for unpause(). So these are not paused.
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
        try:
            while self.calls and self.calls[0].getTime() <= end:
                call = self.calls.pop(0)
                self.rightNow = max(self.rightNow, call.getTime())
                call.called = 1
                call.func(*call.args, **call.kw)
        finally:
            self.rightNow = end


class Gathering(DeferredList):
    first = None

    def _cbDeferred(self, result, index, succeeded):
        if not succeeded and self.first is None:
            self.first = index
        passed_on = super()._cbDeferred(result, index, succeeded)
        return None if self.first == index else passed_on


class Run:
    def __init__(self, program):
        self.trace = []
        self.clock = StepClock()
        self.table = []
        self.cancelling = set()
        self.composites = set()
        self.bodies = 0
        self.kind = program["kind"]
        self.unbalanced = self.kind == "unbalanced"
        self.pauses = {}
        for canceller in program["deferreds"]:
            self.table.append(Deferred(self.canceller(len(self.table), canceller)))
        self.do(program["ops"])
        for index, deferred in enumerate(list(self.table)):
            self.do_called(index)
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
            inner = self.at(end[1])
            forward = self.place(inner) > self.place(own)
            if self.kind == "groups":
                return None
            if self.kind == "unbalanced" and not forward:
                return None
            if self.kind == "cancelledCoroutines" and (not forward or inner in self.composites):
                return None
            if inner is own:
                raise Refused("self")
            return inner
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

    def place(self, deferred):
        return [each is deferred for each in self.table].index(True)

    def is_later(self, index, number):
        return index % len(self.table) >= max(number, len(self.table) - len(self.composites))

    def compose(self, deferred):
        self.composites.add(deferred)
        self.table.append(deferred)

    def own(self, index):
        deferred = self.at(index)
        if deferred in self.composites:
            raise Refused("not yours")
        return deferred

    def do_callback(self, index, value):
        self.own(index).callback(value)

    def do_callbackDeferred(self, index, value):
        try:
            self.own(index).callback(self.at(value))
        except AssertionError:
            raise Refused("not a value") from None

    def do_errback(self, index, name):
        self.own(index).errback(Failure(Planned(name)))

    def do_cancel(self, index):
        if self.bodies > 0:
            self.say("cancel not now")
            return
        self.at(index).cancel()

    def do_pause(self, index):
        deferred = self.own(index)
        self.pauses[deferred] = self.pauses.get(deferred, 0) + 1
        deferred.pause()

    def do_unpause(self, index):
        deferred = self.at(index)
        if self.pauses.get(deferred, 0) == 0 and not self.unbalanced:
            raise Refused("not paused")
        self.pauses[deferred] = self.pauses.get(deferred, 0) - 1
        deferred.unpause()

    def do_timeout(self, index, ms):
        self.at(index).addTimeout(ms, self.clock)

    def do_advance(self, ms):
        self.clock.advance(ms)

    def do_called(self, index):
        deferred = self.at(index)
        self.say("called " + ("unknown" if deferred in self.composites else str(bool(deferred.called)).lower()))

    def do_list(self, indexes):
        self.compose(DeferredList([self.at(index) for index in indexes], consumeErrors=True))

    def do_gather(self, indexes):
        gathered = Gathering([self.at(index) for index in indexes], fireOnOneErrback=True)
        gathered.addCallback(lambda outcomes: [value for _, value in outcomes])
        self.compose(gathered)

    def do_coroutine(self, steps, end):
        if self.kind == "cancelledCoroutines" and len(self.composites) >= 2:
            raise Refused("no more")
        number = len(self.table)

        @inlineCallbacks
        def body():
            result = None
            self.bodies += 1
            try:
                for step in steps:
                    self.do(step["ops"])
                    if step["wait"] is None or self.is_later(step["wait"], number):
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

        self.compose(body())


globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)
for line in sys.stdin:
    sys.stdout.write(json.dumps(Run(json.loads(line)).trace) + "\n")
