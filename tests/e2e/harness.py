"""What every end-to-end test stands on: starts turnoutd and instances, speaks HTTP byte by byte.

Everything started is stopped again, by its own handle; what a daemon said is shown when a test fails;
a sanitizer's report in it, or an exit code other than 0 on TERM, fails the test."""

import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD = os.environ.get("TURNOUT_BUILD") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "build-asan")
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PATIENCE = float(os.environ.get("TURNOUT_PATIENCE", "20"))
SANITIZER = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:"
                       r"|WARNING: ThreadSanitizer|CHECK failed|check failed")


def program(name):
    return os.path.join(BUILD, name)


def environment(**more):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99",
               UBSAN_OPTIONS="print_stacktrace=1", NO_COLOR="1")
    env.pop("TURNOUT_SOCKET", None)
    env.update(more)
    return env


def until(condition, what, patience=None):
    """Waits for condition() to be true and returns what it gave; fails after some patience."""
    deadline = time.monotonic() + (patience or PATIENCE)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("not in time: " + what)
        threading.Event().wait(0.01)


_taken = {}


def free_port(family=socket.AF_INET):
    """A port that nobody listens on now, below those that the kernel gives to connections: so that a
    daemon finds it free again after a restart. Tests that run at the same time are not given the same
    one: a name in the abstract namespace, held as long as this process lives, says that it is taken."""
    while True:
        port = random.randrange(10000, 32768)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind("\0turnout-e2e-port-%d" % port)
            with socket.socket(family) as probe:
                probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
        except OSError:
            claim.close()
            continue
        _taken[port] = claim
        return port


