"""
A mail-like server on the standard library alone: `starttls_server.py cert.pem key.pem`. It prints its port, speaks as much SMTP as
STARTTLS needs, and after it answers each line in capitals. "NOTLS" makes it hang up in the middle of the handshake, "CLEAR"
makes it go on in clear; "CLOSE" ends with close_notify.
"""
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)


def serve(connection):
    stream = connection.makefile("rwb", 0)
    stream.write(b"220 ready\r\n")
    for line in stream:
        word = line.strip().decode().upper()
        print(word, flush=True)
        if word == "STARTTLS":
            stream.write(b"220 go ahead\r\n")
            return secure(connection)
        if word == "NOTLS":
            stream.write(b"220 go ahead\r\n")
            connection.recv(5)
            return None
        if word == "CLEAR":
            stream.write(b"220 go ahead\r\n")
            stream.write(b"not a handshake\r\n")
            connection.recv(1 << 16)
            return None
        stream.write(b"250 STARTTLS\r\n")


def secure(connection):
    with context.wrap_socket(connection, server_side=True) as tls:
        print("secure", tls.version(), flush=True)
        stream = tls.makefile("rwb", 0)
        for line in stream:
            if line.strip() == b"CLOSE":
                print("closing", flush=True)
                tls.unwrap()
                return
            stream.write(line.upper())
        print("closed", flush=True)


while True:
    accepted, _ = listener.accept()
    with accepted:
        try:
            serve(accepted)
        except OSError as error:
            print("broken", type(error).__name__, flush=True)
