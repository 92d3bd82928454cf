"""What the figures were measured on."""

import os
import platform

from .process import first_line


def _read(path, default="?"):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return default


def _cpu_model():
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def cores():
    """The core of the proxy and that of the load side: the first two that we may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[1 % len(allowed)]


def describe():
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "congestion_control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "openssl": " ".join(first_line(["openssl", "version"]).split()[:2]),
        "load_average": _read("/proc/loadavg").split()[0],
    }


def warnings(machine):
    """What about the machine makes the figures worse than they look."""
    found = []
    if machine["cores"] < 2:
        found.append("one core only: the proxy and the load side disturb each other")
    if float(machine["load_average"]) > 0.5:
        found.append(f"load average {machine['load_average']} at the start: something else runs")
    if machine["congestion_control"] == "bbr":
        found.append("congestion control is bbr: it paces, which costs large answers timers")
    return found


def print_head(machine):
    print(f"{machine['cpu']}, {machine['cores']} cores, kernel {machine['kernel']}, "
          f"{machine['congestion_control']}, {machine['openssl']}")
    for warning in warnings(machine):
        print(f"  warning: {warning}")
