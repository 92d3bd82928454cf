"""Instances that close kept-alive connections at every moment: a request that cannot have been executed
is tried again, one that may have been is never sent twice."""

from harness import TurnoutTest, main, pattern, request_bytes, role, until


class KeepAlive(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon(workers=1)

    def reuse_then_close(self, when, how, method):
        """A request on a reused connection that the instance closes at this moment."""
        with self.turnoutd.client() as client:
            self.one.set(close_when="none")
            self.assertEqual(client.request("/").status, 200)
            self.one.set(close_when=when, close_how=how, close_from=2, close_limit=1)
            post = "%s-%s-%s" % (when, how, method)
            answer = client.request("/_upload", method, fields={"X-Post-Id": post}, body=b"abc")
            self.one.set(close_when="none")
            begun, executed = self.one.stats()["posts"].get(post, (0, 0))
            return answer, begun, executed

    def test_get_is_tried_again(self):
        for when in ("before_read", "on_head", "after_answer"):
            for how in ("fin", "rst"):
                with self.subTest(when=when, how=how):
                    answer, begun, _ = self.reuse_then_close(when, how, "GET")
                    self.assertEqual(answer.status, 200)

    def test_put_is_idempotent_and_tried_again(self):
        for when in ("before_read", "on_head", "mid_body"):
            with self.subTest(when):
                answer, begun, executed = self.reuse_then_close(when, "fin", "PUT")
                self.assertEqual((answer.status, executed), (200, 1))

    def test_post_is_never_sent_twice(self):
        for when in ("before_read", "on_head", "mid_body", "after_answer"):
            for how in ("fin", "rst"):
                with self.subTest(when=when, how=how):
                    answer, begun, executed = self.reuse_then_close(when, how, "POST")
                    self.assertLessEqual(begun, 1)
                    self.assertLessEqual(executed, 1)
                    if answer.status != 200:
                        self.assertReason(answer, 502, "upstream_closed")

    def test_an_answer_cut_in_the_middle_is_seen_as_cut(self):
        with self.turnoutd.client() as client:
            client.request("/")
            self.one.set(close_when="mid_answer", close_from=1, close_limit=1)
            client.send(request_bytes("/_body?size=100000"))
            with self.assertRaises(AssertionError):
                answer = client.answer()
                self.assertEqual(answer.status, 200)
        self.one.set(close_when="none")
        self.assertEqual(self.turnoutd.get("/").status, 200)

    def test_idle_connections_that_close_cost_no_request(self):
        with self.turnoutd.client() as client:
            for wait_ms in (0, 1, 2, 5, 10, 20):
                self.one.set(close_when="idle", close_after_ms=wait_ms, close_from=1, close_limit=-1)
                for _ in range(60):
                    self.assertEqual(client.request("/").status, 200)

    def test_an_instance_that_closes_after_each_answer(self):
        self.one.set(close_when="after_answer", close_from=1)
        with self.turnoutd.client() as client:
            for number in range(200):
                answer = client.request("/_upload", "POST", fields={"X-Post-Id": "c%d" % number},
                                        body=b"x")
                self.assertEqual(answer.status, 200, number)
        self.assertTrue(all(count == [1, 1] for count in self.one.stats()["posts"].values()))

    def test_a_large_body_is_not_repeated(self):
        body = pattern(300000)
        with self.turnoutd.client() as client:
            client.request("/")
            self.one.set(close_when="mid_body", close_from=1, close_limit=1)
            answer = client.request("/_upload", "POST", fields={"X-Post-Id": "big"}, body=body)
            self.assertReason(answer, 502, "upstream_closed")
        self.assertEqual(self.one.stats()["posts"]["big"], [1, 0])

    def test_keep_alive_timeout_of_an_instance_is_believed(self):
        self.one.set(keep_alive_timeout=1)
        with self.turnoutd.client() as client:
            connections = {client.request("/").get("X-Conn") for _ in range(5)}
        self.assertGreater(len(connections), 1, "a timeout of 1 s leaves nothing to keep")

    def test_idle_connections_to_a_drained_set_are_closed(self):
        with self.turnoutd.client() as client:
            client.request("/")
        two = self.instance("v2")
        self.turnoutd.ok("deploy", "web", "v2", two.address)
        # The probes come and go; what is kept would stay.
        until(lambda: self.one.stats()["open"] <= 1, "idle connections closed", patience=6)

    def test_connecting_again_where_there_are_two(self):
        three = self.instance()
        self.turnoutd.ok("deploy", "web", "v1", self.one.address, three.address)
        three.kill()
        for _ in range(20):
            self.assertEqual(self.turnoutd.get("/").status, 200)

    def test_no_retry_when_told_so(self):
        daemon = self.daemon(roles=[role(upstream={"retries": 0})], workers=1)
        daemon.ok("deploy", "web", "v1", self.one.address)
        self.one.set(close_when="on_head", close_from=1, close_limit=1)
        self.assertReason(daemon.get("/"), 502, "upstream_closed")


if __name__ == "__main__":
    main()
