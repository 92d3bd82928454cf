"""What README.md and docs/ show is true: each configuration loads, each command line can be meant so,
each link leads somewhere, and the deploy script does what it says."""

import glob
import os
import re
import shlex
import shutil
import subprocess
import unittest

from harness import BUILD, SOURCE, TurnoutTest, environment, free_port, main, program

CERTIFICATES = ("site", "shop")
PAGES = sorted([os.path.join(SOURCE, "README.md")] +
               glob.glob(os.path.join(SOURCE, "docs", "**", "*.md"), recursive=True))
# What the documentation writes for a shell to fill in.
SHELL = {"$build": "v1", "$1": "v1", "${addresses[@]}": "127.0.0.1:7001", "$socket": "control.sock"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def page_name(path):
    return os.path.relpath(path, SOURCE)


def blocks(text):
    """(language, lines) of each fenced or indented block."""
    language, block = None, []
    for line in text.splitlines():
        fence = re.match(r"^```(\w*)", line)
        if language is not None:
            if fence:
                yield language, block
                language, block = None, []
            else:
                block.append(line)
        elif fence:
            language = fence[1]
        elif line.startswith("    ") and line.strip():
            yield "indented", [line[4:]]


def configurations(text):
    for language, block in blocks(text):
        sample = "\n".join(block) + "\n"
        is_whole = language == "" and re.search(r"^roles\s*=", sample, re.MULTILINE)
        if language == "cfg" or is_whole:
            yield sample


def command_lines(text):
    """Each `turnout ...` that a page tells its reader to type, or a script of it runs."""
    for language, block in blocks(text):
        for line in block:
            found = re.match(r"^(?:\$ | *)(turnout [^#`]*)", line)
            if found and not re.match(r"turnout: ", found[1]):
                yield found[1]


def named_commands(text):
    """Each `turnout ...` within a sentence."""
    return re.findall(r"(?<!`)`(turnout [a-z][^`]*)`(?!`)", text)


def words_of(line):
    for name, value in SHELL.items():
        line = line.replace(name, value)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = list(lexer)[1:]
    # What follows belongs to the shell: a pipe, another command, a redirection.
    ends = [i for i, word in enumerate(words) if word[0] in "|&;<>"]
    return words[:ends[0]] if ends else words


def is_synopsis(line):
    """ "turnout deploy ROLE BUILD ADDR..." says what may be typed; it is not to be typed. """
    return re.search(r"\b[A-Z]{4,}\b|\.\.\.|\[[-A-Za-z]", line.replace("TURNOUT_SOCKET", "")) is not None


class Docs(TurnoutTest):
    def check(self, path):
        return subprocess.run([program("turnoutd"), "-c", path, "--check"], capture_output=True,
                              text=True, env=environment(), timeout=60)

    def test_configurations_load(self):
        folder = self.folder
        for name in CERTIFICATES:
            for ending in (".pem", ".key"):
                open(os.path.join(folder, name + ending), "w", encoding="ascii").close()
        samples = [(page_name(page), text) for page in PAGES for text in configurations(read(page))]
        samples += [(page_name(path), read(path)) for path in
                    glob.glob(os.path.join(SOURCE, "conf", "examples", "*.cfg"))]
        self.assertGreaterEqual(len(samples), 5)
        for number, (name, text) in enumerate(samples):
            with self.subTest(name, number=number):
                path = os.path.join(folder, "sample-%d.cfg" % number)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                done = self.check(path)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_command_lines_can_be_meant_so(self):
        socket = os.path.join(self.folder, "nobody.sock")
        count = 0
        for page in PAGES:
            typed = set(command_lines(read(page)))
            for line in sorted(typed | set(named_commands(read(page)))):
                if is_synopsis(line):
                    continue
                count += 1
                with self.subTest(page_name(page), line=line):
                    done = subprocess.run([program("turnout")] + words_of(line), timeout=60,
                                          capture_output=True, text=True,
                                          env=environment(TURNOUT_SOCKET=socket))
                    # 6: it would have been sent, had there been a turnoutd. A sentence may name a
                    # command without its arguments.
                    if "too few arguments" not in done.stderr or line in typed:
                        self.assertIn(done.returncode, (0, 6), done.stderr)
        self.assertGreaterEqual(count, 20)

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(page)):
                if "://" not in target:
                    with self.subTest(page_name(page), link=target):
                        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)))


class DeployScript(TurnoutTest):
    """docs/examples/deploy.sh with the service of the demo, in the place of a pipeline."""

    def setUp(self):
        super().setUp()
        self.service = os.path.join(self.folder, "service")
        self.pids = os.path.join(self.folder, "pids")
        with open(self.service, "w", encoding="ascii") as file:
            file.write('#!/bin/sh\necho $$ >>"%s"\nexec "%s" "$1" "${SAYS:-$2}"\n' %
                       (self.pids, program("demo-service")))
        os.chmod(self.service, 0o755)
        self.addCleanup(self.end_services)

    def end_services(self):
        for pid in read(self.pids).split() if os.path.exists(self.pids) else []:
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass

    def deploy(self, daemon, build, count, **env):
        ports = [str(free_port()) for _ in range(count)]
        return subprocess.run(
            [os.path.join(SOURCE, "docs", "examples", "deploy.sh"), build] + ports,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
            env=environment(SERVICE=self.service, TURNOUT_SOCKET=daemon.socket,
                            PATH=BUILD + os.pathsep + os.environ["PATH"], **env))

    @unittest.skipUnless(shutil.which("setsid"), "setsid is not installed")
    def test_deploys_and_refuses(self):
        daemon = self.daemon()
        for build in ("v1", "v2"):
            done = self.deploy(daemon, build, 2)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(daemon.get("/").build, build)
        done = self.deploy(daemon, "v3", 1, SAYS="v2")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("wrong_build", done.stderr)
        self.assertEqual(daemon.get("/").build, "v2")


if __name__ == "__main__":
    main()
