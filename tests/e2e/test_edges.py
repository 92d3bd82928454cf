"""The edges of control: commands that race, late checks, exact answers, what outlives a kill, a full disk."""

import json
import os
import subprocess
import threading

from harness import Client, TurnoutTest, finish, main, request_bytes, role, until


class Races(TurnoutTest):
    def test_hold_resume_and_cutover_in_any_order(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        paths = (("/v1/roles/web/hold", {"max_ms": 5000, "for_ms": 5000}), ("/v1/roles/web/resume", {}),
                 ("/v1/cutover", {"targets": [{"role": "web", "set": "v1"}]}),
                 ("/v1/cutover", {"targets": [{"role": "web", "set": "v2"}]}))
        answers = []

        def call(first):
            for number in range(40):
                path, body = paths[(first + number * (first + 1)) % len(paths)]
                with Client("unix:" + daemon.socket) as client:
                    answers.append(client.request(path, "POST", body=json.dumps(body), host="localhost").status)
        threads = [threading.Thread(target=call, args=(first,)) for first in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(answers), {200, 409})
        self.assertEqual(len(answers), 120)
        daemon.ok("resume", "web")
        daemon.ok("wait", "web", "idle", "--timeout", "10s")
        self.assertEqual(daemon.get("/").build, daemon.live())

    def test_a_check_that_is_answered_when_its_set_is_gone(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2", health="slow", health_delay_ms=700)
        deploy = daemon.begin("deploy", "web", "v2", two.address)
        until(lambda: two.stats()["probes"] >= 1, "a check on its way")
        daemon.ok("abort", "web")
        daemon.ok("set", "remove", "web", "v2")
        self.assertEqual(finish(deploy)[0], 1)
        probes = two.stats()["probes"]
        threading.Event().wait(0.9)
        self.assertEqual(two.stats()["probes"], probes)
        self.assertEqual(daemon.get("/").build, "v1")

    def test_checks_of_an_instance_never_overlap(self):
        daemon, one = self.live_daemon(roles=[role(health={"interval": "50ms", "timeout": "5s"})])
        before = one.stats()["probes"]
        one.set(health="slow", health_delay_ms=400)
        threading.Event().wait(1.3)
        self.assertLessEqual(one.stats()["probes"] - before, 6)

    def test_a_deploy_that_gives_less_time_than_one_interval(self):
        daemon, one = self.live_daemon(roles=[role(health={"interval": "1s"})])
        two = self.instance("v2")
        done = daemon.expect(1, "deploy", "web", "v2", two.address, "--timeout", "300ms")
        self.assertIn("1 of 2 checks", done.stderr)


class Calls(TurnoutTest):
    def post(self, daemon, path, **body):
        with Client("unix:" + daemon.socket) as client:
            return client.request(path, "POST", body=json.dumps(body), host="localhost")

    def test_an_expected_epoch_that_has_passed_is_409(self):
        daemon, one = self.live_daemon()
        epoch = daemon.role()["epoch"]
        answer = self.post(daemon, "/v1/roles/web/hold", expect_epoch=epoch - 1)
        self.assertEqual((answer.status, answer.json()["error"]), (409, "epoch"))
        self.assertEqual(self.post(daemon, "/v1/roles/web/hold", expect_epoch=epoch).status, 200)

    def test_curl_over_the_socket(self):
        daemon, one = self.live_daemon()
        done = subprocess.run(["curl", "-sS", "--unix-socket", daemon.socket, "http://localhost/v1/status"],
                              capture_output=True, timeout=20)
        self.assertEqual(json.loads(done.stdout)["roles"][0]["live"]["build"], "v1", done.stderr)

    def test_the_exact_keys_of_status(self):
        daemon, one = self.live_daemon()
        daemon.ok("deploy", "web", "v2", self.instance("v2").address)
        daemon.ok("set", "add", "web", "v3", self.instance("v3").address)
        daemon.ok("weight", "web", "v3", "2.5")
        row = daemon.role()
        counts = {"build", "digest", "healthy", "instances", "in_flight"}
        self.assertEqual(set(row["live"]), counts)
        self.assertEqual(set(row["candidate"]), counts | {"weight_bp"})
        self.assertEqual(row["candidate"]["weight_bp"], 250)
        self.assertEqual(set(row["previous"]), counts | {"rollback_until"})
        self.assertLessEqual({"id", "from", "to", "result", "at"}, set(row["last_cutover"]))
        self.assertEqual((row["draining"], row["operation"]), ([], None))
        self.assertEqual(set(daemon.status()["nodes"][0]), {"name", "epoch", "alive", "skew_us"})

    def test_what_drains_can_be_gone_back_to_and_says_so(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as slow:
            slow.send(request_bytes("/_delay?ms=800"))
            until(lambda: one.stats()["in_flight"] == 1, "the slow request at work")
            daemon.ok("cutover", "web", "v2")
            row = daemon.role()
            self.assertEqual([each["build"] for each in row["draining"]], ["v1"])
            self.assertEqual(row["previous"]["build"], "v1")
            self.assertIsNotNone(row["previous"]["rollback_until"])
            self.assertEqual(slow.answer().build, "v1")
        until(lambda: daemon.role()["draining"] == [], "the old set drained")
        self.assertEqual(daemon.role()["previous"]["build"], "v1")


class Kept(TurnoutTest):
    def test_a_kill_loses_neither_hold_nor_maintenance_nor_weight(self):
        roles = [role(name, hosts=[name + ".example.com"]) for name in ("web", "api", "mail")]
        daemon = self.daemon(roles=roles, workers=1)
        for name in ("web", "api", "mail"):
            daemon.ok("deploy", name, "v1", self.instance().address)
        daemon.ok("set", "add", "web", "v2", self.instance("v2").address)
        daemon.ok("weight", "web", "v2", "25")
        daemon.ok("hold", "api", "--max", "300ms", "--for", "60s")
        daemon.ok("maintenance", "mail", "on", "--message", "Back at nine.")
        daemon.kill()
        daemon.start()
        self.assertEqual(daemon.role()["candidate"]["weight_bp"], 2500)
        self.assertReason(daemon.get("/", host="api.example.com"), 504, "hold_timeout")
        answer = daemon.get("/", host="mail.example.com")
        self.assertReason(answer, 503, "maintenance")
        self.assertIn("Back at nine.", answer.text)
        daemon.ok("resume", "api")
        self.assertEqual(daemon.get("/", host="api.example.com").build, "v1")
        self.assertEqual([daemon.live(name) for name in ("web", "api", "mail")], ["v1"] * 3)

    def test_a_role_that_is_not_configured_any_more(self):
        roles = [role(name, hosts=[name + ".example.com"]) for name in ("web", "api")]
        daemon = self.daemon(roles=roles)
        for name in ("web", "api"):
            daemon.ok("deploy", name, "v1", self.instance().address)
        daemon.stop()
        daemon.settings["roles"] = roles[:1]
        daemon.write_config()
        daemon.start()
        self.assertEqual(daemon.get("/", host="web.example.com").build, "v1")
        self.assertEqual(daemon.get("/", host="api.example.com").status, 404)
        daemon.expect(3, "rollback", "api")
        daemon.stop()
        daemon.settings["roles"] = roles
        daemon.write_config()
        daemon.start()
        self.assertEqual(daemon.get("/", host="api.example.com").build, "v1")


class FullDisk(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.folder, "disk")
        self.filler = os.path.join(self.disk, "filler")
        os.mkdir(self.disk)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2300k", "tmpfs", self.disk], capture_output=True).returncode == 0
        if not mounted:
            self.skipTest("needs the right to mount a small tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk])

    def fill(self):
        file = os.open(self.filler, os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(file, b"x" * 4096):
                pass
        except OSError:
            pass
        finally:
            os.close(file)

    def use_up(self, daemon):
        """Changes until the journal has no room for one; that one's answer."""
        text = "x" * 480
        on, off = (json.dumps({"on": is_on, "note": text}) for is_on in (True, False))
        for number in range(4000):
            with Client("unix:" + daemon.socket) as client:
                answer = client.request("/v1/roles/web/maintenance", "POST", body=(on, off)[number % 2],
                                        host="localhost")
            if answer.status != 200:
                return answer
        self.fail("the disk never got full")

    def test_changes_are_refused_what_ends_something_is_not(self):
        daemon, one = self.live_daemon(state_dir=os.path.join(self.disk, "state"))
        zero, two = self.instance("v0"), self.instance("v2")
        daemon.ok("deploy", "web", "v0", zero.address)
        daemon.ok("hold", "web", "--max", "20s", "--for", "10m")
        self.fill()
        answer = self.use_up(daemon)
        self.assertEqual((answer.status, answer.json()["error"]), (503, "journal"))
        done = daemon.expect(3, "deploy", "web", "v2", two.address)
        self.assertIn("free space", done.stderr)
        self.assertEqual(daemon.live(), "v0")
        # A hold can be ended and the way back is open all the same: there is a reserve for that.
        daemon.ok("resume", "web")
        self.assertEqual(daemon.get("/").build, "v0")
        daemon.ok("rollback", "web")
        self.assertEqual(daemon.get("/").build, "v1")
        daemon.kill()
        daemon.start()
        self.assertEqual(daemon.get("/").build, "v1")
        daemon.expect(3, "deploy", "web", "v2", two.address)
        os.unlink(self.filler)
        daemon.ok("deploy", "web", "v2", two.address)
        self.assertEqual(daemon.get("/").build, "v2")

    def test_a_start_without_room_says_so(self):
        self.fill()
        daemon = self.daemon_unstarted(state_dir=os.path.join(self.disk, "state"))
        daemon.start(ready=False)
        self.assertEqual(daemon.process.wait(), 1)
        self.assertRegex(daemon.process.said(), "free space|No space left")
        os.unlink(self.filler)
        daemon.start()


if __name__ == "__main__":
    main()
