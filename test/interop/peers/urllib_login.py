"""Asks for a page twice with one opener: kind of handler, URL, realm, user, password. Prints each status and body."""
import sys
import urllib.error
import urllib.request

kind, url, realm, user, password = sys.argv[1:]
handler = getattr(urllib.request, kind)()
handler.add_password(realm, url, user, password)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
try:
    for _ in range(2):
        with opener.open(url, timeout=10) as answer:
            print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
