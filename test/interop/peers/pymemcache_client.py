"""pymemcache against the server whose port is the argument; each step is an assertion."""

import sys

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheClientError

client = Client(("127.0.0.1", int(sys.argv[1])), timeout=5, default_noreply=False)
assert client.version().startswith(b"1.6."), client.version()
assert client.set("greeting", "hello", flags=5)
assert client.get("greeting") == b"hello"
assert client.get("nothing") is None
assert client.add("greeting", "x") is False
assert client.replace("greeting", "hi") is True
assert client.append("greeting", "!") and client.prepend("greeting", ">")
value, cas = client.gets("greeting")
assert value == b">hi!"
assert client.cas("greeting", "first", cas) is True
assert client.cas("greeting", "late", cas) is False
assert client.cas("nothing", "late", b"1") is None
large = bytes(i % 251 for i in range(1_000_000))
assert client.set("large", large)
assert client.get("large") == large
assert client.set("n", "10") and client.incr("n", 5) == 15 and client.decr("n", 20) == 0
assert client.incr("nothing", 1) is None
try:
    client.incr("greeting", 1)
    raise AssertionError("a text was counted")
except MemcacheClientError as error:
    assert b"non-numeric" in error.args[0], error
assert client.set_many({f"key{i}": str(i) for i in range(300)}) == []
assert client.get_many([f"key{i}" for i in range(301)]) == {f"key{i}": b"%d" % i for i in range(300)}
assert client.touch("greeting", 100) and not client.touch("nothing", 100)
assert client.get("greeting") == b"first"
assert client.delete("greeting") and not client.delete("greeting")
client.set("quiet", "1", noreply=True)
assert client.get("quiet") == b"1"
assert client.stats()[b"curr_items"] == 303, client.stats()
assert client.flush_all() and client.get("quiet") is None
client.quit()
print("all is well")
