"""turnoutd dies at each system call of its journal in turn, in the middle of a deploy: what starts again
serves the old set or the new one, and its history is whole."""

import os
import shutil

from harness import TurnoutTest, finish, main, role

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

    def died(self):
        """Whether turnoutd is gone because of its fault."""
        if self.turnoutd.process.is_running():
            return False
        self.assertEqual(self.turnoutd.process.child.returncode, -9, self.turnoutd.said()[-3000:])
        return True

    def start_again(self):
        self.turnoutd.env.pop("TURNOUT_FAULT")
        self.turnoutd.start()

    def check(self, point):
        daemon = self.turnoutd
        answer = daemon.get("/")
        self.assertEqual(answer.status, 200, point)
        self.assertEqual(answer.build, daemon.live(), point)
        self.assertIn(answer.build, ("v1", "v2"), point)
        history = daemon.history()
        self.assertEqual(history[:len(self.history)], self.history, point)
        epochs = [line["epoch"] for line in history]
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))), point)
        committed = any(line["event"] == "cutover.commit" for line in history[len(self.history):])
        self.assertEqual(answer.build, "v2" if committed else "v1", point)
        # What comes next works.
        daemon.ok("wait", "web", "idle", "--timeout", "15s")
        daemon.ok("deploy", "web", "v2", self.two.address)
        self.assertEqual(daemon.get("/").build, "v2", point)

    def every_point(self, what):
        survived = 0
        for number in range(1, MOST):
            point = "journal:%d:%s" % (number, what)
            with self.subTest(point):
                is_up = self.start_from_before(point)
                if is_up:
                    deploy = self.turnoutd.begin("deploy", "web", "v2", self.two.address)
                    code, out, err = finish(deploy)
                if not is_up or self.died():
                    self.assertIn(code if is_up else 4, (0, 4, 6), out + err if is_up else "")
                    self.start_again()
                else:
                    self.assertEqual(code, 0, out + err)
                    survived += 1
                self.check(point)
                self.turnoutd.kill()
            if survived == 2:
                return number
        self.fail("no end of journal calls in one deploy")

    def test_kill(self):
        self.assertGreater(self.every_point("kill"), 6)

    def test_torn(self):
        self.assertGreater(self.every_point("torn"), 6)

    def test_disk_full_refuses_before_anything_moves(self):
        for what in ("ENOSPC", "EROFS", "EIO"):
            with self.subTest(what):
                self.turnoutd.env.pop("TURNOUT_FAULT", None)
                self.assertTrue(self.start_from_before("journal:1000000:" + what))
                self.turnoutd.stop()
                daemon = self.turnoutd
                begun = False
                for number in range(1, 40):
                    if not self.start_from_before("journal:%d+:%s" % (number, what)):
                        continue
                    done = daemon.turnout("deploy", "web", "v2", self.two.address)
                    self.assertEqual(daemon.get("/").build, daemon.live())
                    if done.returncode == 0:
                        daemon.kill()
                        break
                    self.assertIn(done.returncode, (1, 3, 4, 5), done)
                    begun = begun or "journal" in done.stderr
                    self.assertIn(daemon.live(), ("v1", "v2"))
                    daemon.kill()
                self.assertTrue(begun, "no deploy was refused because of its journal")


if __name__ == "__main__":
    main()
