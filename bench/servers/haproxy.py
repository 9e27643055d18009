"""haproxy with accept-proxy in front of a port: one thread, as everybody else here has. It does not say where it listens: a child says its port when it does, and this process becomes it."""

import os
import socket
import sys
import tempfile
import time

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

# No name is left behind: the program reads it by the descriptor.
config = tempfile.TemporaryFile("w+")
config.write(
    f"""global
 nbthread 1
 maxconn 4000
defaults
 mode tcp
 timeout connect 5s
 timeout client 30s
 timeout server 30s
listen front
 bind 127.0.0.1:{port} accept-proxy
 server echo 127.0.0.1:{sys.argv[2]}
"""
)
config.flush()
os.set_inheritable(config.fileno(), True)

if os.fork() > 0:
    config.seek(0)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.execvp("haproxy", ["haproxy", "-db", "-q", "-f", f"/dev/fd/{config.fileno()}"])

listening = f"0100007F:{port:04X} 00000000:0000 0A"
for _ in range(200):
    with open("/proc/net/tcp") as table:
        if any(listening in line for line in table):
            print(f"port {port}", flush=True)
            sys.exit(0)
    time.sleep(0.01)
