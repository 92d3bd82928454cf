"""The proxies that are measured: how each is configured, started and stopped.

Each has the same number of workers: one, pinned, unless asked otherwise. Peers keep no log and add
no header fields, which favours them; turnoutd runs with its access log, its metrics and everything
else on."""

import os
import re
import shutil
import subprocess

from .process import BenchError, Child, cpu_ns, first_line, free_port, monotonic_wait, tree


class Peer:
    """A proxy in front of origins; build "v1" is served first."""

    name = ""
    program = ""

    def __init__(self, folder, build_folder, core, workers=1):
        self.folder = os.path.join(folder, self.name)
        self.build_folder = build_folder
        self.core = core
        self.workers = workers
        self.child = None
        self.port = free_port()
        self.tls_port = None
        self.pem = None
        self.origins = {}

    def missing(self):
        """Why it cannot be measured, or None."""
        return None if shutil.which(self.program) else f"{self.program} is not installed"

    def version(self):
        return "?"

    def start(self, origins, pem=None):
        """Starts it in front of {build: port}; pem is a file with a certificate and its key."""
        os.makedirs(self.folder, mode=0o700)
        self.origins = origins
        self.pem = pem
        self.tls_port = free_port() if pem else None
        self.configure("v1")
        self.child = Child(self.command(), self.core, self.path("log"))
        self.child.wait_port(self.port)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def configure(self, build):
        """Writes the configuration that serves the build."""
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def cpu_ns(self):
        return cpu_ns(tree(self.child.pid))

    def remark(self):
        """What a reader of its figures should know, or None."""
        return None

    def tidy(self):
        """Drops what a sample has left behind, such as a log."""

    def stop(self):
        if self.child:
            self.child.stop()


class Haproxy(Peer):
    name = "haproxy"
    program = "haproxy"

    def version(self):
        return first_line([self.program, "-v"]).split(" - ")[0]

    def servers(self, build):
        return f"  server live 127.0.0.1:{self.origins[build]}\n"

    def configure(self, build):
        tls = f"  bind 127.0.0.1:{self.tls_port} ssl crt {self.pem}\n" if self.pem else ""
        self.write("haproxy.cfg", f"""\
global
  nbthread {self.workers}
  maxconn 4000
  stats socket {self.path("stats.sock")} mode 600 level admin expose-fd listeners
defaults
  mode http
  no log
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
  option splice-auto
frontend in
  bind 127.0.0.1:{self.port}
{tls}  default_backend out
backend out
{self.servers(build)}""")

    def command(self):
        return [self.program, "-db", "-f", self.path("haproxy.cfg")]


class Nginx(Peer):
    """As it comes: answers go through its default buffers."""
    name = "nginx"
    program = "nginx"
    answers = ""

    def version(self):
        return first_line([self.program, "-v"]).replace("nginx version: ", "")

    def configure(self, build):
        user = "user root;" if os.geteuid() == 0 else ""
        tls = f"""\
    listen 127.0.0.1:{self.tls_port} ssl;
    ssl_certificate {self.pem};
    ssl_certificate_key {self.pem};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
""" if self.pem else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"  {kind}_temp_path {self.path(kind)};\n" for kind in kinds)
        self.write("nginx.conf", f"""\
{user}
daemon off;
worker_processes {self.workers};
worker_rlimit_nofile 20000;
pid {self.path("pid")};
error_log {self.path("error.log")} warn;
events {{ worker_connections 10000; }}
http {{
{temporary}  access_log off;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  upstream out {{
    server 127.0.0.1:{self.origins[build]};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{self.port};
{tls}    location / {{
      proxy_pass http://out;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
{self.answers}    }}
  }}
}}
""")

    def command(self):
        return [self.program, "-p", self.folder, "-e", self.path("error.log"), "-c",
                self.path("nginx.conf")]


class NginxUnbuffered(Nginx):
    """Answers go straight through one large buffer: the cheapest for large ones."""
    name = "nginx-unbuffered"
    answers = """\
      proxy_buffering off;
      proxy_buffer_size 256k;
      proxy_buffers 8 256k;
      proxy_busy_buffers_size 512k;
"""


class Turnout(Peer):
    name = "turnout"

    def __init__(self, folder, build_folder, core, workers=1):
        super().__init__(folder, build_folder, core, workers)
        self.program = os.path.join(build_folder, "turnoutd")
        self.cli = os.path.join(build_folder, "turnout")

    def missing(self):
        absent = [path for path in (self.program, self.cli) if not os.access(path, os.X_OK)]
        return f"{', '.join(absent)} not built" if absent else None

    def version(self):
        return first_line([self.program, "--version"])

    def configure(self, build):
        tls = f"""\
  , {{ address = "127.0.0.1:{self.tls_port}";
      tls = {{ certificates = ( {{ cert = "{self.pem}"; key = "{self.pem}"; }} ); }}; }}
""" if self.pem else ""
        self.write("turnout.cfg", f"""\
workers = {self.workers};
state_dir = "{self.path("state")}";
control = {{ socket = "{self.path("control.sock")}"; mode = "0600"; }};
admin = {{ address = "127.0.0.1:{free_port()}"; }};
journal = {{ kind = "file"; }};
access_log = {{ path = "{self.path("access.log")}"; }};
listeners = (
    {{ address = "127.0.0.1:{self.port}"; }}
{tls});
roles = (
  {{ name = "web"; kind = "http"; hosts = ( "*" ); path = "/";
    health = {{ path = "/healthz"; host = "bench"; interval = "1s"; }}; }}
);
""")

    def command(self):
        return [self.program, "-c", self.path("turnout.cfg")]

    def turnout(self, *words):
        """Runs the command line; its time is the caller's to take."""
        done = subprocess.run([self.cli, "-s", self.path("control.sock"), *words],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"turnout {' '.join(words)}: exit {done.returncode}: "
                             f"{(done.stderr or done.stdout).strip()}")

    def is_ready(self):
        with open(self.child.log, errors="replace") as log:
            return re.search(r"\bready\b", log.read(), re.IGNORECASE)

    def start(self, origins, pem=None):
        super().start(origins, pem)
        monotonic_wait("turnoutd to say ready", self.is_ready)
        self.turnout("deploy", "web", "v1", f"127.0.0.1:{origins['v1']}")

    def tidy(self):
        if os.path.exists(self.path("access.log")):
            os.truncate(self.path("access.log"), 0)


PEERS = {peer.name: peer for peer in (Turnout, Haproxy, Nginx, NginxUnbuffered)}
