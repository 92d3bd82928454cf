"""Slow, silent and hostile clients of the control socket and the admin listener never disturb traffic."""

import socket
import time

from harness import Client, TurnoutTest, connect, main, until


class Hostile(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def traffic_goes_on(self):
        """Requests are answered, and the slowest of many soon enough."""
        slowest = 0
        with self.turnoutd.client() as client:
            for _ in range(100):
                begun = time.monotonic()
                self.assertEqual(client.request("/").status, 200)
                slowest = max(slowest, time.monotonic() - begun)
        self.assertLess(slowest, 1.0)

    def control_goes_on(self):
        self.assertEqual(self.turnoutd.live(), "v1")
        self.turnoutd.ok("status")

    def sockets(self, count):
        made = []
        for _ in range(count):
            try:
                sock = connect("unix:" + self.turnoutd.socket, 5)
            except (BlockingIOError, ConnectionError, socket.timeout):
                break
            self.addCleanup(sock.close)
            made.append(sock)
        return made

    def poke(self, data):
        """Sends this to the control socket; what came back, as far as anything did."""
        sock = self.sockets(1)[0]
        sock.settimeout(10)
        got = b""
        try:
            sock.sendall(data)
            got = sock.recv(65536)
        except OSError:
            pass
        sock.close()
        return got

    def test_silent_ones(self):
        self.sockets(50)
        self.traffic_goes_on()
        self.control_goes_on()

    def test_two_hundred(self):
        made = self.sockets(200)
        self.traffic_goes_on()
        for sock in made:
            sock.close()
        until(lambda: self.turnoutd.turnout("status").returncode == 0, "control again")

    def test_half_requests(self):
        for sock in self.sockets(20):
            sock.sendall(b"POST /v1/roles/web/deploy HTTP/1.1\r\nHost: a\r\nContent-Le")
        self.traffic_goes_on()
        self.control_goes_on()

    def test_half_bodies(self):
        for sock in self.sockets(20):
            sock.sendall(b"POST /v1/roles/web/deploy HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
        self.traffic_goes_on()
        self.control_goes_on()

    def test_a_line_of_a_megabyte(self):
        self.poke(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        self.poke(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n")
        self.poke(b"a" * (4 << 20))
        self.traffic_goes_on()
        self.control_goes_on()

    def test_a_body_beyond_all_bounds(self):
        got = self.poke(b"POST /v1/roles/web/deploy HTTP/1.1\r\nHost: a\r\n"
                        b"Content-Length: 99999999999\r\n\r\n" + b"x" * 100000)
        self.assertNotIn(b" 200 ", got[:20])
        self.traffic_goes_on()
        self.control_goes_on()

    def test_junk(self):
        for data in (b"\0" * 1000, b"GET\0/v1/status HTTP/1.1\r\n\r\n", b"\r\n" * 1000,
                     b"\x16\x03\x01\x02\0", b"GET /v1/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"DELETE /v1/status HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n"):
            with self.subTest(data[:30]):
                self.assertNotIn(b" 200 ", self.poke(data)[:20])
        self.control_goes_on()
        self.traffic_goes_on()

    def test_bodies_that_are_not_what_they_should_be(self):
        epoch = self.turnoutd.status()["epoch"]
        for body in (b"", b"{", b"[]", b"null", b"7", b"{}", b'{"build":7}', b'{"build":"v2"}',
                     b'{"build":"v2","addresses":"x"}', b'{"build":"v2","addresses":[7]}',
                     b'{"build":"v2","addresses":[]}', b'{"build":"\\u0000","addresses":["127.0.0.1:1"]}',
                     b'{"a":' * 5000 + b"1" + b"}" * 5000, b"\xff\xfe", b'{"build":"v2"} trailing'):
            for path in ("/v1/roles/web/deploy", "/v1/cutover", "/v1/roles/web/weight"):
                with self.subTest(path=path, body=body[:40]):
                    with Client("unix:" + self.turnoutd.socket) as client:
                        answer = client.request(path, "POST", body=body, host="localhost")
                    self.assertEqual(answer.status // 100, 4, answer.text)
        self.assertEqual(self.turnoutd.status()["epoch"], epoch)
        self.control_goes_on()

    def test_one_that_never_reads(self):
        for sock in self.sockets(10):
            sock.setblocking(False)
            try:
                for _ in range(2000):
                    sock.send(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
            except OSError:
                pass
        self.traffic_goes_on()
        self.control_goes_on()

    def test_followers_that_never_read(self):
        for sock in self.sockets(10):
            sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n")
        two = self.instance("v2")
        self.turnoutd.ok("set", "add", "web", "v2", two.address)
        for number in range(20):
            self.turnoutd.ok("cutover", "web", ("v2", "v1")[number % 2])
        self.traffic_goes_on()
        self.control_goes_on()

    def test_the_admin_listener_changes_nothing(self):
        epoch = self.turnoutd.status()["epoch"]
        for method in ("POST", "PUT", "DELETE"):
            for path in ("/v1/roles/web/rollback", "/", "/metrics"):
                with Client(self.turnoutd.admin) as client:
                    answer = client.request(path, method, body=b"{}")
                    self.assertEqual(answer.status // 100, 4, answer)
        self.assertEqual(self.turnoutd.status()["epoch"], epoch)

    def test_silent_ones_at_the_admin_listener(self):
        for _ in range(50):
            sock = connect(self.turnoutd.admin, 5)
            sock.sendall(b"GET / HT")
            self.addCleanup(sock.close)
        self.traffic_goes_on()
        self.control_goes_on()


if __name__ == "__main__":
    main()
