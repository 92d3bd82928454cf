"""A candidate gets its share of new requests, counted."""

import collections

from harness import TurnoutTest, main, until


class Weights(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon(workers=1)
        self.two = self.instance("v2")
        self.turnoutd.ok("set", "add", "web", "v2", self.two.address)

    def shares(self, requests):
        seen = collections.Counter()
        with self.turnoutd.client() as client:
            for _ in range(requests):
                seen[client.request("/").build] += 1
        return seen

    def test_shares(self):
        for percent, low, high in (("0", 0, 0), ("2.5", 8, 12), ("25%", 98, 102), ("50", 199, 201),
                                   ("99.99", 399, 400), ("100", 400, 400), ("0", 0, 0)):
            with self.subTest(percent):
                self.turnoutd.ok("weight", "web", "v2", percent)
                seen = self.shares(400)
                self.assertTrue(low <= seen["v2"] <= high, seen)

    def test_status_shows_it(self):
        self.turnoutd.ok("weight", "web", "v2", "2.5")
        candidate = self.turnoutd.role()["candidate"]
        self.assertEqual((candidate["build"], candidate["weight_bp"]), ("v2", 250))
        self.assertEqual(self.turnoutd.live(), "v1")

    def test_a_hundred_does_not_make_it_live_cutover_does(self):
        self.turnoutd.ok("weight", "web", "v2", "100")
        self.assertEqual(self.turnoutd.live(), "v1")
        self.turnoutd.ok("cutover", "web", "v2")
        self.assertEqual(self.turnoutd.live(), "v2")
        self.assertEqual(self.shares(20)["v2"], 20)

    def test_history_says_that_it_was_taken_away(self):
        self.turnoutd.ok("weight", "web", "v2", "5")
        self.turnoutd.ok("weight", "web", "v2", "0")
        said = [line["weight_bp"] for line in self.turnoutd.history() if line["event"] == "weight.set"]
        self.assertEqual(said, [500, 0])

    def test_abort_takes_it_away(self):
        self.turnoutd.ok("weight", "web", "v2", "50")
        self.turnoutd.ok("abort", "web")
        self.assertEqual(self.shares(20)["v2"], 0)

    def test_a_candidate_that_is_down_gives_its_share_back(self):
        self.turnoutd.ok("weight", "web", "v2", "50")
        self.two.set(health="fail")
        until(lambda: self.turnoutd.role()["candidate"]["healthy"] == 0, "seen unwell")
        self.assertEqual(self.shares(20), {"v1": 20})
        self.assertIn("v2", self.turnoutd.ok("status"))

    def test_what_is_refused(self):
        for percent in ("-1", "101", "2.555", "x", ""):
            with self.subTest(percent):
                self.turnoutd.expect(2, "weight", "web", "v2", percent)
        self.turnoutd.expect(3, "weight", "web", "nothing", "10")
        three = self.instance("v3", health="fail")
        self.turnoutd.begin("set", "add", "web", "v3", three.address)
        until(lambda: three.stats()["probes"] > 0, "the set known")
        self.turnoutd.expect(3, "weight", "web", "v3", "10")


if __name__ == "__main__":
    main()
