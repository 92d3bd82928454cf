"""The command line: exit codes, what goes to which output, interrupted commands."""

import json
import signal
import subprocess
import threading

from harness import TurnoutTest, environment, finish, main, program, role, until


def run(*arguments, **env):
    return subprocess.run([program("turnout")] + list(arguments), capture_output=True, text=True,
                          env=environment(**env), timeout=30)


class WithoutDaemon(TurnoutTest):
    def test_usage_is_2(self):
        for arguments in ((), ("nonsense",), ("deploy",), ("deploy", "web"), ("deploy", "web", "v1"),
                          ("status", "--nonsense"), ("weight", "web", "v1"), ("wait", "web"),
                          ("cutover", "web"), ("cutover", "web", "v1", "api"),
                          ("hold", "web", "--max"), ("hold", "web", "--max", "tomorrow")):
            with self.subTest(arguments):
                done = run("-s", self.folder + "/none", *arguments)
                self.assertEqual(done.returncode, 2, done)
                self.assertTrue(done.stderr)

    def test_later_commands_say_so(self):
        for arguments in (("quarantine", "web", "127.0.0.1:1"), ("upgrade",), ("node", "list"),
                          ("release", "list"), ("journal", "found")):
            with self.subTest(arguments):
                done = run("-s", self.folder + "/none", *arguments)
                self.assertEqual(done.returncode, 2, done)

    def test_nobody_there_is_6(self):
        for arguments in (("status",), ("deploy", "web", "v1", "127.0.0.1:1"), ("history",)):
            with self.subTest(arguments):
                done = run("-s", self.folder + "/none", *arguments)
                self.assertEqual(done.returncode, 6, done)
                self.assertIn(self.folder + "/none", done.stderr)

    def test_help_and_version(self):
        for arguments in (("--help",), ("help",), ("help", "deploy"), ("deploy", "--help"),
                          ("--version",)):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 0, done)
                self.assertTrue(done.stdout)

    def test_the_daemon_checks_its_configuration(self):
        daemon = self.daemon_unstarted()

        def check(*arguments):
            return subprocess.run([program("turnoutd")] + list(arguments), capture_output=True,
                                  text=True, env=environment(), timeout=30)
        self.assertEqual(check("--check", "-c", daemon.config).returncode, 0)
        self.assertEqual(check("--version").returncode, 0)
        self.assertEqual(check("--help").returncode, 0)
        self.assertIn("drain_timeout", check("-c", daemon.config, "--print-settings").stdout)
        daemon.write_config("workers = 1;\nlistners = ();\nshutdown_delay = \"soon\";\n")
        done = check("--check", "-c", daemon.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("turnout.cfg:2", done.stderr)
        self.assertIn("listeners", done.stderr)
        self.assertIn("turnout.cfg:3", done.stderr)
        self.assertEqual(check("-c", self.folder + "/none.cfg").returncode, 1)


class ExitCodes(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon(
            roles=[role(cutover={"ready_timeout": "3s"})])

    def test_the_socket_from_the_environment(self):
        done = run("status", TURNOUT_SOCKET=self.turnoutd.socket)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("v1", done.stdout)

    def test_refused_is_3(self):
        t = self.turnoutd
        for arguments in (("deploy", "nothing", "v1", self.one.address), ("cutover", "web", "v9"),
                          ("rollback", "web"), ("rollback", "nothing"), ("show", "nothing"),
                          ("set", "remove", "web", "v1"), ("set", "remove", "web", "v9"),
                          ("drain", "web", "v9"), ("weight", "web", "v9", "10"),
                          ("history", "nothing"), ("wait", "nothing", "idle")):
            with self.subTest(arguments):
                before = t.status()["epoch"]
                done = t.expect(3, *arguments)
                self.assertTrue(done.stderr)
                self.assertEqual(t.status()["epoch"], before)

    def test_bad_values_are_2(self):
        t = self.turnoutd
        for arguments in (("deploy", "web", "v1 2", self.one.address), ("deploy", "web", ".v", self.one.address),
                          ("deploy", "web", "v2", "127.0.0.1"), ("deploy", "web", "v2", "127.0.0.1:0"),
                          ("deploy", "web", "v2", "127.0.0.1:99999"),
                          ("deploy", "web", "v2", self.one.address, self.one.address)):
            with self.subTest(arguments):
                t.expect(2, *arguments)

    def test_a_cutover_to_a_set_that_is_not_ready_is_3(self):
        two = self.instance("v2", health="fail")
        self.turnoutd.begin("set", "add", "web", "v2", two.address)
        until(lambda: two.stats()["probes"] > 0, "the set known")
        self.turnoutd.expect(3, "cutover", "web", "v2")
        self.assertEqual(self.turnoutd.live(), "v1")

    def test_expect_epoch(self):
        t = self.turnoutd
        epoch = t.status()["epoch"]
        two = self.instance("v2")
        t.ok("set", "add", "web", "v2", two.address)
        t.expect(3, "cutover", "web", "v2", "--expect-epoch", epoch)
        self.assertEqual(t.live(), "v1")
        t.ok("cutover", "web", "v2", "--expect-epoch", t.status()["epoch"])

    def test_a_second_operation_is_refused_with_who_runs_the_first(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        first = t.begin("deploy", "web", "v2", two.address, "--note", "the first one")
        until(lambda: t.role()["operation"], "the operation")
        done = t.expect(3, "deploy", "web", "v3", self.instance("v3").address)
        self.assertIn("deploy", done.stderr)
        self.assertEqual(finish(first)[0], 1)

    def test_or_waits_for_it(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        first = t.begin("deploy", "web", "v2", two.address)
        until(lambda: t.role()["operation"], "the operation")
        second = t.begin("deploy", "web", "v3", self.instance("v3").address, "--wait", "20s")
        self.assertEqual(finish(first)[0], 1)
        code, out, err = finish(second)
        self.assertEqual((code, t.live()), (0, "v3"), out + err)

    def test_abort_ends_an_operation(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        first = t.begin("deploy", "web", "v2", two.address)
        until(lambda: t.role()["operation"], "the operation")
        t.ok("abort", "web")
        code, out, err = finish(first)
        self.assertEqual((code, t.live()), (1, "v1"), out + err)
        self.assertIsNone(t.role()["operation"])

    def test_abort_of_nothing_changes_nothing(self):
        t = self.turnoutd
        before = t.status()["epoch"]
        done = t.turnout("abort", "web")
        self.assertIn(done.returncode, (0, 3))
        self.assertEqual((t.live(), t.status()["epoch"]), ("v1", before))

    def test_rollback_supersedes(self):
        t = self.turnoutd
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address)
        three = self.instance("v3", health="fail")
        first = t.begin("deploy", "web", "v3", three.address)
        until(lambda: t.role()["operation"], "the operation")
        t.ok("rollback", "web")
        code, out, err = finish(first)
        self.assertEqual((code, t.live()), (1, "v1"), out + err)
        self.assertIn("superseded", out + err)

    def test_a_deploy_after_a_rollback_clears_the_mark(self):
        t = self.turnoutd
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address)
        t.ok("rollback", "web")
        t.ok("deploy", "web", "v2", two.address)
        self.assertEqual(t.live(), "v2")

    def test_rollback_of_a_rollback_needs_force(self):
        t = self.turnoutd
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address)
        t.ok("rollback", "web")
        done = t.expect(3, "rollback", "web")
        self.assertIn("--force", done.stderr)
        t.ok("rollback", "web", "--force")
        self.assertEqual(t.live(), "v2")

    def test_an_interrupted_command_leaves_its_operation_going(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        child = t.begin("deploy", "web", "v2", two.address, "--timeout", "15s")
        until(lambda: t.role()["operation"], "the operation")
        child.send_signal(signal.SIGINT)
        code, out, err = finish(child)
        self.assertEqual(code, 4, out + err)
        self.assertIn("turnout wait", err)
        two.set(health="ok")
        t.ok("wait", "web", "live", "v2", "--timeout", "10s")
        self.assertEqual(t.live(), "v2")

    def test_a_killed_command_leaves_its_operation_going(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        child = t.begin("deploy", "web", "v2", two.address, "--timeout", "15s")
        until(lambda: t.role()["operation"], "the operation")
        child.kill()
        finish(child)
        two.set(health="ok")
        t.ok("wait", "web", "live", "v2", "--timeout", "10s")

    def test_no_wait(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        done = t.expect(0, "deploy", "web", "v2", two.address, "--no-wait")
        self.assertTrue(done.stdout.strip())
        two.set(health="ok")
        t.ok("wait", "web", "live", "v2")

    def test_connection_lost_is_4(self):
        t = self.turnoutd
        two = self.instance("v2", health="fail")
        child = t.begin("deploy", "web", "v2", two.address)
        until(lambda: t.role()["operation"], "the operation")
        t.kill()
        code, out, err = finish(child)
        self.assertEqual(code, 4, out + err)

    def test_wait(self):
        t = self.turnoutd
        t.ok("wait", "web", "live", "v1")
        t.ok("wait", "web", "idle")
        t.ok("wait", "web", "ready", "v1")
        self.assertIn(t.turnout("wait", "web", "live", "v9", "--timeout", "200ms").returncode, (1, 3, 4))
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address)
        t.ok("wait", "web", "drained", "v1")

    def test_drain_and_set_remove(self):
        t = self.turnoutd
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address)
        t.ok("drain", "web", "v1")
        t.ok("set", "remove", "web", "v1")
        t.expect(3, "rollback", "web")
        self.assertEqual(t.live(), "v2")

    def test_history(self):
        t = self.turnoutd
        two = self.instance("v2")
        t.ok("deploy", "web", "v2", two.address, "--note", "ticket 7: new colours")
        t.ok("rollback", "web")
        lines = t.history()
        epochs = [line["epoch"] for line in lines]
        self.assertEqual(epochs, sorted(epochs))
        self.assertIn("ticket 7: new colours", json.dumps(lines))
        self.assertIn("v2", t.ok("history", "web"))

    def test_events_follow(self):
        t = self.turnoutd
        follow = subprocess.Popen([program("turnout"), "-s", t.socket, "--json", "events"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  env=environment())
        told = []

        def read():
            for line in follow.stdout:
                told.append(json.loads(line))

        reader = threading.Thread(target=read)
        reader.start()
        self.addCleanup(lambda: (follow.kill(), follow.wait(), reader.join(), follow.stdout.close()))

        def is_following():
            # It tells what happens once it is connected, which nobody else can see.
            t.ok("maintenance", "web", "on")
            t.ok("maintenance", "web", "off")
            return told

        until(is_following, "the first event is told")
        two = self.instance("v2")
        daemon_epoch = t.status()["epoch"]
        t.ok("set", "add", "web", "v2", two.address)
        t.ok("cutover", "web", "v2")
        event = until(lambda: next((event for event in list(told)
                                    if event["event"].startswith("cutover.")), None), "a cutover is told")
        self.assertGreater(event["epoch"], daemon_epoch)
        # A cutover to a ready set is one event, told by its epoch.
        self.assertEqual((event["event"], event["kind"]), ("cutover.switch", "cutover"))
        self.assertEqual(event["moves"][0]["to_set"].split("#")[0], "v2")
        self.assertEqual(t.status()["roles"][0]["last_cutover"]["id"], str(event["epoch"]))

    def test_results_and_steps_go_to_their_outputs(self):
        t = self.turnoutd
        two = self.instance("v2")
        done = t.expect(0, "--json", "deploy", "web", "v2", two.address)
        for line in done.stdout.splitlines():
            json.loads(line)
        self.assertNotIn("\x1b", done.stderr)

    def test_a_host_name_is_resolved_once(self):
        t = self.turnoutd
        two = self.instance("v2")
        port = two.address.split(":")[1]
        done = t.turnout("deploy", "web", "v2", "ip4-localhost.invalid:" + port)
        self.assertIn(done.returncode, (2, 3))
        self.assertEqual(t.live(), "v1")


if __name__ == "__main__":
    main()
