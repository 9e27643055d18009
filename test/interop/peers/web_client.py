"""Python's own clients against the application of test/interop/support/web-app.ts: `web_client.py PORT`."""
import hashlib
import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

port = int(sys.argv[1])
url = f"http://127.0.0.1:{port}"


def line(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}\n"


connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
connection.request("GET", "/hello")
mine = connection.sock.getsockname()


def ask(*args, **kwargs):
    connection.request(*args, **kwargs)
    answer = connection.getresponse()
    body = answer.read()
    assert connection.sock is not None and connection.sock.getsockname() == mine, "the connection was given up"
    return answer, body.decode()


first = connection.getresponse()
assert first.read() == b"hello\n" and first.version == 11, first
answer, text = ask("HEAD", "/known?bytes=77")
assert (answer.getheader("Content-Length"), text) == ("77", ""), answer.headers
data = bytes(range(256)) * 2_000
answer, text = ask("POST", "/upload", body=data)
assert text == line(data), text
answer, text = ask("PUT", "/upload", body=iter([data, b"more"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
assert text == line(data + b"more"), text
answer, text = ask("GET", "/parts?count=1000&bytes=100")
assert len(text) == 100_000 and answer.getheader("Transfer-Encoding") == "chunked", len(text)
answer, text = ask("GET", "/nothing")
assert (answer.status, text) == (204, ""), answer.status
answer, text = ask("OPTIONS", "/echo")
assert json.loads(text)["method"] == "OPTIONS", text
answer, text = ask("GET", "/elsewhere")
assert (answer.status, text) == (404, "Nothing at /elsewhere\n"), text
connection.close()

form = urllib.parse.urlencode({"rope": "hemp & jute"}).encode()
with urllib.request.urlopen(url + "/echo", form, timeout=10) as answer:
    assert json.loads(answer.read())["body"] == "rope=hemp+%26+jute"
with urllib.request.urlopen(url + "/moved", timeout=10) as answer:
    assert (answer.url, answer.read()) == (url + "/hello", b"hello\n"), answer.url
try:
    urllib.request.urlopen(url + "/refuse", b"x" * 1_000, timeout=10)
    raise AssertionError("413 is an error")
except urllib.error.HTTPError as error:
    assert (error.code, error.read()) == (413, b"Too much rope\n"), error.code
try:
    with urllib.request.urlopen(url + "/breaks", timeout=10) as answer:
        answer.read()
    raise AssertionError("half a page is an error")
except (http.client.IncompleteRead, ConnectionError):
    pass
print("all is well")
