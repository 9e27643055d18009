"""A stand-in for systemd: binds a socket of datagrams, a path or an abstract @name, and prints each message on one line."""
import os
import socket
import sys

name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\0" + name[1:] if name.startswith("@") else name)
if not name.startswith("@"):
    os.chmod(name, 0o777)
print("bound", flush=True)
while True:
    # The descriptor that comes with a barrier is closed by not taking it, which is the answer to it.
    text = receiver.recv(65536).decode()
    if not text.startswith("BARRIER="):
        print(text.replace("\n", "|"), flush=True)
