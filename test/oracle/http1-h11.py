"""What h11 hears: a case a line on standard input, a trace a line on standard output, both JSON. See http1.test.ts."""

import json
import sys

import h11


def text(value):
    return bytes(value).decode("latin-1")


def fields(headers):
    return [[text(name), text(value)] for name, value in headers]


def heard(event, trace):
    if isinstance(event, h11.Request):
        trace.append(["request", text(event.method), text(event.target), fields(event.headers)])
    elif isinstance(event, (h11.Response, h11.InformationalResponse)):
        trace.append(["status", event.status_code, text(event.reason), fields(event.headers)])
    elif isinstance(event, h11.Data):
        if trace[-1][0] != "data":
            trace.append(["data", ""])
        trace[-1][1] += text(event.data)
    elif isinstance(event, h11.EndOfMessage):
        trace.append(["end", fields(event.headers)])


def answer(connection):
    connection.send(h11.Response(status_code=403, headers=[("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
        connection.start_next_cycle()
        return True
    return False


def trace_of(case):
    is_server = case["role"] == "server"
    connection = h11.Connection(h11.SERVER if is_server else h11.CLIENT)
    trace = []
    if not is_server:
        target = "a:1" if case["asked"] == "CONNECT" else "/"
        connection.send(h11.Request(method=case["asked"], target=target, headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
    connection.receive_data(case["text"].encode("latin-1"))
    has_ended = False
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA and not has_ended:
                connection.receive_data(b"")
                has_ended = True
                continue
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                break
            heard(event, trace)
            if isinstance(event, h11.EndOfMessage) and (not is_server or not answer(connection)):
                break
    except h11.RemoteProtocolError as error:
        trace.append(["error", str(error)])
    return trace


for line in sys.stdin:
    print(json.dumps(trace_of(json.loads(line))))
