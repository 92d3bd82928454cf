"""Maintenance answers 503 with the operator's words, and outlives a restart."""

from harness import TurnoutTest, main


class Maintenance(TurnoutTest):
    def test_on_and_off(self):
        daemon, one = self.live_daemon()
        with daemon.client() as client:
            client.request("/")
            daemon.ok("maintenance", "web", "on", "--message", "Back at noon.", "--retry-after", "10m")
            answer = client.request("/")
            self.assertReason(answer, 503, "maintenance")
            self.assertIn("Back at noon.", answer.text)
            self.assertEqual(answer.get("Retry-After"), "600")
            self.assertReason(client.request("/_upload", "POST", body=b"abc"), 503, "maintenance")
            daemon.ok("maintenance", "web", "off")
        self.assertEqual(daemon.get("/").status, 200)

    def test_it_outlives_a_restart(self):
        daemon, one = self.live_daemon()
        daemon.ok("maintenance", "web", "on", "--message", "Later.")
        daemon.stop()
        daemon.start()
        answer = daemon.get("/")
        self.assertReason(answer, 503, "maintenance")
        self.assertIn("Later.", answer.text)
        daemon.ok("maintenance", "web", "off")
        self.assertEqual(daemon.get("/").status, 200)

    def test_a_message_is_shown_as_text(self):
        daemon, one = self.live_daemon()
        daemon.ok("maintenance", "web", "on", "--message", "<b>\"&")
        answer = daemon.get("/", fields={"Accept": "text/html"})
        self.assertReason(answer, 503, "maintenance")
        if "html" in answer.get("Content-Type", ""):
            self.assertNotIn("<b>", answer.text)


if __name__ == "__main__":
    main()
