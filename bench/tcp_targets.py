#!/usr/bin/env python3
# tcp_targets.py: ten thousand TCP targets that accept or refuse: time, memory, and the RTT error against a capture.
#
# As a program, `tcp_targets.py PORT` accepts and closes connections to that port on every local address, until it ends.

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

import rtt_error

OPEN_PORT, CLOSED_PORT = 8080, 9


def accept_everywhere(port):
    # Limits of this network namespace: every target is this one socket.
    for name in ("net/core/somaxconn", "net/ipv4/tcp_max_syn_backlog"):
        with open(f"/proc/sys/{name}", "w") as file:
            file.write("65535")
    listener = socket.socket()
    listener.bind(("0.0.0.0", port))
    listener.listen(65535)
    print("listening", flush=True)
    while True:
        listener.accept()[0].close()


@contextlib.contextmanager
def listener(namespace):
    process = subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, os.path.realpath(__file__), str(OPEN_PORT)],
                               stdout=subprocess.PIPE, text=True)
    try:
        if "listening" not in process.stdout.readline():
            raise RuntimeError("no listener for TCP")
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def every_processor(namespace):
    """Lets the far end answer on all processors (RPS). Else it does so within the call that asks, before that returns.
    Now and then a stalled processor's backlog overflows, so that a few SYNs are lost."""
    def steer(mask):
        script = "for queue in /sys/class/net/prober/queues/rx-*; do echo $0 > $queue/rps_cpus; done"
        subprocess.run(["ip", "netns", "exec", namespace, "sh", "-c", script, f"{mask:x}"], check=True)

    steer((1 << os.cpu_count()) - 1)
    try:
        yield
    finally:
        steer(0)


@contextlib.contextmanager
def target_file(addresses):
    with tempfile.NamedTemporaryFile("w", prefix="sonde-bench-") as file:
        file.write("".join(address + "\n" for address in addresses))
        file.flush()
        yield file.name


def command(program, port, targets, *options):
    return [program, "ping", "--transport", f"tcp:{port}", "-n", "-c1", *options, "-f", targets]


def seconds(program, port, targets):
    """Of a whole process that asks every target once. All must answer."""
    start = time.perf_counter()
    status = subprocess.Popen(command(program, port, targets, "-q", "-i0"), stdout=subprocess.DEVNULL).wait()
    if status != 0:
        raise RuntimeError(f"sonde --transport tcp:{port}: exit {status}")
    return time.perf_counter() - start


def megabytes(program, port, targets):
    """The most that such a process had in memory. Not by wait4(), which tells of the one that started it too."""
    process = subprocess.Popen(command(program, port, targets, "-q", "-i0"), stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as file:
            found = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        most = max(most, int(found[1]) if found else 0)
        time.sleep(0.001)
    return most / 1024


def rtt(program, port, targets, device, may_lose):
    return rtt_error.measure(command(program, port, targets, "-i0", "--format", "json"), rtt_error.read_json_lines, "", device,
                             rtt_error.HANDSHAKE_CAPTURE, may_lose)


if __name__ == "__main__":
    accept_everywhere(int(sys.argv[1]))
