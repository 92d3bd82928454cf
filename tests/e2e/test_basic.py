"""A build goes live, a request goes through, the traffic moves and comes back."""

from harness import Client, TurnoutTest, main


class Basic(TurnoutTest):
    def test_no_live_set_says_so(self):
        daemon = self.daemon()
        self.assertReason(daemon.get("/"), 503, "no_live_set")

    def test_deploy_and_request(self):
        daemon, one = self.live_daemon()
        answer = daemon.get("/hello")
        self.assertEqual((answer.status, answer.build, answer.body), (200, "v1", b"v1 /hello\n"))
        self.assertGreaterEqual(one.stats()["probes"], 2)

    def test_steps_are_printed_one_a_line(self):
        daemon = self.daemon()
        one = self.instance()
        done = daemon.expect(0, "deploy", "web", "v1", one.address)
        for step in ("start", "ready", "connect"):
            self.assertIn(step, done.stderr)
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("\x1b", done.stderr)

    def test_status_json_has_what_the_contract_names(self):
        daemon, one = self.live_daemon()
        status = daemon.status()
        self.assertLessEqual({"epoch", "node", "nodes", "roles"}, set(status))
        self.assertGreater(status["epoch"], 0)
        role = status["roles"][0]
        self.assertLessEqual({"role", "kind", "live", "candidate", "previous", "draining",
                              "operation", "last_cutover"}, set(role))
        self.assertEqual((role["role"], role["kind"]), ("web", "http"))
        self.assertLessEqual({"build", "digest", "healthy", "instances", "in_flight"},
                             set(role["live"]))
        self.assertEqual((role["live"]["healthy"], role["live"]["instances"]), (1, 1))
        self.assertIsNone(role["candidate"])
        self.assertIsNone(role["operation"])
        self.assertLessEqual({"id", "from", "to", "result", "at"}, set(role["last_cutover"]))
        self.assertEqual(daemon.ok("--json", "status").count("\n"), 1)

    def test_deploy_over_another_build_and_back(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        with daemon.client() as client:
            self.assertEqual(client.request("/").build, "v1")
            daemon.ok("deploy", "web", "v2", two.address)
            self.assertEqual(client.request("/").build, "v2")
            self.assertEqual(daemon.live(), "v2")
            daemon.ok("rollback", "web")
            self.assertEqual(client.request("/").build, "v1")
            self.assertEqual(daemon.live(), "v1")

    def test_set_add_then_cutover(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("set", "add", "web", "v2", two.address)
        self.assertEqual(daemon.get("/").build, "v1")
        daemon.ok("wait", "web", "ready", "v2")
        steps = daemon.expect(0, "cutover", "web", "v2").stderr
        self.assertRegex(steps, r"(?s)accepted: .*start: .*ready 1/1\n.*connect: .*disconnect: ")
        self.assertEqual(daemon.get("/").build, "v2")
        daemon.ok("wait", "web", "live", "v2")

    def test_deploy_of_what_is_live_is_done_at_once(self):
        daemon, one = self.live_daemon()
        epoch = daemon.status()["epoch"]
        done = daemon.expect(0, "deploy", "web", "v1", one.address)
        self.assertIn("live", done.stdout + done.stderr)
        self.assertEqual(daemon.status()["epoch"], epoch)

    def test_an_instance_on_a_unix_socket(self):
        daemon = self.daemon()
        path = "unix:" + self.folder + "/instance"
        self.instance(listen=(path,))
        daemon.ok("deploy", "web", "v1", path)
        self.assertEqual(daemon.get("/").build, "v1")

    def test_an_instance_on_ipv6(self):
        daemon = self.daemon()
        one = self.instance(listen=("[::1]:0",))
        daemon.ok("deploy", "web", "v1", one.address)
        self.assertEqual(daemon.get("/").build, "v1")

    def test_all_instances_get_work(self):
        daemon = self.daemon()
        three = [self.instance() for _ in range(3)]
        daemon.ok("deploy", "web", "v1", *[one.address for one in three])
        for _ in range(60):
            self.assertEqual(daemon.get("/").status, 200)
        self.assertTrue(all(one.stats()["requests"] > 0 for one in three))

    def test_the_same_requests_on_all_workers(self):
        daemon, one = self.live_daemon(workers=4)
        clients = [Client(daemon.address) for _ in range(24)]
        for _ in range(3):
            for client in clients:
                self.assertEqual(client.request("/").status, 200)
        for client in clients:
            client.close()


if __name__ == "__main__":
    main()
