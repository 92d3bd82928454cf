"""What a switch must show: many cutovers under mixed load lose nothing, double nothing, and keep
real-time order over all clients."""

import json
import os
import subprocess

from harness import TurnoutTest, environment, finish, main, program, request_bytes, until

CUTOVERS = int(os.environ.get("TURNOUT_CUTOVERS", "200"))


class Strain:
    """A test-strain, told of each cutover before it begins and after it has returned."""

    def __init__(self, test, address, build, *counts):
        command = [program("test-strain"), address, build] + [str(count) for count in counts]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, env=environment())
        test.addCleanup(self.end)

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        if self.child.stdout.readline() != "ok\n":
            raise AssertionError("test-strain is gone")

    def stop(self):
        self.tell("stop")
        return json.loads(self.child.stdout.readline())

    def end(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class Cutovers(TurnoutTest):
    def test_many_under_load(self):
        daemon = self.daemon()
        pools = {build: [self.instance(build), self.instance(build)] for build in ("v1", "v2")}
        daemon.ok("deploy", "web", "v1", *[one.address for one in pools["v1"]])
        daemon.ok("set", "add", "web", "v2", *[one.address for one in pools["v2"]])
        strain = Strain(self, daemon.address, "v1")
        until(lambda: sum(one.stats()["requests"] for one in pools["v1"]) > 300, "load")
        for number in range(CUTOVERS):
            target = ("v2", "v1")[number % 2]
            strain.tell("flip " + target)
            daemon.ok("cutover", "web", target)
            strain.tell("flipped")
        totals = strain.stop()
        self.assertEqual(totals["first_failure"], "", totals)
        self.assertEqual((totals["failed"], totals["out_of_order"], totals["open"]), (0, 0, 0), totals)
        self.assertEqual(totals["answered"], totals["sent"])
        self.assertGreater(min(totals["builds"].values()), 0, totals)
        self.assertGreater(totals["downloads"], 0, totals)
        self.assertGreater(totals["flips_seen"], CUTOVERS // 2, totals)
        self.posts_executed_once(totals, pools["v1"] + pools["v2"])

    def posts_executed_once(self, totals, instances):
        begun, executed = {}, {}
        for one in instances:
            for post, (heads, wholes) in one.stats()["posts"].items():
                begun[post] = begun.get(post, 0) + heads
                executed[post] = executed.get(post, 0) + wholes
        self.assertEqual(len(executed), totals["posts"])
        self.assertEqual([post for post, count in executed.items() if count != 1], [])
        self.assertEqual([post for post, count in begun.items() if count != 1], [])

    def test_a_pipelining_client_never_goes_back(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        for target in ("v2", "v1", "v2", "v1"):
            with daemon.client() as client:
                client.send(b"".join(request_bytes("/_delay?ms=10") for _ in range(40)))
                seen = [client.answer().build for _ in range(10)]
                daemon.ok("cutover", "web", target)
                seen += [client.answer().build for _ in range(30)]
                first = seen.index(target)
                self.assertEqual(set(seen[first:]), {target}, seen)

    def test_a_head_that_is_half_read_belongs_to_the_set_live_when_it_is_whole(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: www.exam")
            daemon.ok("cutover", "web", "v2")
            client.send(b"ple.com\r\n\r\n")
            self.assertEqual(client.answer().build, "v2")

    def test_a_body_that_is_half_sent_stays_with_its_set(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Content-Length: 10\r\n\r\nabcde")
            until(lambda: one.stats()["in_flight"] == 1, "the upload begun")
            daemon.ok("cutover", "web", "v2")
            client.send(b"fghij")
            answer = client.answer()
            self.assertEqual((answer.build, answer.json()["bytes"]), ("v1", 10))

    def test_deploy_waits_for_what_the_old_set_has(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=10&piece=1&pause_ms=150"))
            client.head()
            deploy = daemon.begin("deploy", "web", "v2", two.address)
            until(lambda: daemon.live() == "v2", "v2 live")
            self.assertIsNone(deploy.poll(), "it ended before the old set was drained")
            self.assertEqual(client._exactly(10, "in the download"), b"abcdefghij")
        code, out, err = finish(deploy)
        self.assertEqual(code, 0, out + err)
        self.assertIn("drained", out + err)

    def test_what_the_old_set_does_not_finish_is_cut_and_said(self):
        daemon, one = self.live_daemon(roles=None)
        daemon = self.daemon(roles=[self.short_drain()])
        daemon.ok("deploy", "web", "v1", one.address)
        two = self.instance("v2")
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=1000&piece=1&pause_ms=1000"))
            client.head()
            done = daemon.expect(5, "deploy", "web", "v2", two.address)
            self.assertIn("cut", done.stdout + done.stderr)
            self.assertEqual(daemon.live(), "v2")

    def short_drain(self):
        from harness import role
        return role(cutover={"drain_timeout": "500ms"})

    def test_a_request_not_yet_answered_when_the_drain_ends_gets_504(self):
        one = self.instance()
        two = self.instance("v2")
        daemon = self.daemon(roles=[self.short_drain()])
        daemon.ok("deploy", "web", "v1", one.address)
        with daemon.client() as client:
            client.send(request_bytes("/_hang"))
            until(lambda: one.stats()["in_flight"] == 1, "the request at the instance")
            daemon.expect(5, "deploy", "web", "v2", two.address)
            self.assertReason(client.answer(), 504, "drain_timeout")

    def test_rollback_to_a_set_that_drains_makes_it_live_and_cuts_nothing(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=10&piece=1&pause_ms=150"))
            client.head()
            deploy = daemon.begin("deploy", "web", "v2", two.address)
            until(lambda: daemon.live() == "v2", "v2 live")
            daemon.ok("rollback", "web")
            self.assertEqual(daemon.get("/").build, "v1")
            self.assertEqual(client._exactly(10, "in the download"), b"abcdefghij")
        finish(deploy)
        self.assertEqual(daemon.live(), "v1")

    def test_exclusive_order_never_has_both_at_work(self):
        one, two = self.instance(), self.instance("v2")
        from harness import role
        daemon = self.daemon(roles=[role(cutover={"order": "exclusive"})])
        daemon.ok("deploy", "web", "v1", one.address)
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as slow, daemon.client() as other:
            slow.send(request_bytes("/_delay?ms=600"))
            until(lambda: one.stats()["in_flight"] == 1, "the slow request at work")
            cutover = daemon.begin("cutover", "web", "v2")
            self.assertTrue(other.silent(0.2))
            other.send(request_bytes("/"))
            self.assertEqual(slow.answer().build, "v1")
            self.assertEqual(other.answer().build, "v2")
        self.assertEqual(finish(cutover)[0], 0)

    def test_exclusive_order_gives_up_after_hold_timeout(self):
        one, two = self.instance(), self.instance("v2")
        from harness import role
        daemon = self.daemon(roles=[role(cutover={"order": "exclusive", "hold_timeout": "400ms"})])
        daemon.ok("deploy", "web", "v1", one.address)
        daemon.ok("set", "add", "web", "v2", two.address)
        with daemon.client() as slow:
            slow.send(request_bytes("/_delay?ms=3000"))
            until(lambda: one.stats()["in_flight"] == 1, "the slow request at work")
            daemon.expect(1, "cutover", "web", "v2")
            self.assertEqual(daemon.get("/").build, "v1")
            self.assertEqual(slow.answer().build, "v1")

    def test_two_roles_as_one(self):
        from harness import role
        daemon = self.daemon(roles=[role("web", hosts=["web.example.com"]),
                                    role("api", hosts=["api.example.com"])])
        instances = {name: {build: self.instance(build) for build in ("v1", "v2")}
                     for name in ("web", "api")}
        for name in ("web", "api"):
            daemon.ok("deploy", name, "v1", instances[name]["v1"].address)
            daemon.ok("set", "add", name, "v2", instances[name]["v2"].address)
        daemon.ok("cutover", "web", "v2", "api", "v2")
        self.assertEqual((daemon.live("web"), daemon.live("api")), ("v2", "v2"))
        daemon.expect(3, "cutover", "web", "v1", "api", "nothing")
        self.assertEqual((daemon.live("web"), daemon.live("api")), ("v2", "v2"))


if __name__ == "__main__":
    main()
