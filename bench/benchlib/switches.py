"""The ways to move traffic from one build to another: each is a peer with a switch."""

import json
import os
import signal
import socket
import time

from . import stats
from .peers import Haproxy, Nginx, Turnout
from .process import BenchError


def unix_ask(path, request):
    """Sends a request to a Unix socket and returns all of the answer."""
    answer = []
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect(path)
        control.sendall(request)
        while piece := control.recv(4096):
            answer.append(piece)
    return b"".join(answer)


class HaproxyCommands(Haproxy):
    """Both servers configured; a line on the stats socket makes one ready and drains the other."""

    name = "haproxy-api"

    def servers(self, build):
        return "".join(f"  server {name} 127.0.0.1:{port}{'' if name == build else ' disabled'}\n"
                       for name, port in self.origins.items())

    def switch(self, build):
        others = "; ".join(f"set server out/{name} state drain"
                           for name in self.origins if name != build)
        order = f"set server out/{build} state ready; {others}\n"
        unix_ask(self.path("stats.sock"), order.encode())


class HaproxyReload(Haproxy):
    """A new configuration, and the master is told to reload: a new worker takes the listeners over
    from the old one (-sf with -x, which the master does by itself)."""

    name = "haproxy-reload"

    def command(self):
        return [self.program, "-W", "-S", self.path("master.sock"), "-f", self.path("haproxy.cfg")]

    def switch(self, build):
        self.configure(build)
        unix_ask(self.path("master.sock"), b"reload\n")


class NginxReload(Nginx):
    """A new configuration and SIGHUP."""

    name = "nginx-reload"

    def switch(self, build):
        self.configure(build)
        os.kill(self.child.pid, signal.SIGHUP)


class TurnoutCutover(Turnout):
    """Two sets registered; `turnout cutover` moves the role, its process included in the time."""

    name = "turnout-cutover"

    def start(self, origins, pem=None):
        super().start(origins, pem)
        for build, port in origins.items():
            if build != "v1":
                self.turnout("set", "add", "web", build, f"127.0.0.1:{port}")
                self.turnout("wait", "web", "ready", build, "--timeout", "20s")

    def switch(self, build):
        self.turnout("cutover", "web", build)

    def remark(self):
        """What the command's process takes when it has nothing to do."""
        times = []
        for _ in range(5):
            begun = time.monotonic_ns()
            self.turnout("--version")
            times.append(time.monotonic_ns() - begun)
        return f"of its cmd ms the command's process alone takes {stats.median(times) / 1e6:.1f}"


class TurnoutApi(TurnoutCutover):
    """The same order as one request to the control socket, as HAProxy's runtime commands are given:
    without the life of a command's process."""

    name = "turnout-api"

    def switch(self, build):
        body = json.dumps({"targets": [{"role": "web", "set": build}]})
        answer = unix_ask(self.path("control.sock"), (
            "POST /v1/cutover HTTP/1.1\r\nHost: turnout\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        if b'"result":"done"' not in answer.replace(b" ", b""):
            raise BenchError(f"POST /v1/cutover: {answer.decode(errors='replace').strip()}")

    def remark(self):
        return None


SWITCHES = {peer.name: peer for peer in (TurnoutCutover, TurnoutApi, HaproxyCommands,
                                         HaproxyReload, NginxReload)}
