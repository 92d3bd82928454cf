"""Requests wait at the door, first in, first out; those that leave are forgotten; all have an end."""

from harness import TurnoutTest, main, request_bytes, role, until


class Hold(TurnoutTest):

    def test_hold_and_resume(self):
        daemon, one = self.live_daemon(workers=1)
        daemon.ok("hold", "web", "--max", "20s", "--for", "30s")
        before = one.stats()["requests"]
        clients = [daemon.client() for _ in range(5)]
        for number, client in enumerate(clients):
            client.send(request_bytes("/h%d" % number))
        self.assertTrue(clients[0].silent(0.3))
        self.assertEqual(one.stats()["requests"], before)
        daemon.ok("resume", "web")
        for number, client in enumerate(clients):
            self.assertEqual(client.answer().body, b"v1 /h%d\n" % number)
            client.close()

    def test_what_was_held_goes_to_what_is_live_then(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        daemon.ok("hold", "web", "--max", "20s", "--for", "30s")
        with daemon.client() as client:
            client.send(request_bytes("/_upload", "POST", body=b"x" * 5000))
            self.assertTrue(client.silent(0.2))
            daemon.ok("cutover", "web", "v2")
            daemon.turnout("resume", "web")
            answer = client.answer()
            self.assertEqual((answer.build, answer.json()["bytes"]), ("v2", 5000))

    def test_each_waits_at_most_max(self):
        daemon, one = self.live_daemon()
        daemon.ok("hold", "web", "--max", "300ms", "--for", "30s")
        self.assertReason(daemon.get("/"), 504, "hold_timeout")
        daemon.ok("resume", "web")
        self.assertEqual(daemon.get("/").status, 200)

    def test_a_hold_ends_by_itself(self):
        daemon, one = self.live_daemon()
        daemon.ok("hold", "web", "--max", "20s", "--for", "500ms")
        self.assertEqual(daemon.get("/").status, 200)

    def test_too_many_are_refused(self):
        daemon, one = self.live_daemon(workers=1, roles=[role(cutover={"hold_requests": 3})])
        daemon.ok("hold", "web", "--max", "20s", "--for", "30s")
        clients = [daemon.client() for _ in range(3)]
        for client in clients:
            client.send(request_bytes("/"))
        self.assertTrue(clients[-1].silent(0.2))
        answer = daemon.get("/")
        self.assertReason(answer, 503, "hold_full")
        self.assertIsNotNone(answer.get("Retry-After"))
        daemon.ok("resume", "web")
        for client in clients:
            self.assertEqual(client.answer().status, 200)
            client.close()

    def test_memory_is_bounded_too(self):
        daemon, one = self.live_daemon(roles=[role(cutover={"hold_bytes": "64k"})])
        daemon.ok("hold", "web", "--max", "20s", "--for", "60s")
        answers = []
        waiting = []
        for _ in range(12):
            client = daemon.client()
            self.addCleanup(client.close)
            client.send(request_bytes("/_upload", "POST", body=b"x" * 12000))
            if client.silent(0.2):
                waiting.append(client)
            else:
                answers.append(client.answer("POST"))
        self.assertTrue(1 <= len(waiting) <= 5, len(waiting))
        for answer in answers:
            self.assertReason(answer, 503, "hold_full")
        daemon.ok("resume", "web")
        for client in waiting:
            self.assertEqual(client.answer("POST").json()["bytes"], 12000)

    def test_clients_that_leave_are_forgotten(self):
        daemon, one = self.live_daemon(workers=1, roles=[role(cutover={"hold_requests": 3})])
        daemon.ok("hold", "web", "--max", "20s", "--for", "30s")
        before = one.stats()["requests"]
        for _ in range(3):
            client = daemon.client()
            client.send(request_bytes("/gone"))
            self.assertTrue(client.silent(0.1))
            client.reset()

        def place_again():
            with daemon.client() as client:
                client.send(request_bytes("/"))
                return client.silent(0.1)
        until(place_again, "places of those that left")
        daemon.ok("resume", "web")
        self.assertEqual(daemon.get("/").status, 200)
        self.assertLessEqual(one.stats()["requests"], before + 2)

    def test_other_roles_go_on(self):
        daemon = self.daemon(roles=[role("web", hosts=["web.example.com"]),
                                    role("api", hosts=["api.example.com"])])
        for name in ("web", "api"):
            daemon.ok("deploy", name, "v1", self.instance().address)
        daemon.ok("hold", "web", "--max", "20s", "--for", "30s")
        self.assertEqual(daemon.get("/", host="api.example.com").status, 200)

    def test_thousands_are_held_in_order(self):
        daemon, one = self.live_daemon(workers=1)
        daemon.ok("hold", "web", "--max", "30s", "--for", "40s")
        clients = []
        for number in range(500):
            client = daemon.client()
            client.send(request_bytes("/%d" % number))
            clients.append(client)
        self.assertTrue(clients[-1].silent(0.2))
        daemon.ok("resume", "web")
        for number, client in enumerate(clients):
            self.assertEqual(client.answer().body, b"v1 /%d\n" % number)
            client.close()

    def test_resume_of_what_is_not_held(self):
        daemon, one = self.live_daemon()
        done = daemon.turnout("resume", "web")
        self.assertIn(done.returncode, (0, 3))
        self.assertEqual(daemon.get("/").status, 200)


if __name__ == "__main__":
    main()
