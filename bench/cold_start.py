# cold_start.py: how long function.zip's `bootstrap` takes from its exec to its first question for an event.
#
# This process plays the runtime API of Lambda on loopback as far as that: it starts the program with its address in the
# environment, and takes the time when "GET .../invocation/next" is there. Nothing is ever answered.

import os
import signal
import socket
import time

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"


def read_request(connection):
    request = b""
    while b"\r\n\r\n" not in request:
        more = connection.recv(4096)
        if not more:
            raise RuntimeError("bootstrap went away")
        request += more
    return request


def first_next(program, server):
    """Seconds of one start."""
    environment = {"AWS_LAMBDA_RUNTIME_API": "%s:%d" % server.getsockname(), "PATH": os.environ["PATH"]}
    begin = time.perf_counter()
    process = os.posix_spawn(program, [program], environment)
    try:
        connection, _ = server.accept()
        request = read_request(connection)
        took = time.perf_counter() - begin
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
    connection.close()  # not before: the program would say that its runtime is gone
    if not request.startswith(NEXT):
        raise RuntimeError(f"bootstrap asked for {request[:60]}")
    return took


def bare_start():
    """Seconds of a process that does nothing, from its exec to its end: what the system itself takes."""
    begin = time.perf_counter()
    os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
    return time.perf_counter() - begin


def measure(program, runs):
    """[(bootstrap, a process that does nothing)] in seconds, in turns."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        first_next(program, server)  # the first fills caches
        return [(first_next(program, server), bare_start()) for _ in range(runs)]
