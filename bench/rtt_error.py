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


def read_capture(path):
    """RTT in nanoseconds by (address, n), n counting the requests to that address from 0."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != PCAP_NANOSECONDS:
        raise ValueError(f"{path}: not a nanosecond capture of this machine's byte order")
    requests = {}  # address -> how many so far
    waiting = {}  # (address, identifier, sequence) -> (n, time)
    rtts = {}
    position = 24
    while position + 16 <= len(data):
        seconds, nanoseconds, length, _ = struct.unpack_from("<IIII", data, position)
        frame = position + 16
        position = frame + length
        at = seconds * 1_000_000_000 + nanoseconds
        ethernet_type = data[frame + 12 : frame + 14]
        if ethernet_type == b"\x08\x00":
            source, destination = data[frame + 26 : frame + 30], data[frame + 30 : frame + 34]
            icmp = frame + 14 + 4 * (data[frame + 14] & 15)
        elif ethernet_type == b"\x86\xdd":
            source, destination = data[frame + 22 : frame + 38], data[frame + 38 : frame + 54]
            icmp = frame + 54
        else:
            continue
        kind, identification = data[icmp], data[icmp + 4 : icmp + 8]
        if kind in (8, 128):
            n = requests.get(destination, 0)
            requests[destination] = n + 1
            waiting[destination, identification] = (n, at)
        elif kind in (0, 129):
            request = waiting.pop((source, identification), None)
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


def capture(device, path):
    process = subprocess.Popen(
        ["tcpdump", "-i", device, "-j", "host", "--time-stamp-precision=nano", "-n", "-s", "96", "-B", "32768",
         "-Z", "root", "-w", path, "icmp or icmp6"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "listening on" in line:
            return process
    raise RuntimeError("tcpdump did not start")


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def measure(command, reader, target, device):
    """Runs the command while capturing; {"count", "matched", "median", "p99", "wire"} in nanoseconds."""
    with tempfile.TemporaryDirectory(prefix="sonde-bench-") as folder:
        path = os.path.join(folder, "run.pcap")
        tcpdump = capture(device, path)
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
            time.sleep(1.5)  # the kernel hands a block of the capture's ring over once it is a second old
        finally:
            tcpdump.send_signal(signal.SIGINT)
            said = tcpdump.communicate(timeout=30)[1]
        rtts = read_capture(path)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    dropped = re.search(r"(\d+) packets dropped by kernel", said)
    if dropped and int(dropped[1]) > 0:
        raise RuntimeError(f"the capture dropped {dropped[1]} packets")
    reported = list(reader(done.stdout, target))
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
