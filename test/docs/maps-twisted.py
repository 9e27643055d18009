"""Says which of some names Twisted does not have: reads them as a JSON list, writes the missing ones as another."""
import importlib
import importlib.util
import json
import sys

MODULES = """
    application.internet application.service application.strports
    conch.manhole
    cred.checkers cred.error cred.portal
    internet.asyncioreactor internet.defer internet.endpoints internet.error internet.interfaces internet.protocol
    internet.selectreactor internet.ssl internet.stdio internet.task internet.testing internet.threads
    logger plugin
    protocols.amp protocols.basic protocols.finger protocols.haproxy protocols.ident protocols.loopback
    protocols.memcache protocols.policies protocols.portforward protocols.socks protocols.wire
    python.components python.failure python.logfile python.usage
    runner.procmon
    trial.unittest trial.util
    web.client web.guard web.proxy web.resource web.server web.static web.template web.vhost web.wsgi
    internet.reactor
""".split()


def has(value, path):
    """Whether attributes lead from a value to the end of a path; an interface has what it declares."""
    for name in path:
        if hasattr(value, "names") and hasattr(value, "providedBy"):
            return name in value.names(all=True)
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True


def is_there(name):
    head, *path = name.split(".")
    if head == "twisted":
        # Not imported: what a module needs besides may be absent.
        return importlib.util.find_spec(name) is not None
    # Both `error.ConnectError` and `error.UnauthorizedLogin`: modules of one name are asked in turn.
    named = [module for module in MODULES if module.split(".")[-1] == head]
    if any(has(importlib.import_module("twisted." + module), path) for module in named):
        return True
    return any(has(importlib.import_module("twisted." + module), [head, *path]) for module in MODULES)


print(json.dumps([name for name in json.load(sys.stdin) if not is_there(name)]))
