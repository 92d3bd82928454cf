"""Processes pinned to a core, their CPU time, free ports, waiting with a deadline."""

import os
import select
import signal
import socket
import subprocess
import time


class BenchError(Exception):
    """Something that a measurement needs is not there, said for a person to read."""


def monotonic_wait(what, condition, seconds=10.0):
    """Waits until condition() is true; tells what was awaited when the deadline passes."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise BenchError(f"waited {seconds:g} s for {what}, in vain")
        select.select([], [], [], 0.01)
    return result


def free_port():
    """A loopback port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    """True if something on loopback accepts connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pinned(core):
    """What a child does before it becomes the program: None leaves it on all cores."""
    def prepare():
        if core is not None:
            os.sched_setaffinity(0, {core})

    return prepare


class Child:
    """A process that we started, pinned to one core (None: to none), its output in a log file."""

    def __init__(self, command, core, log, stdout=None):
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout or output, stderr=output,
                preexec_fn=pinned(core))

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def wait_port(self, port):
        monotonic_wait(f"{self.process.args[0]} to listen at {port} (its log: {self.log})",
                       lambda: not self.is_running() or accepts(port))
        if not self.is_running():
            raise BenchError(f"{self.process.args[0]} ended at once: {self.tail()}")

    def tail(self):
        with open(self.log, errors="replace") as output:
            return " / ".join(output.read().strip().splitlines()[-5:]) or "(it said nothing)"

    def stop(self):
        """TERM, and KILL if that has no effect in time."""
        if not self.is_running():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tree(pid):
    """The pid and those of all its descendants."""
    pids = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    pids += tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return pids


def cpu_ns(pids):
    """CPU time used so far by all threads of the processes, user and system."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as schedstat:
                    total += int(schedstat.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def first_line(command):
    """The first line that a command prints, for versions."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except OSError as error:
        return str(error)
    return ((done.stdout or done.stderr).strip().splitlines() or ["?"])[0]
