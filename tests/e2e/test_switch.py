"""The switch at its edges: who takes whose place, what a drain reports, what instances saw of an exclusive
cutover."""

import http.server
import json
import os
import shutil
import threading

from harness import TurnoutTest, finish, main, request_bytes, role, until


class Recorder:
    """Two instances in one process, which note whether a request of one was at work beside one of the other."""

    def __init__(self, test):
        self.lock = threading.Lock()
        self.at_work = {"v1": 0, "v2": 0}
        self.served = {"v1": 0, "v2": 0}
        self.overlaps = 0
        self.addresses = {build: self.start(test, build) for build in self.at_work}

    def start(self, test, build):
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path == "/healthz":
                    return self.say(b"ok")
                recorder.enter(build)
                threading.Event().wait(0.005)
                recorder.leave(build)
                self.say(b"x")

            def say(self, body):
                self.send_response(200)
                self.send_header("X-Build", build)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a connection that was closed while it was idle

        server = Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        test.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        return "127.0.0.1:%d" % server.server_port

    def enter(self, build):
        other = "v2" if build == "v1" else "v1"
        with self.lock:
            self.at_work[build] += 1
            self.served[build] += 1
            self.overlaps += self.at_work[other] > 0

    def leave(self, build):
        with self.lock:
            self.at_work[build] -= 1


class Exclusive(TurnoutTest):
    def test_instances_never_saw_a_request_of_the_other_set_at_work(self):
        seen = Recorder(self)
        daemon = self.daemon(roles=[role(cutover={"order": "exclusive"})])
        daemon.ok("deploy", "web", "v1", seen.addresses["v1"])
        daemon.ok("set", "add", "web", "v2", seen.addresses["v2"])
        is_over, failures = threading.Event(), []

        def load():
            with daemon.client() as client:
                while not is_over.is_set():
                    answer = client.request("/")
                    if answer.status != 200:
                        failures.append(repr(answer))
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            for number in range(8):
                daemon.ok("cutover", "web", ("v2", "v1")[number % 2])
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        self.assertEqual((failures, seen.overlaps), ([], 0))
        self.assertGreater(min(seen.served.values()), 0, seen.served)

    def test_a_weight_is_refused(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"order": "exclusive"})])
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        self.assertIn("exclusive", daemon.expect(3, "weight", "web", "v2", "10").stderr)

    def test_abort_in_the_hold_lets_requests_go_on(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"order": "exclusive", "hold_timeout": "20s",
                                                            "hold_max": "30s"})])
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as slow, daemon.client() as other:
            slow.send(request_bytes("/_delay?ms=1500"))
            until(lambda: one.stats()["in_flight"] == 1, "the slow request at work")
            cutover = daemon.begin("cutover", "web", "v2")
            until(lambda: "in flight at v1" in (daemon.role()["operation"] or {}).get("step", "") or
                  (daemon.role()["operation"] or {}).get("step") == "connect", "the hold")
            other.send(request_bytes("/"))
            self.assertTrue(other.silent(0.1))
            daemon.ok("abort", "web")
            self.assertEqual(other.answer().build, "v1")
            self.assertEqual(slow.answer().build, "v1")
        code, out, err = finish(cutover)
        self.assertEqual((code, daemon.live()), (1, "v1"), out + err)
        self.assertIn("superseded by", err)
        self.assertIn("abort", err)


    def test_a_journal_that_fails_in_the_hold_lets_requests_go_on(self):
        daemon, one = self.live_daemon(workers=1, roles=[role(cutover={"order": "exclusive"},
                                                              health={"interval": "20ms"})])
        daemon.ok("set", "add", "web", "v2", self.instance("v2").address)
        daemon.stop()
        state = os.path.join(daemon.folder, "state")
        shutil.copytree(state, state + ".before")
        has_held = False
        for number in range(1, 20):
            shutil.rmtree(state)
            shutil.copytree(state + ".before", state)
            daemon.env["TURNOUT_FAULT"] = "journal:%d+:EIO" % number
            daemon.start()
            daemon.ok("wait", "web", "ready", "v2")
            done = daemon.turnout("cutover", "web", "v2")
            self.assertEqual((daemon.get("/").status, daemon.get("/").build), (200, daemon.live()), done)
            daemon.kill()
            if done.returncode == 0:
                break
            self.assertIn(done.returncode, (3, 4), done)
            if "new requests wait" in done.stderr:
                has_held = True
                del daemon.env["TURNOUT_FAULT"]
                daemon.start()
                daemon.ok("wait", "web", "idle", "--timeout", "15s")
                self.assertEqual(daemon.get("/").build, daemon.live())
                daemon.kill()
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(has_held, "no journal failed in the hold")


