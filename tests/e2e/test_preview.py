"""The preview listener reaches any kept set by name, live or not."""

from harness import TurnoutTest, main


class Preview(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()
        self.two = self.instance("2026.11-RC_1")
        self.turnoutd.ok("set", "add", "web", "2026.11-RC_1", self.two.address)

    def preview(self, host, target="/"):
        return self.turnoutd.get(target, host=host, address=self.turnoutd.preview)

    def test_live_and_candidate(self):
        self.assertEqual(self.preview("v1.web").build, "v1")
        self.assertEqual(self.preview("2026.11-RC_1.web").build, "2026.11-RC_1")
        self.assertEqual(self.turnoutd.get("/").build, "v1")

    def test_case_and_port_do_not_matter(self):
        self.assertEqual(self.preview("2026.11-rc_1.WEB:8081").build, "2026.11-RC_1")

    def test_host_goes_on_as_health_has_it(self):
        answer = self.preview("2026.11-RC_1.web", "/_echo")
        self.assertIn("host: www.example.com", answer.text.lower())

    def test_what_is_not_there(self):
        for host in ("v9.web", "v1.other", "web", "www.example.com", "v1.web.example"):
            with self.subTest(host):
                answer = self.preview(host)
                self.assertEqual(answer.status, 404)
                self.assertIn(answer.named_reason, ("no_set", "no_route"))

    def test_the_usual_listener_knows_no_preview(self):
        self.assertEqual(self.turnoutd.get("/", host="2026.11-RC_1.web").build, "v1")

    def test_a_build_that_differs_only_by_case_is_refused(self):
        three = self.instance("2026.11-rc_1")
        self.turnoutd.expect(3, "set", "add", "web", "2026.11-rc_1", three.address)

    def test_the_previous_set_is_reached_too(self):
        self.turnoutd.ok("cutover", "web", "2026.11-RC_1")
        self.assertEqual(self.preview("v1.web").build, "v1")


if __name__ == "__main__":
    main()
