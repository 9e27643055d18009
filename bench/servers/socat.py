"""socat, a process for each connection, as its users run it. It does not say where it listens: a child says its port when it does, and this process becomes it."""

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
    os.execvp(
        "socat",
        ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", f"TCP:127.0.0.1:{sys.argv[2]}"],
    )

listening = f"0100007F:{port:04X} 00000000:0000 0A"
for _ in range(200):
    # A connection would be one that socat makes to what is behind it.
    with open("/proc/net/tcp") as table:
        if any(listening in line for line in table):
            print(f"port {port}", flush=True)
            sys.exit(0)
    time.sleep(0.01)
