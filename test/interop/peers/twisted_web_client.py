"""Twisted's Agent against the application of test/interop/support/web-app.ts: `twisted_web_client.py PORT`."""
import hashlib
import json
import sys
from io import BytesIO

from twisted.internet import defer, task
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH

url = f"http://127.0.0.1:{sys.argv[1]}".encode()


@defer.inlineCallbacks
def main(reactor):
    pool = HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = 1
    agent = Agent(reactor, pool=pool)

    @defer.inlineCallbacks
    def ask(method, path, body=None):
        answer = yield agent.request(method, url + path, Headers({"X-Rope": ["hemp", "jute"]}), body)
        text = yield readBody(answer)
        return answer.code, text.decode()

    told = json.loads((yield ask(b"GET", b"/echo?a=b"))[1])
    assert (told["method"], told["headers"]["x-rope"]) == ("GET", "hemp, jute"), told
    data = bytes(range(256)) * 2_000
    line = f"{len(data)} {hashlib.sha256(data).hexdigest()}\n"
    assert (yield ask(b"POST", b"/upload", FileBodyProducer(BytesIO(data)))) == (200, line)
    unknown = FileBodyProducer(BytesIO(data))
    unknown.length = UNKNOWN_LENGTH
    assert (yield ask(b"PUT", b"/upload", unknown)) == (200, line)
    code, text = yield ask(b"GET", b"/parts?count=1000&bytes=100")
    assert (code, len(text)) == (200, 100_000), (code, len(text))
    assert (yield ask(b"HEAD", b"/known?bytes=77")) == (200, "")
    assert (yield ask(b"GET", b"/nothing")) == (204, "")
    assert (yield ask(b"GET", b"/elsewhere")) == (404, "Nothing at /elsewhere\n")
    yield pool.closeCachedConnections()
    print("all is well")


task.react(main)
