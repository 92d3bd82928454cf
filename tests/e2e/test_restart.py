"""What turnoutd knows outlives it: a stop, a kill, a torn file; and nobody takes its place meanwhile."""

import os
import resource
import signal
import socket
import struct

from harness import Daemon, TurnoutTest, connect, main, request_bytes, role, until


class Restart(TurnoutTest):
    def two_builds(self, **settings):
        daemon, one = self.live_daemon(**settings)
        two = self.instance("v2")
        daemon.ok("deploy", "web", "v2", two.address)
        return daemon, one, two

    def test_after_a_stop(self):
        daemon, one, two = self.two_builds()
        before = daemon.history()
        daemon.stop()
        self.assertFalse(os.path.exists(daemon.socket))
        daemon.start()
        self.assertEqual(daemon.get("/").build, "v2")
        self.assertEqual(daemon.history()[:len(before)], before)
        daemon.ok("wait", "web", "ready", "v1")
        daemon.ok("rollback", "web")
        self.assertEqual(daemon.get("/").build, "v1")

    def test_after_a_kill(self):
        daemon, one, two = self.two_builds()
        before = daemon.history()
        daemon.kill()
        daemon.start()
        self.assertEqual(daemon.get("/").build, "v2")
        self.assertEqual(daemon.history()[:len(before)], before)

    def test_weights_and_candidates_are_there_again(self):
        daemon, one = self.live_daemon(workers=1)
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        daemon.ok("weight", "web", "v2", "50")
        daemon.kill()
        daemon.start()
        self.assertEqual(daemon.role()["candidate"]["weight_bp"], 5000)
        until(lambda: daemon.role()["candidate"]["healthy"] == 1, "the candidate well again")

    def test_an_operation_in_the_middle_has_an_end(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2", health="fail")
        daemon.begin("deploy", "web", "v2", two.address)
        until(lambda: daemon.role()["operation"], "the operation")
        daemon.kill()
        daemon.start()
        self.assertEqual(daemon.get("/").build, "v1")
        until(lambda: daemon.role()["operation"] is None, "no operation left for ever", patience=30)
        two.set(health="ok")
        daemon.ok("deploy", "web", "v2", two.address)

    def test_instances_that_are_away_do_not_stop_a_start(self):
        daemon, one = self.live_daemon(roles=[role(health={"timeout": "300ms"})])
        one.kill()
        daemon.stop()
        daemon.start()
        until(lambda: daemon.get("/").named_reason == "no_healthy_instance", "seen down")

    def test_live_instances_are_presumed_well(self):
        daemon, one = self.live_daemon()
        one.set(health="hang")
        daemon.kill()
        daemon.start(ready=False)

        def served():
            try:
                return daemon.get("/").status == 200
            except OSError:
                return False
        until(served, "served before the first check's result")
        one.set(health="ok")

    def test_a_torn_tail_is_cut_with_a_warning(self):
        daemon, one, two = self.two_builds()
        before = daemon.history()
        daemon.kill()
        # A segment is filled with zeros behind its last record: half a record stands right there.
        with open(self.newest_segment(daemon), "r+b") as file:
            file.seek(len(file.read().rstrip(b"\0")))
            file.write(struct.pack(">I4sQ", 200, b"EVNT", before[-1]["epoch"] + 1) + b"h" * 32 + b'{"v":1,"ev')
        daemon.start()
        self.assertEqual(daemon.history(), before)
        self.assertEqual(daemon.get("/").build, "v2")
        self.assertRegex(daemon.said().lower(), r"torn|tail|cut")

    def test_a_damaged_middle_refuses_to_start_and_says_the_way_out(self):
        daemon, one, two = self.two_builds()
        daemon.stop()
        newest = self.newest_segment(daemon)
        with open(newest, "r+b") as file:
            data = bytearray(file.read())
            data[len(data) // 2] ^= 0xff
            file.seek(0)
            file.write(data)
        daemon.start(ready=False)
        self.assertNotEqual(daemon.process.wait(), 0)
        said = daemon.process.said()
        self.assertIn("journal", said)
        self.assertIn(os.path.basename(newest), said)

    def newest_segment(self, daemon):
        found = []
        for folder, _, names in os.walk(os.path.join(daemon.folder, "state")):
            for name in names:
                path = os.path.join(folder, name)
                if "secret" not in name and "lock" not in name and "snap" not in name:
                    found.append((os.path.getmtime(path), os.path.getsize(path), path))
        return max(entry for entry in found if entry[1] > 0)[2]

    def test_a_second_daemon_is_refused(self):
        daemon, one = self.live_daemon()
        second = Daemon(self, state_dir=os.path.join(daemon.folder, "state"))
        self.daemons.append(second)
        second.start(ready=False)
        self.assertNotEqual(second.process.wait(), 0)
        self.assertRegex(second.process.said(), r"state|lock")
        self.assertEqual(daemon.get("/").build, "v1")
        self.assertEqual(daemon.live(), "v1")

    def test_a_second_daemon_does_not_take_the_socket_away(self):
        daemon, one = self.live_daemon()
        second = Daemon(self, control={"socket": daemon.socket, "mode": "0600"})
        self.daemons.append(second)
        second.start(ready=False)
        self.assertEqual(second.process.wait(), 1)
        self.assertRegex(second.process.said(), r"another daemon listens there; stop it first")
        self.assertEqual(daemon.live(), "v1")

    def test_a_stale_socket_is_removed(self):
        daemon, one = self.live_daemon()
        daemon.kill()
        self.assertTrue(os.path.exists(daemon.socket))
        daemon.start()
        self.assertEqual(daemon.live(), "v1")

    def test_a_journal_that_cannot_be_written_refuses_changes(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        daemon, one, two = self.two_builds(preexec=small_files)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        before = daemon.status()["epoch"]
        done = daemon.expect(3, "rollback", "web")
        self.assertIn("journal", done.stderr)
        self.assertEqual((daemon.get("/").build, daemon.status()["epoch"]), ("v2", before))
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: daemon.turnout("rollback", "web").returncode == 0, "changes again")
        self.assertEqual(daemon.get("/").build, "v1")

    def test_many_restarts_keep_the_history_whole(self):
        daemon, one, two = self.two_builds()
        for number in range(5):
            daemon.ok("wait", "web", "ready", ("v1", "v2")[number % 2])
            daemon.ok("cutover", "web", ("v1", "v2")[number % 2])
            daemon.kill() if number % 2 else daemon.stop()
            daemon.start()
        epochs = [line["epoch"] for line in daemon.history()]
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))))
        self.assertEqual(daemon.live(), "v1")