def split_address(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def connect(address, timeout=None):
    """A connected socket to "host:port" or "unix:/path"."""
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout or PATIENCE)
        sock.connect(address[5:])
        return sock
    sock = socket.create_connection(split_address(address), timeout or PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Malformed(AssertionError):
    """An answer that is not HTTP/1.x as RFC 9112 has it."""


class Closed(AssertionError):
    """The connection ended where an answer, or the rest of one, should have come."""

    def __init__(self, what, got=b""):
        super().__init__("connection closed %s; received %r" % (what, got[-300:]))
        self.got = got


class Answer:
    """One answer, as received."""

    def __init__(self, head, interim):
        self.head = head
        self.interim = interim
        self.body = b""
        self.trailers = []
        self.framing = "none"
        lines = head.split(b"\r\n")[:-2]
        found = re.fullmatch(rb"(HTTP/1\.[01]) ([1-5][0-9][0-9]) ([^\r\n]*)", lines[0])
        if not found:
            raise Malformed("status line %r" % lines[0])
        self.version = found[1].decode()
        self.status = int(found[2])
        self.reason = found[3].decode("latin-1")
        self.fields = [parse_field(line) for line in lines[1:]]

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def build(self):
        return self.get("X-Build")

    @property
    def named_reason(self):
        return self.get("Turnout-Reason")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "<%s %s, %d bytes>" % (self.status, self.named_reason or "", len(self.body))


def parse_field(line):
    found = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*", line)
    if not found:
        raise Malformed("field line %r" % line)
    return found[1].decode(), found[2].decode("latin-1")


class Client:
    """One connection of a client: sends bytes as told, reads answers strictly."""

    def __init__(self, address, timeout=None, sock=None):
        self.sock = sock or connect(address, timeout)
        self.have = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def send_split(self, data, *places):
        """Sends in pieces that end at these places, each in a segment of its own."""
        at = 0
        for place in list(places) + [len(data)]:
            if place > at:
                self.send(data[at:place])
                threading.Event().wait(0.02)
                at = place
        return self

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def _more(self, what):
        try:
            got = self.sock.recv(262144)
        except ConnectionResetError:
            raise Closed("(reset) " + what, self.have) from None
        except socket.timeout:
            raise AssertionError("nothing more came %s; received %r" % (what, self.have[-300:])) from None
        if not got:
            raise Closed(what, self.have)
        self.have += got

    def _until(self, mark, what):
        while mark not in self.have:
            self._more(what)
        at = self.have.index(mark) + len(mark)
        taken, self.have = self.have[:at], self.have[at:]
        return taken

    def _exactly(self, size, what):
        pieces, left = [], size
        while True:
            piece = self.have[:left]
            self.have = self.have[left:]
            pieces.append(piece)
            left -= len(piece)
            if left == 0:
                return b"".join(pieces)
            self._more(what)

    def _chunks(self, answer):
        pieces = []
        while True:
            line = self._until(b"\r\n", "in a chunk's size")[:-2]
            if not re.fullmatch(rb"[0-9A-Fa-f]+", line.split(b";")[0].strip()):
                raise Malformed("chunk size %r" % line)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            pieces.append(self._exactly(size, "in a chunk"))
            if self._exactly(2, "after a chunk") != b"\r\n":
                raise Malformed("no CRLF after a chunk")
        while True:
            line = self._until(b"\r\n", "in the trailers")
            if line == b"\r\n":
                return b"".join(pieces)
            answer.trailers.append(parse_field(line[:-2]))

    def head(self):
        """The next final answer's head, with interim answers before it; the body is left."""
        interim = []
        while True:
            head = self._until(b"\r\n\r\n", "before the answer's head was whole")
            answer = Answer(head, interim)
            if answer.status >= 200 or answer.status == 101:
                return answer
            interim.append(answer)

    def answer(self, method="GET"):
        """The next answer, whole."""
        answer = self.head()
        self.body_of(answer, method)
        return answer

    def body_of(self, answer, method="GET"):
        coding, length = answer.all("Transfer-Encoding"), answer.all("Content-Length")
        if coding and length:
            raise Malformed("both Transfer-Encoding and Content-Length")
        if len(length) > 1:
            raise Malformed("Content-Length twice: %r" % length)
        if method == "HEAD" or answer.status in (204, 304):
            return answer
        if coding:
            if [value.lower() for value in coding] != ["chunked"]:
                raise Malformed("Transfer-Encoding %r" % coding)
            answer.framing = "chunked"
            answer.body = self._chunks(answer)
        elif length:
            if not re.fullmatch("[0-9]+", length[0]):
                raise Malformed("Content-Length %r" % length)
            answer.framing = "length"
            answer.body = self._exactly(int(length[0]), "in the body")
        else:
            answer.framing = "close"
            answer.body = self.rest()
        return answer

    def rest(self):
        """All that comes until the connection ends (with FIN)."""
        while True:
            try:
                got = self.sock.recv(262144)
            except ConnectionResetError:
                raise Closed("(reset) in a body that the end delimits", self.have) from None
            if not got:
                taken, self.have = self.have, b""
                return taken
            self.have += got

    def ended(self):
        """Whether the connection ends now (FIN or RST) without another byte."""
        try:
            return not self.have and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def silent(self, seconds=0.3):
        """Whether nothing comes, and it stays open, for so long."""
        before = self.sock.gettimeout()
        self.sock.settimeout(seconds)
        try:
            self.have += self.sock.recv(65536) or b"(closed)"
        except socket.timeout:
            return not self.have
        finally:
            self.sock.settimeout(before)
        return False

    def request(self, target="/", method="GET", fields=(), body=b"", host="www.example.com"):
        """Sends a plain request and reads its answer."""
        self.send(request_bytes(target, method, fields, body, host))
        return self.answer(method)


def request_bytes(target="/", method="GET", fields=(), body=b"", host="www.example.com"):
    if isinstance(body, str):
        body = body.encode()
    lines = ["%s %s HTTP/1.1" % (method, target), "Host: %s" % host]
    lines += ["%s: %s" % pair for pair in (fields.items() if isinstance(fields, dict) else fields)]
    if body or method in ("POST", "PUT"):
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def chunked(*pieces, trailers=()):
    """The chunked form of these pieces."""
    out = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return out + b"0\r\n" + b"".join(line + b"\r\n" for line in trailers) + b"\r\n"


def pattern(size, offset=0):
    """The bytes that test-instance makes up for /_body."""
    alphabet = b"abcdefghijklmnopqrstuvwxyz"
    first = offset % 26
    return (alphabet * (size // 26 + 2))[first:first + size]


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def tie(more):
    """In the child, before the program: it dies with this test, however the test ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if more:
        more()


class Process:
    """A child with its output in files; ended by its own handle."""

    def __init__(self, name, arguments, folder, env=None, stdin=subprocess.DEVNULL,
                 stdout=None, preexec=None):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(arguments, stdin=stdin, stdout=stdout or log, stderr=log,
                                          env=env or environment(), preexec_fn=lambda: tie(preexec),
                                          start_new_session=True)

    @property
    def pid(self):
        return self.child.pid

    def said(self):
        with open(self.log, "r", errors="replace") as log:
            return log.read()

    def is_running(self):
        return self.child.poll() is None

    def signal(self, number):
        if self.is_running():
            self.child.send_signal(number)

    def wait(self, patience=None):
        try:
            return self.child.wait(patience or PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s did not end; it said:\n%s" % (self.name, self.said())) from None

    def kill(self):
        if self.is_running():
            self.child.kill()
        self.child.wait()


class Instance(Process):
    """A test-instance: a backend that does what a test tells it."""

    counter = 0

    def __init__(self, folder, build="v1", listen=("127.0.0.1:0",), **settings):
        Instance.counter += 1
        settings["build"] = build
        arguments = [program("test-instance")]
        for address in listen:
            arguments += ["--listen", address]
        arguments += ["--set", "&".join("%s=%s" % pair for pair in settings.items())]
        super().__init__("instance-%d-%s" % (Instance.counter, build), arguments, folder,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addresses = []
        for _ in listen:
            line = self.child.stdout.readline().decode().split()
            if not line:
                raise AssertionError("test-instance did not start: " + self.said())
            self.addresses.append(line[1])
        self.address = self.addresses[0]

    def set(self, **settings):
        """Changes what it does; in force when this returns."""
        line = "&".join("%s=%s" % pair for pair in settings.items()) + "\n"
        self.child.stdin.write(line.encode())
        self.child.stdin.flush()
        if self.child.stdout.readline() != b"set\n":
            raise AssertionError("test-instance is gone: " + self.said())

    def stats(self):
        with Client(self.address) as client:
            return client.request("/_stats").json()

    def stop(self):
        self.child.stdin.close()
        self.wait()
        self.child.stdout.close()

    def kill(self):
        super().kill()
        with contextlib.suppress(OSError):
            self.child.stdin.close()
        self.child.stdout.close()


def libconfig(value, depth=0):
    """A Python value in libconfig's words: a dict is a group, a tuple or list a list."""
    pad = "  " * depth
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    if isinstance(value, dict):
        inner = "".join("%s  %s = %s;\n" % (pad, key, libconfig(item, depth + 1))
                        for key, item in value.items())
        return "{\n%s%s}" % (inner, pad)
    return "( %s )" % ", ".join(libconfig(item, depth) for item in value)


def role(name="web", hosts=("*",), path=None, health=None, upstream=None, cutover=None, **more):
    """A role with checks fast enough for a test; groups given are merged into the usual ones."""
    made = {"name": name, "kind": "http", "hosts": list(hosts)}
    if path:
        made["path"] = path
    made["health"] = {"path": "/healthz", "host": "www.example.com", "interval": "100ms",
                      "timeout": "2s", "rise": 2, "fall": 2, "build_header": "X-Build"}
    made["health"].update(health or {})
    made["upstream"] = dict({"connect": "2s", "response": "10s", "stall": "10s"}, **(upstream or {}))
    made["cutover"] = dict({"ready_timeout": "10s", "drain_timeout": "10s"}, **(cutover or {}))
    made.update(more)
    return made


class Daemon:
    """A turnoutd with its folder, configuration and sockets; can be killed and started again."""

    def __init__(self, test, roles=None, listeners=None, workers=2, env=None, preexec=None, **settings):
        self.test = test
        self.folder = tempfile.mkdtemp(prefix="turnout-", dir=test.folder)
        self.env = environment(**(env or {}))
        self.preexec = preexec
        self.socket = os.path.join(self.folder, "s")
        self.address = "127.0.0.1:%d" % free_port()
        self.preview = "127.0.0.1:%d" % free_port()
        self.admin = "127.0.0.1:%d" % free_port()
        self.settings = {
            "workers": workers,
            "state_dir": os.path.join(self.folder, "state"),
            "control": {"socket": self.socket, "mode": "0600"},
            "admin": {"address": self.admin},
            "shutdown_timeout": "5s",
        }
        self.settings.update(settings)
        self.settings["listeners"] = listeners or [{"address": self.address},
                                                   {"address": self.preview, "preview": True}]
        self.settings["roles"] = roles or [role()]
        self.process = None
        self.write_config()

    def write_config(self, text=None):
        self.config = os.path.join(self.folder, "turnout.cfg")
        if text is None:
            text = "".join("%s = %s;\n" % (key, libconfig(value))
                           for key, value in self.settings.items() if value is not None)
        with open(self.config, "w") as file:
            file.write(text)

    def start(self, ready=True):
        self.process = Process("turnoutd", [program("turnoutd"), "-c", self.config], self.folder,
                               env=self.env, preexec=self.preexec)
        self.mark = len(self.process.said())
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        def is_ready():
            if not self.process.is_running():
                raise AssertionError("turnoutd ended with %s:\n%s" %
                                     (self.process.child.returncode, self.process.said()))
            return re.search(r"\bready\b", self.process.said()[self.mark:])
        until(is_ready, "turnoutd ready; it said:\n" + self.process.said())

    def said(self):
        return self.process.said() if self.process else ""

    def stop(self):
        """TERM, and what it promises: exit code 0, no sanitizer's report."""
        self.process.signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE + 10)
        self.check_log()
        if code != 0:
            raise AssertionError("turnoutd ended with %s on TERM" % code)

    def kill(self):
        """kill -9, as a crash would be."""
        self.process.kill()
        self.check_log()

    def check_log(self):
        found = SANITIZER.search(self.said())
        if found:
            raise AssertionError("in turnoutd's log: " + self.said()[max(0, found.start() - 500):
                                                                    found.start() + 4000])

    def client(self, address=None, **more):
        return Client(address or self.address, **more)

    def get(self, target="/", method="GET", address=None, **more):
        """One request on a connection of its own."""
        with self.client(address) as client:
            return client.request(target, method, **more)

    def turnout(self, *arguments, patience=None, stdin=None, env=None):
        """Runs the CLI to its end."""
        command = [program("turnout"), "-s", self.socket] + [str(word) for word in arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=env or environment(),
                                  timeout=patience or PATIENCE + 20, input=stdin)
        except subprocess.TimeoutExpired as late:
            raise AssertionError("turnout %s did not end; stdout %r stderr %r" %
                                 (" ".join(map(str, arguments)), late.stdout, late.stderr)) from None
        if SANITIZER.search(done.stderr):
            raise AssertionError("in turnout's output: " + done.stderr)
        return done

    def ok(self, *arguments, **more):
        """Runs the CLI, which must succeed; its standard output."""
        return self.expect(0, *arguments, **more).stdout

    def expect(self, code, *arguments, **more):
        """Runs the CLI, which must end with this code."""
        done = self.turnout(*arguments, **more)
        if done.returncode != code:
            raise AssertionError("turnout %s ended with %d, not %d\nstdout: %s\nstderr: %s" % (
                " ".join(map(str, arguments)), done.returncode, code, done.stdout, done.stderr))
        return done

    def begin(self, *arguments):
        """Starts the CLI and leaves it running."""
        command = [program("turnout"), "-s", self.socket] + [str(word) for word in arguments]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, text=True, env=environment())
        self.test.addCleanup(end_child, child)
        return child

    def status(self):
        with Client("unix:" + self.socket) as client:
            return client.request("/v1/status", host="localhost").json()

    def role(self, name="web"):
        return next(row for row in self.status()["roles"] if row["role"] == name)

    def live(self, name="web"):
        row = self.role(name)
        return row["live"] and row["live"]["build"]

    def history(self):
        """The history, one object a line."""
        return [json.loads(line) for line in self.ok("--json", "history").splitlines()]


def end_child(child):
    if child.poll() is None:
        child.kill()
    child.wait()
    for pipe in (child.stdout, child.stderr):
        pipe and pipe.close()


def finish(child, patience=None):
    """Waits for a CLI that begin() started: exit code, standard output, standard error."""
    out, err = child.communicate(timeout=patience or PATIENCE + 20)
    return child.returncode, out, err


class TurnoutTest(unittest.TestCase):
    """A test with a folder of its own, and all that it started ended after it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="turnout-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.daemons = []
        self.instances = []
        self.addCleanup(self._end)

    def _failed(self):
        outcome = self._outcome
        found = getattr(outcome, "errors", None)
        if found is None:
            found = getattr(getattr(outcome, "result", None), "_excinfo", None) or []
            result = outcome.result
            return any(test is self for test, _ in result.failures + result.errors)
        return any(error for _, error in found)

    def _end(self):
        trouble = None
        for daemon in self.daemons:
            try:
                if daemon.process and daemon.process.is_running():
                    daemon.stop()
                elif daemon.process:
                    daemon.check_log()
            except AssertionError as error:
                trouble = trouble or error
                daemon.process.kill()
        if trouble or self._failed():
            for daemon in self.daemons:
                sys.stderr.write("--- turnoutd in %s said:\n%s\n" % (self.id(), daemon.said()[-6000:]))
        for instance in self.instances:
            instance.kill()
        if trouble:
            raise trouble

    def daemon(self, *arguments, **settings):
        """A turnoutd that is ready."""
        daemon = Daemon(self, *arguments, **settings)
        self.daemons.append(daemon)
        return daemon.start()

    def daemon_unstarted(self, *arguments, **settings):
        daemon = Daemon(self, *arguments, **settings)
        self.daemons.append(daemon)
        return daemon

    def instance(self, build="v1", **settings):
        instance = Instance(self.folder, build, **settings)
        self.instances.append(instance)
        return instance

    def live_daemon(self, builds=("v1",), **settings):
        """A turnoutd whose role web has an instance of the first build live; the instances with it."""
        daemon = self.daemon(**settings)
        instances = [self.instance(build) for build in builds]
        daemon.ok("deploy", "web", builds[0], instances[0].address)
        return [daemon] + instances

    def assertReason(self, answer, status, reason):
        """The proxy's own answer, with its named reason."""
        self.assertEqual((answer.status, answer.named_reason), (status, reason), answer.text)


def main():
    unittest.main(verbosity=2)
