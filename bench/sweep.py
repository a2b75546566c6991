# sweep.py: `sonde sweep` against the bare loop, zmap and masscan, over the same prefixes of the same network.

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile

import rtt_error
from common import NETWORKS, address, median, say, timed


def run_sweep(bench, network, prefix, *options, unprivileged=True):
    """One sweep's metadata, with the time the whole process took as `wall_s`."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        metadata = os.path.join(directory, "metadata.json")
        took = timed([bench.program("sonde"), "sweep", "--allow-special", "-q", "-r", "max", "--linger", "2s", "--metadata", metadata,
                      "-o", "/dev/null", *options, prefix], unprivileged)
        with open(metadata) as file:
            return {**json.load(file)["loss_accounting"], "wall_s": took}


def rate_of(found, idle=0):
    return found["sent"] / (found["wall_s"] - idle)


def rates(bench, network):
    """A /12 by one thread and two, rootless, against the bare loop without stamps over as many probes."""
    prefix = address(network, 16, "0.0") + "/12"
    probes = 1 << 20
    turns = []
    for turn in range(bench.options.pairs):
        found = {}
        for threads in (1, 2):
            bare = bench.json("bare_loop", "--first", address(network, 16, "0.0"), "--targets", probes, "--probes", probes,
                              "--threads", threads)
            one = run_sweep(bench, network, prefix, "--threads", str(threads))
            if one["answering"] != probes:
                raise RuntimeError(f"{one['answering']} of {probes} answered: {one}")
            found["bare", threads], found["sweep", threads] = bare["rate"], rate_of(one)
        turns.append(found)
        say(f"  turn {turn + 1}: " + ", ".join(f"{key[0]} x{key[1]} {rate / 1000:.0f}k" for key, rate in found.items()))
    for threads, target in ((1, 0.95), (2, None)):
        ratio = median(one["sweep", threads] / one["bare", threads] for one in turns)
        bench.add(f"sweep of a /12, rootless, {threads} thread{'s' if threads > 1 else ''}, against the bare loop ({network})",
                  f"{median(one['sweep', threads] for one in turns) / 1000:.0f} k/s",
                  f"{median(one['bare', threads] for one in turns) / 1000:.0f} k/s", f"{ratio:.2f}",
                  f">= {target:.2f}" if target else "", ratio >= target if target else None)
    ratio = median(one["sweep", 2] / one["sweep", 1] for one in turns)
    bench.add(f"  two threads against one ({network})", "", "", f"{ratio:.2f}", ">= 1.70", ratio >= 1.7)


def others(bench, network, second, bits):
    """zmap and masscan over the same prefix as fast as they go, and sonde with two threads and by AF_XDP in turns, by the
    time of the whole process. Beside zmap what each needs for four addresses is taken off (it waits two seconds for late answers; AF_XDP
    takes a while to open and close), beside masscan the two seconds that it is told to wait. (It differs by seconds from run to run.)"""
    prefix, targets = f"{address(network, second, '0.0')}/{bits}", 1 << (32 - bits)
    device = NETWORKS[network][1]
    number = 1 if network == "xdp" else 2
    source, gateway = f"192.168.{number}.1", f"02:00:00:00:0{number}:02"
    commands = {
        "zmap": ["zmap", "-M", "icmp_echoscan", "-i", device, "-G", gateway, "-S", source, "-B", "10G", "-r", "0", "-c", "2", "-q", "-b",
                 "/dev/null", "-o", "/dev/null", prefix],
        "masscan": ["masscan", "--ping", "--rate", "10000000", "--wait", "2", "-e", device, "--router-mac", gateway.replace(":", "-"),
                    "--adapter-ip", source, "-oL", "/dev/null", prefix],
    }
    for name, command in commands.items():
        if shutil.which(name) is None:
            say(f"  no {name} here: left out")
            continue
        turns = []
        idle, rootless_idle, ring_idle = 2, 0, 0
        four = f"{address(network, second, '0.0')}/30"
        if name == "zmap":
            idle = min(timed([*command[:-1], four]) for _ in range(2))
            rootless_idle = median(run_sweep(bench, network, four, "--threads", "2")["wall_s"] for _ in range(5))
            if network == "xdp":
                with without_program(network):
                    ring_idle = median(run_sweep(bench, network, four, "--transport", "xdp", "--threads", "2", unprivileged=False)["wall_s"]
                                       for _ in range(5))
            say(f"  four addresses: {name} {idle:.3f} s, sonde {rootless_idle:.3f} s, by AF_XDP {ring_idle:.3f} s")
        for _ in range(bench.options.pairs):
            theirs = targets / max(0.01, timed(command) - idle)
            found = run_sweep(bench, network, prefix, "--threads", "2")
            ring = None
            if network == "xdp":
                with without_program(network):
                    by_ring = ["--transport", "xdp", "--threads", "2"]
                    run_sweep(bench, network, four, *by_ring, unprivileged=False)  # the first has to wait for the program that has just gone
                    ring = run_sweep(bench, network, prefix, *by_ring, unprivileged=False)
            turns.append((theirs, found, ring))
            say(f"  /{bits}: {name} {theirs / 1000:.0f}k, sonde {rate_of(found, rootless_idle) / 1000:.0f}k, "
                f"{targets - found['answering']} missing; by AF_XDP {rate_of(ring, ring_idle) / 1000 if ring else 0:.0f}k")

        def compare(what, at, target):
            rates = [rate_of(turn[at], (rootless_idle, ring_idle)[at - 1]) for turn in turns]
            ratio = median(rate / turn[0] for rate, turn in zip(rates, turns))
            missing = sum(targets - turn[at]["answering"] for turn in turns)
            bench.add(f"sweep of a /{bits}, {what}, against {name} ({network})",
                      f"{median(rates) / 1000:.0f} k/s, {missing} missing",
                      f"{median(turn[0] for turn in turns) / 1000:.0f} k/s", f"{ratio:.2f}", f">= {target:.2f}, none missing",
                      missing == 0 and ratio >= target)

        compare("rootless, two threads", 1, 1.0)
        if turns[0][2]:
            compare("by AF_XDP, two threads", 2, 2.0 if name == "zmap" else 3.0)


def completeness(bench, network):
    """Every answering address exactly once at full rate, again and again."""
    runs = 5 if bench.options.quick else 20
    missing = duplicates = 0
    for _ in range(runs):
        found = run_sweep(bench, network, address(network, 48, "0.0") + "/16", "--threads", "2")
        missing += 65536 - found["answering"]
        duplicates += found["duplicates"]
    bench.add(f"a /16 at full rate, two threads, {runs} runs: missing, duplicate ({network})", f"{missing}, {duplicates}", "", "", "0, 0",
              missing == 0 and duplicates == 0)


def without_program(network):
    """The device's XDP program off for a while: sonde and the bare loop bring their own."""
    device = NETWORKS[network][1]

    class Without:
        def __enter__(self):
            subprocess.run(["ip", "link", "set", "dev", device, "xdp", "off"], check=True)

        def __exit__(self, *_):
            here = os.path.dirname(os.path.realpath(__file__))
            reflector = os.path.join(here, "..", "build", "release", "bench", "reflector.bpf.o")
            subprocess.run(["ip", "link", "set", "dev", device, "xdp", "obj", reflector, "sec", "xdp.pass"], check=True)

    return Without()


