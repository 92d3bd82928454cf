"""One JSON line for each exchange; a log that cannot be written never stalls traffic."""

import json
import os
import signal

from harness import TurnoutTest, main, request_bytes, role, until

KEYS = {"time", "request_id", "node", "role", "build", "instance", "client", "method", "host", "path",
        "protocol", "status", "bytes_in", "bytes_out", "first_byte_us", "total_us", "connect_us",
        "retries", "reason", "tls", "cutover", "end"}


class AccessLog(TurnoutTest):
    def logged(self, **settings):
        self.path = os.path.join(self.folder, "access.log")
        settings.setdefault("access_log", {"path": self.path})
        return self.live_daemon(**settings)

    def lines(self, count):
        def read():
            if not os.path.exists(self.path):
                return None
            with open(self.path) as file:
                text = file.read()
            lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
            return lines if len(lines) >= count else None
        return [json.loads(line) for line in until(read, "%d lines" % count)]

    def test_a_line_has_all_keys(self):
        daemon, one = self.logged()
        answer = daemon.get("/_upload?secret=1", "POST", body=b"abc")
        line, = self.lines(1)
        self.assertEqual(set(line), KEYS)
        self.assertEqual((line["role"], line["build"], line["instance"]), ("web", "v1", one.address))
        self.assertEqual((line["method"], line["path"], line["status"]), ("POST", "/_upload", 200))
        self.assertEqual((line["client"], line["protocol"]), ("127.0.0.1", "HTTP/1.1"))
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreater(line["total_us"], 0)
        self.assertIsNone(line["reason"])

    def test_query_when_told(self):
        self.path = os.path.join(self.folder, "access.log")
        daemon, one = self.logged(access_log={"path": self.path, "query": True})
        daemon.get("/x?a=b")
        self.assertEqual(self.lines(1)[0]["path"], "/x?a=b")

    def test_the_client_is_the_rightmost_that_is_not_trusted(self):
        cases = (("", "127.0.0.1"), ("192.0.2.7", "192.0.2.7"), ("192.0.2.7:80", "192.0.2.7"),
                 ("[2001:db8::1]:99", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"),
                 ("6.6.6.6, 192.0.2.7, 10.0.0.1", "192.0.2.7"), ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
                 ("192.0.2.7, nobody, 10.0.0.1", "10.0.0.1"), ("evil", "127.0.0.1"), ("a" * 300, "127.0.0.1"))
        daemon, one = self.logged(workers=1, trusted=("127.0.0.0/8", "10.0.0.0/8"))
        for named, _ in cases:
            daemon.get("/", fields={"X-Forwarded-For": named})
        self.assertEqual([line["client"] for line in self.lines(len(cases))], [client for _, client in cases])

    def test_an_untrusted_peer_is_the_client_itself(self):
        daemon, one = self.logged()
        daemon.get("/", fields={"X-Forwarded-For": "192.0.2.7"})
        self.assertEqual(self.lines(1)[0]["client"], "127.0.0.1")

    def test_no_query_unless_told(self):
        roles = [role("web", hosts=["www.example.com"]),
                 role("safe", hosts=["safe.example.com"], redirect_https=True)]
        daemon, one = self.logged(roles=roles)
        self.assertEqual(daemon.get("/a?token=1").status, 200)
        redirect = daemon.get("/b?token=1", host="safe.example.com")
        self.assertTrue(redirect.get("Location").endswith("/b?token=1"))
        self.assertEqual(daemon.get("/c?token=1", host="nobody.example.com").status, 404)
        with daemon.client() as client:
            client.send(b"GET /d?token=1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            self.assertEqual(client.answer().status, 400)
        self.assertEqual(sorted(line["path"] for line in self.lines(4)), ["/a", "/b", "/c", "/d"])

    def test_what_the_proxy_answers_itself_is_there_too(self):
        daemon, one = self.logged()
        with daemon.client() as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            client.answer()
        line, = self.lines(1)
        self.assertEqual((line["status"], line["reason"]), (400, "bad_request"))

    def test_what_peers_send_cannot_break_a_line(self):
        daemon, one = self.logged(workers=1)
        answers = [daemon.get('/"\\%0a\xe9', fields={"User-Agent": '"\x80'}), daemon.get("/" + "a" * 7000),
                   daemon.get("/", host='a"b')]
        lines = self.lines(3)
        self.assertEqual([line["status"] for line in lines], [answer.status for answer in answers])
        self.assertEqual(lines[1]["path"], "/" + "a" * (len(lines[1]["path"]) - 1))

    def test_how_it_ended(self):
        daemon, one = self.logged()
        client = daemon.client()
        client.send(request_bytes("/_body?size=100000000"))
        client.head()
        client.reset()
        daemon.get("/")
        ends = {line["end"] for line in self.lines(2)}
        self.assertEqual(len(ends), 2, ends)

    def test_rotation(self):
        daemon, one = self.logged()
        daemon.get("/before")
        self.lines(1)
        os.rename(self.path, self.path + ".1")
        daemon.process.signal(signal.SIGUSR1)
        until(lambda: daemon.get("/after").status == 200 and os.path.exists(self.path), "a new file")
        self.assertEqual(self.lines(1)[-1]["path"], "/after")

    def test_a_pipe_that_nobody_reads_does_not_stall(self):
        path = os.path.join(self.folder, "pipe")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        daemon, one = self.logged(access_log={"path": path})
        with daemon.client() as client:
            for _ in range(3000):
                self.assertEqual(client.request("/" + "a" * 1000).status, 200)


if __name__ == "__main__":
    main()
