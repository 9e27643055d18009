"""Runs programs of looping calls (one JSON object a line) in Twisted, and prints what happened (one JSON array a line)."""

import json
import sys

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock, LoopingCall


class Runner:
    def __init__(self, clock, loop, index, trace):
        self.clock = clock
        self.calls = loop["calls"]
        self.index = index
        self.trace = trace
        self.made = 0
        self.waiting = None
        if loop["withCount"]:
            self.loop = LoopingCall.withCount(self.call)
        else:
            self.loop = LoopingCall(lambda: self.call(None))
        self.loop.clock = clock

    def take(self, step):
        if step["do"] == "start":
            self.start(step["interval"], step["runNow"])
        elif step["do"] in ("stop", "reset"):
            self.attempt(step["do"])
        elif step["do"] == "fire":
            self.settle(lambda waiting: waiting.callback(None))
        else:
            self.settle(lambda waiting: waiting.errback(Exception("failed later")))

    def start(self, interval, run_now):
        if not self.loop.running and self.waiting is not None:
            return
        # [ours] Twisted counts across a stop and a new start, by the new interval; here every start counts anew.
        if not self.loop.running:
            self.loop._realLastTime = None
        try:
            done = self.loop.start(interval, now=run_now)
        except AssertionError:
            self.note("refused start", True)
            return
        done.addCallbacks(
            lambda _: self.note("ended", self.clock.seconds()),
            lambda failure: self.note("failed", self.clock.seconds(), str(failure.value)),
        )

    def attempt(self, verb):
        try:
            getattr(self.loop, verb)()
        except AssertionError:
            self.note("refused " + verb, True)

    def settle(self, how):
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            how(waiting)

    def call(self, count):
        call = self.calls[self.made % len(self.calls)]
        self.made += 1
        self.note("called", self.clock.seconds(), count)
        if call["first"] != "nothing":
            self.attempt(call["first"])
        if call["next"] == "throw":
            raise Exception("thrown")
        if call["next"] == "wait":
            self.waiting = Deferred()
            return self.waiting
        if call["next"] == "fired":
            return succeed("ignored")
        if call["next"] == "failed":
            return fail(Exception("failed at once"))
        return "ignored"

    def note(self, what, *more):
        self.trace.append([what, self.index, *more])


def advance(clock, by, late):
    """Twisted's Clock shows every call the end of the advance: one that cannot run earlier. [ours] shows each call its
    own due time; stepping from one due time to the next has Twisted's do the same."""
    end = clock.seconds() + by
    while not late:
        due = [call.getTime() for call in clock.getDelayedCalls() if call.getTime() <= end]
        if not due:
            break
        clock.advance(min(due) - clock.seconds())
    clock.advance(end - clock.seconds())


def run(program):
    clock = Clock()
    trace = []
    runners = [Runner(clock, loop, index, trace) for index, loop in enumerate(program["loops"])]
    for step in program["steps"]:
        if step["do"] == "advance":
            advance(clock, step["by"], step["late"])
        else:
            runners[step["loop"]].take(step)
        trace.append(["due"] + [call.getTime() for call in clock.getDelayedCalls()])
        trace.append(["running"] + [runner.loop.running for runner in runners])
    return trace


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))))
