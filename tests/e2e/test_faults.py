"""turnoutd dies at each system call of its journal in turn, in the middle of a deploy: what starts again
serves the old set or the new one, and its history is whole."""

import os
import shutil

from harness import TurnoutTest, main, role, until

MOST = 400


class Faults(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd = self.daemon(roles=[role(health={"interval": "20ms"})], workers=1)
        self.one, self.two = self.instance("v1"), self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v1", self.one.address)
        self.history = self.turnoutd.history()
        self.turnoutd.stop()
        self.state = os.path.join(self.turnoutd.folder, "state")
        shutil.copytree(self.state, self.state + ".before")

    def start_from_before(self, fault):
        shutil.rmtree(self.state)
        shutil.copytree(self.state + ".before", self.state)
        self.turnoutd.env = dict(self.turnoutd.env, TURNOUT_FAULT=fault)
        self.turnoutd.start(ready=False)
        try:
            self.turnoutd.wait_ready()
        except AssertionError:
            if self.turnoutd.process.is_running():
                raise
            return False
        return True

    def is_over(self):
        """Whether turnoutd is gone, or has nothing left to write."""
        if not self.turnoutd.process.is_running():
            return "gone"
        try:
            return self.turnoutd.role()["last_cutover"]["result"] == "finished"
        except (OSError, AssertionError):
            return None  # it is dying

    def died(self, done):
        """Whether turnoutd is gone because of its fault; done is the command, None where it did not start."""
        if done is not None and done.returncode == 0 and until(self.is_over, "an end") != "gone":
            return False
        self.assertEqual(self.turnoutd.process.wait(), -9, self.turnoutd.said()[-3000:])
        return True

    def start_again(self):
        self.turnoutd.env.pop("TURNOUT_FAULT")
        self.turnoutd.start()

    def check(self, point):
        daemon = self.turnoutd
        # Served at once by one of the two; what was begun may go on.
        answer = daemon.get("/")
        self.assertEqual(answer.status, 200, point)
        self.assertIn(answer.build, ("v1", "v2"), point)
        daemon.ok("wait", "web", "idle", "--timeout", "15s")
        history = daemon.history()
        self.assertEqual(history[:len(self.history)], self.history, point)
        epochs = [line["epoch"] for line in history]
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))), point)
        committed = any(line["event"] == "cutover.commit" for line in history[len(self.history):])
        self.assertEqual(daemon.live(), "v2" if committed else "v1", point)
        self.assertEqual(daemon.get("/").build, daemon.live(), point)
        # What comes next works.
        daemon.ok("deploy", "web", "v2", self.two.address)
        self.assertEqual(daemon.get("/").build, "v2", point)

    def one_point(self, point):
        """Whether turnoutd survived it."""
        done = None
        if self.start_from_before(point):
            done = self.turnoutd.turnout("deploy", "web", "v2", self.two.address)
            self.assertIn(done.returncode, (0, 4, 6), done)
        survives = not self.died(done)
        if not survives:
            self.start_again()
        self.check(point)
        return survives

    def every_point(self, what):
        for number in range(1, MOST):
            survives = False
            with self.subTest(number=number, what=what):
                try:
                    survives = self.one_point("journal:%d:%s" % (number, what))
                finally:
                    self.turnoutd.kill()
            if survives:
                return number
        self.fail("no end of journal calls in one deploy")

    def test_kill(self):
        self.assertGreater(self.every_point("kill"), 6)

    def test_torn(self):
        self.assertGreater(self.every_point("torn"), 6)

    def one_point_of_an_order(self, point, *order):
        """Whether turnoutd survived it. One event moves the traffic: it is there or it is not."""
        daemon, done = self.turnoutd, None
        if self.start_from_before(point):
            daemon.ok("wait", "web", "ready", "v2", "--timeout", "10s")
            done = daemon.turnout(*order)
        survives = not self.died(done)
        if not survives:
            self.start_again()
            daemon.ok("wait", "web", "ready", "v2", "--timeout", "10s")
        events = [line["event"] for line in daemon.history()[len(self.history):]]
        self.assertLessEqual(set(events[1:]), {"set.drained", "cutover.finished"}, point)
        self.assertIn(events[:1], ([], ["cutover.switch"]), point)
        self.assertEqual(daemon.live(), "v2" if events else "v1", point)
        self.assertEqual(daemon.get("/").build, daemon.live(), point)
        self.assertIsNone(daemon.status()["roles"][0]["operation"], point)
        daemon.ok(*order)
        self.assertEqual(daemon.get("/").build, "v2", point)
        return survives

    def test_kill_in_a_cutover(self):
        daemon = self.turnoutd
        daemon.start()
        daemon.ok("set", "add", "web", "v2", self.two.address)
        self.history = daemon.history()
        daemon.stop()
        shutil.rmtree(self.state + ".before")
        shutil.copytree(self.state, self.state + ".before")
        for number in range(1, MOST):
            try:
                if self.one_point_of_an_order("journal:%d:kill-after" % number, "cutover", "web", "v2"):
                    return
            finally:
                daemon.kill()
        self.fail("no end of journal calls in one cutover")

    def refused(self, number, what):
        """One deploy with a journal that takes nothing from its N-th call on; its exit code, None when
        turnoutd did not start."""
        daemon = self.turnoutd
        if not self.start_from_before("journal:%d+:%s" % (number, what)):
            return None
        done = daemon.turnout("deploy", "web", "v2", self.two.address)
        self.assertEqual(daemon.get("/").build, daemon.live())
        self.assertEqual(daemon.live(), {0: "v2", 3: "v1", 4: "v1", 5: "v2"}.get(done.returncode), done)
        if done.returncode != 0:
            self.assertIn("journal", done.stderr)
            self.assertRegex(done.stderr, "free space|mend|restart")
        # Traffic goes on, and further changes are refused with the reason.
        if done.returncode != 0:
            said = daemon.expect(3, "hold", "web").stderr
            self.assertIn("journal", said)
            self.assertIn("restart turnoutd", said)
        return done.returncode

    def disk_trouble(self, what):
        codes = []
        for number in range(1, 40):
            with self.subTest(number=number, what=what):
                try:
                    codes.append(self.refused(number, what))
                finally:
                    self.turnoutd.kill()
            if codes and codes[-1] == 0:
                break
        self.assertEqual(codes[-1], 0)
        self.assertTrue({3, 4, 5} & set(codes), codes)
        return codes

    def test_a_full_disk(self):
        self.disk_trouble("ENOSPC")

    def test_a_disk_that_fails(self):
        self.disk_trouble("EIO")

    def test_a_disk_that_is_full_for_a_while(self):
        """The commit finds no room once; nobody has to ask again."""
        seen = 0
        for number in range(1, 40):
            if not self.start_from_before("journal:%d:ENOSPC" % number):
                self.turnoutd.kill()
                continue
            done = self.turnoutd.turnout("deploy", "web", "v2", self.two.address)
            self.assertIn(done.returncode, (0, 3, 4, 5), done)
            waited = "written again" in done.stderr
            if done.returncode == 0:
                self.assertEqual(self.turnoutd.live(), "v2")
            self.turnoutd.kill()
            seen += waited
            if done.returncode == 0 and not waited and seen:
                break
        self.assertTrue(seen, "no deploy waited for room")


if __name__ == "__main__":
    main()
