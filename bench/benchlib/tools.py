"""The bench programs: the origin as a process, the load generator as a function."""

import json
import os
import subprocess

from .process import BenchError, Child, cpu_ns, pinned


class Origin:
    """One bench-origin on its own port."""

    def __init__(self, build_folder, folder, core, build):
        program = os.path.join(build_folder, "bench-origin")
        self.build = build
        self.child = Child([program, "--build", build], core, os.path.join(folder, "origin.log"),
                           stdout=subprocess.PIPE)
        line = self.child.process.stdout.readline()
        if not line.strip().isdigit():
            raise BenchError(f"{program} gave no port: {self.child.tail()}")
        self.port = int(line)

    def cpu_ns(self):
        return cpu_ns([self.child.pid])

    def stop(self):
        self.child.stop()
        self.child.process.stdout.close()


class Load:
    """bench-load, pinned."""

    def __init__(self, build_folder, core):
        self.program = os.path.join(build_folder, "bench-load")
        self.core = core

    def start(self, port, seconds, arguments):
        command = [self.program, "--target", f"127.0.0.1:{port}", "--seconds", str(seconds),
                   *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=pinned(self.core))

    def finish(self, process):
        """The run's figures; a run in which requests failed is one too."""
        out, problems = process.communicate()
        if process.returncode not in (0, 1):
            raise BenchError(f"bench-load: {problems.strip()}")
        return json.loads(out)

    def run(self, port, seconds, arguments):
        return self.finish(self.start(port, seconds, arguments))