class Superseded(TurnoutTest):
    def begun(self):
        """A deploy of a candidate that never gets ready."""
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("deploy", "web", "v2", two.address)
        three = self.instance("v3", health="fail")
        first = daemon.begin("deploy", "web", "v3", three.address)
        until(lambda: daemon.role()["operation"], "the operation")
        return daemon, first

    def test_by_abort_and_by_rollback(self):
        for verb, live in (("abort", "v2"), ("rollback", "v1")):
            with self.subTest(verb):
                daemon, first = self.begun()
                daemon.ok(verb, "web")
                code, out, err = finish(first)
                self.assertEqual((code, daemon.live()), (1, live), out + err)
                self.assertRegex(err, r"superseded by .*%s" % verb)
                ended = [line for line in daemon.history() if line["event"] == "cutover.abort"][-1]
                self.assertIn(verb, ended["superseded_by"])

    def test_the_second_operation_is_told_who_runs_the_first(self):
        daemon, first = self.begun()
        operation = daemon.role()["operation"]
        done = daemon.expect(3, "deploy", "web", "v4", self.instance("v4").address)
        self.assertIn(operation["by"], done.stderr)
        self.assertIn(operation["id"], done.stderr)
        self.assertRegex(done.stderr, r"--wait|abort")
        daemon.ok("abort", "web")
        finish(first)

    def test_a_deploy_whose_old_set_is_gone_back_to(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=10&piece=1&pause_ms=150"))
            client.head()
            deploy = daemon.begin("deploy", "web", "v2", two.address)
            until(lambda: daemon.live() == "v2", "v2 live")
            daemon.ok("rollback", "web")
            self.assertEqual(client._exactly(10, "in the download"), b"abcdefghij")
        code, out, err = finish(deploy)
        self.assertEqual((code, daemon.live()), (1, "v1"), out + err)
        self.assertIn("superseded by", err)

    def test_two_rollbacks_at_once(self):
        daemon, one = self.live_daemon()
        daemon.ok("deploy", "web", "v2", self.instance("v2").address)
        both = [finish(child)[0] for child in [daemon.begin("rollback", "web") for _ in range(2)]]
        self.assertEqual((sorted(both), daemon.live()), ([0, 3], "v1"))

    def test_a_rollback_to_what_is_retired(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"rollback_window": "300ms"})])
        daemon.ok("deploy", "web", "v2", self.instance("v2").address)
        until(lambda: daemon.role()["previous"] is None, "the window over")
        for arguments in ((), ("v1",), ("v1", "--force")):
            done = daemon.expect(3, "rollback", "web", *arguments)
            self.assertRegex(done.stderr, r"retired|deploy it again")
        self.assertEqual(daemon.live(), "v2")


class Drain(TurnoutTest):
    def test_the_report_counts_what_finished_and_what_was_cut(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"drain_timeout": "800ms"})])
        clients = [daemon.client() for _ in range(5)]
        for client in clients[:3]:
            client.send(request_bytes("/_delay?ms=400"))
        for client in clients[3:]:
            client.send(request_bytes("/_hang"))
        until(lambda: one.stats()["in_flight"] == 5, "all at work")
        done = daemon.expect(5, "--json", "deploy", "web", "v2", self.instance("v2").address)
        drain = json.loads(done.stdout.splitlines()[-1])["drain"]
        self.assertEqual((drain["finished"], drain["cut"]), (3, 2))
        self.assertGreater(drain["oldest_age_us"], 700000)
        for client in clients:
            client.close()
        drained = [line for line in daemon.history() if line["event"] == "set.drained"][-1]
        self.assertEqual((drained["finished"], drained["cut"]), (3, 2))

    def test_a_drain_by_hand_reports_too(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"drain_timeout": "300ms"})])
        clients = [daemon.client() for _ in range(2)]
        clients[0].send(request_bytes("/_delay?ms=150"))
        clients[1].send(request_bytes("/_hang"))
        until(lambda: one.stats()["in_flight"] == 2, "both at work")
        done = daemon.expect(5, "--json", "drain", "web", "v1", "--force")
        drain = json.loads(done.stdout.splitlines()[-1])["drain"]
        self.assertEqual((drain["finished"], drain["cut"]), (1, 1))
        self.assertReason(daemon.get("/"), 503, "no_live_set")
        daemon.ok("wait", "web", "drained", "v1")
        for client in clients:
            client.close()

    def test_what_was_cut_once_can_be_gone_back_to(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"drain_timeout": "200ms"})])
        with daemon.client() as client:
            client.send(request_bytes("/_hang"))
            until(lambda: one.stats()["in_flight"] == 1, "it is at work")
            daemon.expect(5, "deploy", "web", "v2", self.instance("v2").address)
        answer = daemon.get("/_delay?ms=300", address=daemon.preview, host="v1.web")
        self.assertEqual((answer.status, answer.build), (200, "v1"))
        daemon.ok("rollback", "web")
        self.assertEqual(daemon.get("/_delay?ms=300").build, "v1")

    def test_a_second_drain_while_one_runs(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=6&piece=1&pause_ms=150"))
            client.head()
            daemon.ok("set", "add", "web", "v2", two.address)
            daemon.ok("cutover", "web", "v2")
            drains = [daemon.begin("drain", "web", "v1") for _ in range(2)]
            self.assertEqual(client._exactly(6, "in the download"), b"abcdef")
        for child in drains:
            code, out, err = finish(child)
            self.assertEqual(code, 0, out + err)
            self.assertIn("drained", out + err)


if __name__ == "__main__":
    main()
