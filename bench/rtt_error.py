# rtt_error.py: how far a tool's RTTs are from those of a capture of the same run, stamped at the device.
#
# tcpdump takes the kernel's own nanosecond stamps (the same that a packet socket gets). The n-th request to an address
# in the capture is the tool's probe n to it; its answer is found by address, identifier and sequence number. The error
# is |reported RTT - (answer captured - request captured)|. The capture's transmit tap sits before the device
# and costs time itself, the more the colder the CPU: compare tools that were captured the same way.

import json
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time

PCAP_NANOSECONDS = 0xA1B23C4D


ICMP_CAPTURE = "icmp or icmp6"
HANDSHAKE_CAPTURE = "tcp[tcpflags] & (tcp-syn|tcp-rst) != 0"  # IPv4
ICMP, TCP, ICMP6 = 1, 6, 58


def read_packets(path):
    """(time, protocol, source, destination, what follows the IP header) of every IP packet."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != PCAP_NANOSECONDS:
        raise ValueError(f"{path}: not a nanosecond capture of this machine's byte order")
    position = 24
    while position + 16 <= len(data):
        seconds, nanoseconds, length, _ = struct.unpack_from("<IIII", data, position)
        frame = position + 16
        position = frame + length
        at = seconds * 1_000_000_000 + nanoseconds
        ethernet_type = data[frame + 12 : frame + 14]
        if ethernet_type == b"\x08\x00":
            payload = frame + 14 + 4 * (data[frame + 14] & 15)
            yield at, data[frame + 23], data[frame + 26 : frame + 30], data[frame + 30 : frame + 34], data[payload:position]
        elif ethernet_type == b"\x86\xdd":
            yield at, data[frame + 20], data[frame + 22 : frame + 38], data[frame + 38 : frame + 54], data[frame + 54 : position]


def request_or_answer(protocol, payload):
    """("request" or "answer", what the two have in common beside the addresses), or nothing for other packets."""
    if protocol in (ICMP, ICMP6):
        kind = {8: "request", 128: "request", 0: "answer", 129: "answer"}.get(payload[0])
        return (kind, payload[4:8]) if kind else None
    if protocol != TCP:
        return None
    syn, reset, ack = payload[13] & 2, payload[13] & 4, payload[13] & 16
    if syn and not ack:
        return "request", payload[0:4]
    # The prober's own resets, which end what was accepted, answer nothing that waits.
    return ("answer", payload[2:4] + payload[0:2]) if syn or reset else None


def read_capture(path):
    """RTT in nanoseconds by (address, n), n counting the requests to that address from 0."""
    requests = {}  # address -> how many so far
    waiting = {}  # (address, what names the request) -> (n, time)
    rtts = {}
    for at, protocol, source, destination, payload in read_packets(path):
        found = request_or_answer(protocol, payload)
        if not found:
            continue
        kind, name = found
        if kind == "request":
            n = requests.get(destination, 0)
            requests[destination] = n + 1
            waiting[destination, name] = (n, at)
        else:
            request = waiting.pop((source, name), None)
            if request:
                rtts[source, request[0]] = at - request[1]
    return rtts


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def read_json_lines(output, _target):
    """What sonde and stamped_loop print."""
    for line in output.splitlines():
        if '"reply"' in line:
            event = json.loads(line)
            if event.get("event") == "reply" and event.get("rtt_ns") is not None:
                yield packed(event["address"]), event["seq"], event["rtt_ns"]


def read_ping(output, target):
    for found in re.finditer(r"icmp_seq=(\d+) .*time=([\d.]+) ms", output):
        yield packed(target), int(found[1]) - 1, float(found[2]) * 1e6


def read_fping(output, _target):
    for found in re.finditer(r"^(\S+)\s+: \[(\d+)\], \d+ bytes, ([\d.]+) ms", output, re.M):
        yield packed(found[1]), int(found[2]), float(found[3]) * 1e6


def capture(device, path, what):
    process = subprocess.Popen(
        ["tcpdump", "-i", device, "-j", "host", "--time-stamp-precision=nano", "-n", "-s", "96", "-B", "32768",
         "-Z", "root", "-w", path, what],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "listening on" in line:
            return process
    raise RuntimeError("tcpdump did not start")


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def measure(command, reader, target, device, what=ICMP_CAPTURE, may_lose=False):
    """Runs the command while capturing `what` (a filter), and lets its status say that some did not answer; {"count", "matched", "median", "p99", "wire"} in nanoseconds."""
    with tempfile.TemporaryDirectory(prefix="sonde-bench-") as folder:
        path = os.path.join(folder, "run.pcap")
        tcpdump = capture(device, path, what)
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
            time.sleep(1.5)  # the kernel hands a block of the capture's ring over once it is a second old
        finally:
            tcpdump.send_signal(signal.SIGINT)
            said = tcpdump.communicate(timeout=30)[1]
        rtts = read_capture(path)
    if done.returncode not in ((0, 1) if may_lose else (0,)):
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    dropped = re.search(r"(\d+) packets dropped by kernel", said)
    if dropped and int(dropped[1]) > 0:
        raise RuntimeError(f"the capture dropped {dropped[1]} packets")
    reported = list(reader(done.stdout + done.stderr, target))
    errors, wire = [], []
    for address, n, rtt_ns in reported:
        if (address, n) in rtts:
            errors.append(abs(rtt_ns - rtts[address, n]))
            wire.append(rtts[address, n])
    if not errors or len(errors) < len(reported):
        raise RuntimeError(f"{len(errors)} of {len(reported)} reported RTTs are in the capture")
    return {
        "count": len(errors),
        "median": percentile(errors, 50),
        "p99": percentile(errors, 99),
        "wire": percentile(wire, 50),
    }
