# faces.py: the tools that sonde stands in for, beside sonde called by their names.

import json
import os
import re
import subprocess

import rtt_error
from common import NETWORKS, address, median, say, timed


def sweep(bench, network):
    """A /16, each asked once, as fast as it goes."""
    prefix = address(network, 2, "0.0") + "/16"
    options = ["-q", "-c1", "-i0", "-g", prefix]
    turns = []
    for _ in range(bench.options.pairs):
        turns.append((min(timed(["fping", *options]), timed(["fping", *options], unprivileged=True)),
                      timed([bench.face("fping"), *options])))
        say(f"  /16 over {network}: fping %.3f s, its face %.3f s" % turns[-1])
    ratio = median(fping / face for fping, face in turns)
    bench.add(f"fping -q -c1 -i0 -g a /16, fping against its face ({network})",
              f"{median(face for _, face in turns):.3f} s", f"{median(fping for fping, _ in turns):.3f} s",
              f"{ratio:.2f}", ">= 1.70", ratio >= 1.7)


def flood(bench, network):
    """ping -f, whole process, by its count."""
    options = ["-f", "-q", "-c", "20000" if bench.options.quick else "100000", address(network, 3, "0.1")]
    turns = [(timed(["ping", *options]), timed([bench.face("ping"), *options])) for _ in range(bench.options.pairs)]
    ratio = median(ping / face for ping, face in turns)
    count = int(options[3])
    bench.add(f"ping -f, rate, ping's face against iputils ({network})",
              f"{count / median(face for _, face in turns) / 1000:.0f} k/s",
              f"{count / median(ping for ping, _ in turns) / 1000:.0f} k/s", f"{ratio:.2f}", ">= 1.00", ratio >= 1)


def read_all_rtts(output, _target):
    """fping -C: "ADDRESS : 0.061 - 0.059", a column a probe."""
    for address_text, columns in re.findall(r"^(\S+)\s+:((?: [\d.]+| -)+)$", output, re.M):
        for n, column in enumerate(columns.split()):
            if column != "-":
                yield rtt_error.packed(address_text), n, float(column) * 1e6


def smokeping(bench, network):
    """fping as SmokePing calls it, over many hosts: how far its RTTs are from the capture's."""
    device = NETWORKS[network][1]
    hosts = [address(network, 5, f"{n // 250}.{n % 250 + 1}") for n in range(1500)]
    options = ["-C", "3" if bench.options.quick else "20", "-q", "-B1", "-r1", "-i1", "-p1600", *hosts]
    found = {}
    for name, program in (("fping", "fping"), ("face", bench.face("fping"))):
        found[name] = rtt_error.measure([program, *options], read_all_rtts, "", device)
        say(f"  fping -C over 1,500 hosts, {name}: {found[name]}")
    rtt_error_text = {name: f"median {one['median'] / 1000:.1f}, p99 {one['p99'] / 1000:.1f} us" for name, one in found.items()}
    bench.add(f"fping -C over 1,500 hosts, RTT error ({network})", rtt_error_text["face"], "fping: " + rtt_error_text["fping"],
              "", "p99 <= 20", found["face"]["p99"] <= 20_000)


def faces(bench, network):
    sweep(bench, network)
    flood(bench, network)
    smokeping(bench, network)


def liboping(bench, network):
    """Rounds of 1,000 hosts by liboping's functions, on its own library and on ours, in turns."""
    command = [bench.program("oping_rounds"), address(network, 3, "0.1"), "1000", "20" if bench.options.quick else "100"]

    def measure(library):
        environment = {**os.environ, "LD_LIBRARY_PATH": library}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                              env=environment, check=True)
        found = json.loads(done.stdout)
        if found["answered"] != found["asked"]:
            raise RuntimeError(f"{found['answered']} of {found['asked']} answered by {library or 'liboping'}")
        return found

    turns = [(measure(""), measure(os.path.join(bench.options.build, "liboping"))) for _ in range(bench.options.pairs)]
    original, ours = zip(*turns)
    beyond = median(one["beyond_median_ms"] for one in ours)
    bench.add(f"liboping, a round of 1,000 hosts, longer than its slowest RTT by ({network})",
              f"median {beyond:.1f} ms, most {max(one['beyond_most_ms'] for one in ours):.1f}",
              f"liboping: median {median(one['beyond_median_ms'] for one in original):.1f} ms", "", "<= 15 ms", beyond <= 15)
    ratio = median(b["cpu_ms"] / a["cpu_ms"] for a, b in turns)
    bench.add(f"  its CPU ({network})", f"{median(one['cpu_ms'] for one in ours):.2f} ms",
              f"{median(one['cpu_ms'] for one in original):.2f} ms", f"{ratio:.2f}", "<= 0.50", ratio <= 0.5)
