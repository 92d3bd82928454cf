"""Out of descriptors: those who are served stay served, others are served when there is room again."""

import resource

from harness import TurnoutTest, main, until


class Descriptors(TurnoutTest):
    def test_running_out_and_recovering(self):
        daemon, one = self.live_daemon(workers=1)
        with daemon.client() as kept:
            self.assertEqual(kept.request("/").status, 200)
            used = len(self.open_descriptors(daemon))
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used + 8, 4096))
            clients = []
            for _ in range(40):
                clients.append(daemon.client())
            for _ in range(20):
                self.assertEqual(kept.request("/").status, 200)
            two = self.instance("v2")
            for client in clients:
                client.close()
            until(lambda: self.served(daemon), "served again")
            daemon.ok("deploy", "web", "v2", two.address)
            self.assertEqual(kept.request("/").build, "v2")

    def open_descriptors(self, daemon):
        import os
        return os.listdir("/proc/%d/fd" % daemon.process.pid)

    def served(self, daemon):
        try:
            return daemon.get("/").status == 200
        except (AssertionError, OSError):
            return False

    def test_descriptors_do_not_leak(self):
        daemon, one = self.live_daemon(workers=1)
        for _ in range(20):
            daemon.get("/")
        before = len(self.open_descriptors(daemon))
        for number in range(200):
            daemon.get("/_status?code=204")
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        for number in range(20):
            daemon.ok("cutover", "web", ("v2", "v1")[number % 2])
        until(lambda: len(self.open_descriptors(daemon)) <= before + 8, "descriptors given back")


if __name__ == "__main__":
    main()
