"""microsocks, which does not say where it listens: a child says its port when it does, and this process becomes it."""

import os
import socket
import sys
import time

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

if os.fork() > 0:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.execvp("microsocks", ["microsocks", "-i", "127.0.0.1", "-p", str(port)])

for _ in range(200):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            print(f"port {port}", flush=True)
            sys.exit(0)
    time.sleep(0.01)
