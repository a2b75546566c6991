# common.py: what the rows share: where the network's addresses lie, how a process is timed, and how rows are worded.

import statistics
import subprocess
import sys
import time

NETWORKS = {  # name -> (where the second number of its IPv4 addresses starts, the device they are reached by)
    "xdp": (0, "to-xdp"),  # 10.0.0.0/9
    "plain": (128, "to-plain"),  # 10.128.0.0/9
}


def address(network, second, rest):
    return f"10.{NETWORKS[network][0] + second}.{rest}"


def median(values):
    return statistics.median(list(values))


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(command, unprivileged=False):
    """Wall time of a whole process, its output thrown away. It must end with 0: every target answered."""
    user = {"user": 65534, "group": 65534, "extra_groups": []} if unprivileged else {}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    # Not with a timeout: Python then looks only every 50 ms whether it has ended.
    status = process.wait()
    took = time.perf_counter() - start
    if status != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {status}")
    return took
