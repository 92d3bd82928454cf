"""Candidates that are no good: what was live stays live, and the command says why."""

import re

from harness import TurnoutTest, finish, free_port, main, role, until


class Candidates(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd = self.daemon(roles=[role(cutover={"ready_timeout": "1200ms"},
                                                health={"timeout": "500ms"})])
        self.one = self.instance()
        self.turnoutd.ok("deploy", "web", "v1", self.one.address)

    def fails(self, *addresses, says, build="v2", **more):
        done = self.turnoutd.expect(1, "deploy", "web", build, *addresses)
        self.assertIn(says, done.stdout + done.stderr)
        self.assertEqual(self.turnoutd.live(), "v1")
        self.assertIsNone(self.turnoutd.role()["operation"])
        self.assertEqual(self.turnoutd.get("/").build, "v1")
        return done

    def test_nobody_listens(self):
        self.fails("127.0.0.1:%d" % free_port(), says="refused")

    def test_every_way_of_being_unwell(self):
        two = self.instance("v2")
        for mode, says in (("fail", "status"), ("redirect", "elsewhere.example"),
                           ("hang", "time"), ("hang_head", "time"), ("close", "closed"),
                           ("junk", "malformed"), ("nobuild", "build")):
            with self.subTest(mode):
                two.set(health=mode)
                self.fails(two.address, says=says)

    def test_every_odd_way_of_being_well(self):
        two = self.instance("v2")
        for mode in ("continue", "big", "slow"):
            with self.subTest(mode):
                two.set(health=mode)
                self.turnoutd.ok("deploy", "web", "v2", two.address)
                self.turnoutd.ok("deploy", "web", "v1", self.one.address)

    def test_a_body_of_junk_chunks(self):
        two = self.instance("v2", health="chunked_junk")
        self.fails(two.address, says="malformed")

    def test_the_wrong_build(self):
        two = self.instance("v2", health_build="v7")
        done = self.fails(two.address, says="v7")
        self.assertIn("v2", done.stdout + done.stderr)

    def test_one_of_two_is_not_well(self):
        two, three = self.instance("v2"), self.instance("v2", health="fail")
        done = self.fails(two.address, three.address, says=three.address)
        self.assertIn("status", done.stdout + done.stderr)

    def test_one_that_flaps(self):
        two = self.instance("v2", health="fail")
        deploy = self.turnoutd.begin("deploy", "web", "v2", two.address)
        until(lambda: two.stats()["probes"] >= 1, "a first check")
        while deploy.poll() is None:
            before = two.stats()["probes"]
            two.set(health="ok")
            until(lambda: two.stats()["probes"] > before or deploy.poll() is not None, "a check")
            two.set(health="fail")
            until(lambda: two.stats()["probes"] > before + 1 or deploy.poll() is not None, "a check")
        code, out, err = finish(deploy)
        self.assertEqual((code, self.turnoutd.live()), (1, "v1"), out + err)

    def test_one_that_is_well_and_then_not_while_its_sibling_is_late(self):
        two, three = self.instance("v2"), self.instance("v2", health="fail")
        deploy = self.turnoutd.begin("deploy", "web", "v2", two.address, three.address)
        until(lambda: two.stats()["probes"] >= 3, "the first one well")
        two.set(health="fail")
        before = two.stats()["probes"]
        until(lambda: two.stats()["probes"] >= before + 2, "the first one unwell")
        three.set(health="ok")
        code, out, err = finish(deploy)
        self.assertEqual((code, self.turnoutd.live()), (1, "v1"), out + err)

    def test_one_that_dies_in_the_middle(self):
        two, three = self.instance("v2"), self.instance("v2", health="fail")
        deploy = self.turnoutd.begin("deploy", "web", "v2", two.address, three.address)
        until(lambda: two.stats()["probes"] >= 2, "checks")
        two.kill()
        three.set(health="ok")
        code, out, err = finish(deploy)
        self.assertEqual((code, self.turnoutd.live()), (1, "v1"), out + err)
        self.assertIn("refused", out + err)

    def test_one_that_dies_right_after_the_commit(self):
        two = self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address)
        two.kill()
        answer = self.turnoutd.get("/")
        self.assertEqual(answer.status // 100, 5)
        self.assertIn(answer.named_reason, ("upstream_connect", "upstream_closed",
                                            "no_healthy_instance"))
        until(lambda: self.turnoutd.get("/").named_reason == "no_healthy_instance", "seen down")
        self.assertEqual(self.turnoutd.live(), "v2", "it went back by itself")
        self.turnoutd.ok("rollback", "web")
        self.assertEqual(self.turnoutd.get("/").build, "v1")

    def test_one_of_two_that_dies_right_after_the_commit(self):
        two, three = self.instance("v2"), self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address, three.address)
        two.kill()
        for _ in range(40):
            self.assertEqual(self.turnoutd.get("/").status, 200)

    def test_a_live_instance_that_is_unwell_gets_nothing_until_it_is_well(self):
        two, three = self.instance("v2"), self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address, three.address)
        two.set(health="fail")
        until(lambda: self.turnoutd.role()["live"]["healthy"] == 1, "seen unwell")
        before = two.stats()["requests"]
        for _ in range(20):
            self.assertEqual(self.turnoutd.get("/").status, 200)
        self.assertEqual(two.stats()["requests"], before)
        two.set(health="ok")
        until(lambda: self.turnoutd.role()["live"]["healthy"] == 2, "seen well")

    def test_show_names_the_reason_of_each_instance(self):
        two = self.instance("v2", health="redirect")
        added = self.turnoutd.expect(4, "set", "add", "web", "v2", two.address)
        self.assertIn("elsewhere.example", added.stderr)
        self.assertIn("turnout wait web ready v2", added.stderr)
        shown = self.turnoutd.ok("show", "web")
        self.assertIn(self.one.address, shown)
        self.assertRegex(shown, re.escape(two.address) + r".*redirect")
        self.assertIn("elsewhere.example", shown)
        self.assertEqual(self.turnoutd.live(), "v1")
        two.set(health="ok")
        self.turnoutd.ok("wait", "web", "ready", "v2")
        self.turnoutd.ok("cutover", "web", "v2")

    def test_a_live_set_without_a_healthy_instance_is_never_switched_silently(self):
        two = self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address)
        two.set(health="fail")
        until(lambda: self.turnoutd.role()["live"]["healthy"] == 0, "seen unwell")
        self.assertReason(self.turnoutd.get("/"), 503, "no_healthy_instance")
        two.set(health="ok")
        until(lambda: self.turnoutd.get("/").status == 200, "served again")

    def test_the_previous_set_is_checked_too(self):
        two = self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address)
        self.one.set(health="fail")
        until(lambda: self.turnoutd.role()["previous"]["healthy"] == 0, "seen unwell")
        done = self.turnoutd.expect(3, "rollback", "web")
        self.assertIn("--force", done.stderr + done.stdout)
        self.turnoutd.ok("rollback", "--force", "web")
        self.assertEqual(self.turnoutd.live(), "v1")


if __name__ == "__main__":
    main()