def by_xdp(bench, network):
    """AF_XDP with one thread against the bare loop, over the same /12 in turns."""
    if network != "xdp" or not os.path.exists(bench.program("bare_xdp_loop")):
        return say("  no bare_xdp_loop, or not the XDP network: left out")
    probes, prefix = 1 << 20, address(network, 80, "0.0") + "/12"
    reflector = os.path.join(os.path.dirname(bench.program("bare_xdp_loop")), "reflector.bpf.o")
    turns = []
    with without_program(network):
        for turn in range(bench.options.pairs):
            bare = bench.json("bare_xdp_loop", "--device", NETWORKS[network][1], "--object", reflector, "--source", "192.168.1.1",
                              "--from-mac", "02:00:00:00:01:01", "--to-mac", "02:00:00:00:01:02", "--first",
                              address(network, 80, "0.0"), "--targets", probes, "--queues", str(os.cpu_count()))
            found = run_sweep(bench, network, prefix, "--transport", "xdp", unprivileged=False)
            turns.append((rate_of(found), bare["rate"], probes - found["answering"] + probes - bare["received"]))
            say(f"  turn {turn + 1}: bare {bare['rate'] / 1000:.0f}k, sonde {turns[-1][0] / 1000:.0f}k, missing {turns[-1][2]}")
    ratio = median(ours / bare for ours, bare, _ in turns)
    missing = sum(turn[2] for turn in turns)
    bench.add(f"sweep of a /12 by AF_XDP, one thread, against the bare AF_XDP loop ({network})",
              f"{median(turn[0] for turn in turns) / 1000:.0f} k/s, {missing} missing", f"{median(turn[1] for turn in turns) / 1000:.0f} k/s",
              f"{ratio:.2f}", ">= 0.90, 0 missing", ratio >= 0.9 and missing == 0)


def read_rows(output, _target):
    for line in output.splitlines()[1:]:
        where, rtt = line.split(",")
        yield rtt_error.packed(where), 0, float(rtt) * 1e6


def rtt(bench, network):
    """RTTs at full rate against a capture's."""
    prefix = address(network, 64, "0.0") + "/17"
    found = rtt_error.measure([bench.program("sonde"), "sweep", "--allow-special", "-q", "-r", "max", "--linger", "2s", prefix], read_rows,
                              "", NETWORKS[network][1])
    bench.add(f"sweep of a /17 at full rate, one thread, RTT error against a capture ({network})",
              f"median {found['median'] / 1000:.1f}, p99 {found['p99'] / 1000:.1f} us", "", "", "<= 5, 50 us",
              found["median"] <= 5_000 and found["p99"] <= 50_000)


def generation(bench, _network):
    """Generation alone, and the start over a /8."""
    def dry(prefix):
        command = [bench.program("sonde"), "sweep", "--dry-run", "-q", "--allow-special", "--seed", "1", prefix]
        return min(timed(command) for _ in range(bench.options.pairs))
    took = dry("10.0.0.0/8")
    bench.add("generation, a /8, one thread", f"{(1 << 24) / took / 1e6:.1f} M/s", "", "", ">= 20 M/s", (1 << 24) / took >= 20e6)


def sweep(bench, network):
    rates(bench, network)
    by_xdp(bench, network)
    others(bench, network, 32, 16)
    others(bench, network, 96, 12)
    completeness(bench, network)
    rtt(bench, network)
    generation(bench, network)