class Stop(TurnoutTest):
    def test_what_runs_is_finished(self):
        daemon, one = self.live_daemon()
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=10&piece=1&pause_ms=100"))
            client.head()
            daemon.process.signal(signal.SIGTERM)
            self.assertEqual(client._exactly(10, "in the download"), b"abcdefghij")
        self.assertEqual(daemon.process.wait(), 0)

    def test_an_idle_connection_does_not_delay_it(self):
        daemon, one = self.live_daemon()
        with daemon.client() as client:
            client.request("/")
            daemon.process.signal(signal.SIGTERM)
            self.assertTrue(client.ended())
        self.assertEqual(daemon.process.wait(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        daemon, one = self.live_daemon(shutdown_timeout="60s")
        with daemon.client() as client:
            client.send(request_bytes("/_hang"))
            until(lambda: one.stats()["in_flight"] == 1, "the request at work")
            daemon.process.signal(signal.SIGTERM)
            until(lambda: not self.accepts(daemon.address), "the listeners closed")
            daemon.process.signal(signal.SIGTERM)
            daemon.process.wait(5)

    def test_what_does_not_finish_is_cut(self):
        daemon, one = self.live_daemon(shutdown_timeout="1s")
        with daemon.client() as client:
            client.send(request_bytes("/_hang"))
            until(lambda: one.stats()["in_flight"] == 1, "the request at work")
            daemon.process.signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(8), 0)

    def test_shutdown_delay_says_503_on_healthz_and_serves(self):
        daemon, one = self.live_daemon(shutdown_delay="2s")
        self.assertEqual(daemon.get("/healthz", address=daemon.admin).status, 200)
        daemon.process.signal(signal.SIGTERM)
        until(lambda: daemon.get("/healthz", address=daemon.admin).status == 503, "503 on /healthz")
        self.assertEqual(daemon.get("/").status, 200)
        self.assertEqual(daemon.process.wait(), 0)

    def test_signals_that_do_no_harm(self):
        daemon, one = self.live_daemon()
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE):
            daemon.process.signal(number)
            self.assertEqual(daemon.get("/").status, 200)
        until(lambda: "turnout upgrade" in daemon.said(), "HUP says what to do instead")

    def accepts(self, address):
        try:
            connect(address, 1).close()
            return True
        except (ConnectionError, socket.timeout):
            return False


if __name__ == "__main__":
    main()
