"""Large bodies through slow peers: they arrive whole, and the memory of turnoutd stays bounded. The
short form moves bodies of 64 MiB; TURNOUT_BODY_MIB asks for more."""

import os
import re
import selectors
import time
import socket

from harness import TurnoutTest, main, pattern, request_bytes, until

MIB = 1 << 20
SIZE = int(os.environ.get("TURNOUT_BODY_MIB", "64")) * MIB
SLOW = 10
# What 10 connections may add to the memory: buffers of both directions with room for the sanitizers'
# own book-keeping.
BOUND = 48 * MIB


def memory(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


class Bodies(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon(workers=2)
        # Buffers that are made once are not what is measured.
        self.turnoutd.get("/_body?size=%d" % (4 * MIB))
        self.turnoutd.get("/_upload", "POST", body=b"x" * (4 * MIB))
        self.before = memory(self.turnoutd.process.pid)
        self.most = 0

    def look(self):
        self.most = max(self.most, memory(self.turnoutd.process.pid) - self.before)

    def clients(self):
        """Sockets with small buffers, as slow clients have."""
        made = []
        for _ in range(SLOW):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            host, port = self.turnoutd.address.split(":")
            sock.connect((host, int(port)))
            self.addCleanup(sock.close)
            made.append(sock)
        return made

    def test_down(self):
        left = {}
        selector = selectors.DefaultSelector()
        for sock in self.clients():
            sock.sendall(request_bytes("/_body?size=%d" % SIZE, fields={"Connection": "close"}))
            selector.register(sock, selectors.EVENT_READ)
            left[sock] = 0
        until(lambda: self.one.stats()["in_flight"] == SLOW, "all begun")
        self.look()
        turns = 0
        while selector.get_map():
            for key, _ in selector.select(30):
                got = key.fileobj.recv(32768)
                left[key.fileobj] += len(got)
                turns += 1
                if turns % 200 == 0:
                    self.look()
                if not got:
                    selector.unregister(key.fileobj)
        for count in left.values():
            self.assertGreater(count, SIZE)
            self.assertLess(count, SIZE + 2000)
        self.assertLess(self.most, BOUND)

    def test_down_with_clients_that_do_not_read_at_all(self):
        for sock in self.clients():
            sock.sendall(request_bytes("/_body?size=%d" % (SIZE)))
        until(lambda: self.one.stats()["in_flight"] == SLOW, "all begun")
        deadline = [0]

        def looked_often():
            self.look()
            deadline[0] += 1
            return deadline[0] > 100
        until(looked_often, "a second of not reading")
        self.assertLess(self.most, BOUND)

    def test_up_to_a_slow_instance(self):
        piece = pattern(MIB)
        selector = selectors.DefaultSelector()
        left = {}
        for sock in self.clients():
            sock.sendall(("POST /_upload?read_rate=40000000 HTTP/1.1\r\nHost: www.example.com\r\n"
                          "Connection: close\r\nContent-Length: %d\r\n\r\n" % SIZE).encode())
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_WRITE)
            left[sock] = SIZE
        turns = 0
        while selector.get_map():
            ready = selector.select(30)
            self.assertTrue(ready, "the uploads stand still")
            for key, _ in ready:
                sock = key.fileobj
                left[sock] -= sock.send(piece[:min(len(piece), left[sock])])
                turns += 1
                if turns % 200 == 0:
                    self.look()
                if left[sock] == 0:
                    selector.unregister(sock)
        for sock in left:
            sock.settimeout(60)
            got = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
            self.assertIn(b'"bytes":%d,' % SIZE, got)
        self.assertLess(self.most, BOUND)

    def test_an_instance_that_does_not_read(self):
        for sock in self.clients():
            sock.setblocking(False)
            sock.send(b"POST /_upload?read_rate=1000 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                      % SIZE)
            self.pour(sock)
        self.look()
        self.assertLess(self.most, BOUND)
        self.assertEqual(self.turnoutd.get("/").status, 200)

    def pour(self, sock):
        """Sends until nothing more is taken for a while."""
        selector = selectors.DefaultSelector()
        selector.register(sock, selectors.EVENT_WRITE)
        sent = 0
        enough = time.monotonic() + 0.6
        while selector.select(0.3) and sent < SIZE and time.monotonic() < enough:
            sent += sock.send(b"x" * 65536)
        self.assertLess(sent, SIZE, "all of it was taken from a client whose instance does not read")


if __name__ == "__main__":
    main()
