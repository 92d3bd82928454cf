"""The admin listener: metrics, health, and the status page as a browser shows it."""

import os
import re
import shutil
import subprocess
import unittest

from harness import TurnoutTest, main, role

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Admin(TurnoutTest):
    def test_health(self):
        daemon = self.daemon()
        self.assertEqual(daemon.get("/healthz", address=daemon.admin).status, 200)

    def test_metrics_are_well_formed_and_count(self):
        daemon, one = self.live_daemon()
        for _ in range(7):
            daemon.get("/")
        daemon.get("/_status?code=500")
        answer = daemon.get("/metrics", address=daemon.admin)
        self.assertIn("text/plain", answer.get("Content-Type"))
        series = {}
        typed = set()
        for line in answer.text.splitlines():
            if line.startswith("#"):
                word = re.fullmatch(r"# (HELP|TYPE) (turnout_[a-z_0-9]+) .+", line)
                self.assertTrue(word, line)
                typed.add(word[2])
                continue
            found = re.fullmatch(r"(turnout_[a-z_0-9]+)(\{[^}]*\})? (\S+)", line)
            self.assertTrue(found, line)
            key = found[1] + (found[2] or "")
            self.assertNotIn(key, series, "twice")
            series[key] = float(found[3])
        requests = sum(value for key, value in series.items()
                       if key.startswith("turnout_requests_total") and 'code="2xx"' in key)
        self.assertEqual(requests, 7, answer.text)
        self.assertTrue(any(key.startswith("turnout_journal_epoch") for key in series))
        self.assertTrue(any(key.startswith("turnout_up{") and one.address in key for key in series))
        for key in series:
            name = re.sub(r"_(bucket|sum|count)$", "", key.split("{")[0])
            self.assertTrue(name in typed or key.split("{")[0] in typed, key)

    def test_series_of_a_retired_set_vanish(self):
        daemon, one = self.live_daemon()
        two = self.instance("v2")
        daemon.ok("deploy", "web", "v2", two.address)
        daemon.ok("set", "remove", "web", "v1")
        self.assertNotIn(one.address, daemon.get("/metrics", address=daemon.admin).text)

    def test_reasons_are_counted(self):
        daemon = self.daemon()
        daemon.get("/")
        self.assertIn('reason="no_live_set"', daemon.get("/metrics", address=daemon.admin).text)

    def test_the_page_brings_nothing_from_elsewhere(self):
        daemon, one = self.live_daemon()
        answer = daemon.get("/", address=daemon.admin)
        self.assertIn("text/html", answer.get("Content-Type"))
        self.assertFalse(re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", answer.text))

    @unittest.skipUnless(CHROMIUM, "chromium is not installed")
    def test_the_page_in_a_browser(self):
        daemon, one = self.live_daemon(
            roles=[role("web"), role("api", hosts=["api.example.com"])])
        two = self.instance("v2-<b>x".replace("<b>", "_"))
        daemon.ok("deploy", "web", two.stats()["build"], two.address)
        dom = self.browser(daemon, "--dump-dom").decode()
        for word in ("web", "api", "v2-_x", "v1"):
            self.assertIn(word, dom)
        picture = os.path.join(self.folder, "page.png")
        self.browser(daemon, "--screenshot=" + picture, "--window-size=1200,900")
        with open(picture, "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertGreater(os.path.getsize(picture), 5000, "an empty page")
        kept = os.environ.get("TURNOUT_SCREENSHOT")
        if kept:
            shutil.copy(picture, kept)

    def browser(self, daemon, *arguments):
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                   "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync",
                   "--user-data-dir=" + os.path.join(self.folder, "browser")]
        done = subprocess.run(command + list(arguments) + ["http://%s/" % daemon.admin],
                              capture_output=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace")[-2000:])
        return done.stdout


if __name__ == "__main__":
    main()
