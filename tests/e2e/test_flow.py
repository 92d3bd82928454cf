"""One request's way at its edges: who is waited for, early answers, resets, bytes that nobody reads."""

import contextlib
import json
import select
import socket
import threading
import time

from harness import Client, Closed, TurnoutTest, chunked, main, request_bytes, role, until

HEALTHY = b"HTTP/1.1 200 OK\r\nX-Build: v1\r\nContent-Length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def reset(sock):
    """Closes with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def read_head(sock):
    """A head, and what came with it; b"" at the end of the connection."""
    have = b""
    while b"\r\n\r\n" not in have:
        got = sock.recv(65536)
        if not got:
            return b"", b""
        have += got
    head, _, rest = have.partition(b"\r\n\r\n")
    return head, rest


class Actor:
    """An instance that a test plays itself: act(sock, head, rest) does one request's part, and says
    whether the connection goes on. Checks of health are answered."""

    def __init__(self, test, act, buffer=0):
        self.act = act
        self.done = threading.Event()
        self.is_full, self.has_stopped = threading.Event(), threading.Event()
        self.waiting = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        test.addCleanup(self.end)

    def end(self):
        self.done.set()
        for sock in [self.socket] + self.waiting:
            sock.close()

    def fill(self):
        """Accepts no more, and lets the queue run full: who connects now waits."""
        self.is_full.set()
        self.has_stopped.wait(10)
        self.socket.listen(0)
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(self.socket.getsockname())
            self.waiting.append(sock)

    def _accept(self):
        while not self.done.is_set():
            try:
                if self.is_full.is_set():
                    self.has_stopped.set()
                    return
                if not select.select([self.socket], [], [], 0.05)[0]:
                    continue
                sock, _ = self.socket.accept()
            except (OSError, ValueError):
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        goes_on = True
        try:
            while goes_on and not self.done.is_set():
                head, rest = read_head(sock)
                if not head:
                    break
                if head.startswith(b"GET /healthz "):
                    sock.sendall(HEALTHY)
                    continue
                goes_on = self.act(sock, head, rest)
        except OSError:
            pass
        finally:
            sock.close()


class FlowTest(TurnoutTest):
    def played(self, act, buffer=0, **settings):
        """A turnoutd before an instance that the test plays."""
        daemon = self.daemon(**settings)
        daemon.ok("deploy", "web", "v1", Actor(self, act, buffer).address)
        return daemon


class Uploads(FlowTest):
    def test_an_instance_that_reads_slowly_is_not_the_clients_fault(self):
        go_on = threading.Event()

        def act(sock, head, rest):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            go_on.wait(20)
            left = 8000000 - len(rest)
            while left > 0:
                left -= len(sock.recv(65536))
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act, timeouts={"body": "1s"})
        with daemon.client() as client:
            client.send(request_bytes("/", "POST", {"Content-Length": 8000000}).replace(
                b"Content-Length: 0\r\n", b""))
            client.silent(0.3)
            sender = threading.Thread(target=client.send, args=(b"x" * 8000000,), daemon=True)
            sender.start()
            self.assertTrue(client.silent(2))
            go_on.set()
            self.assertEqual(client.answer().status, 200)
            sender.join()

    def test_a_client_that_sends_slowly_is_not_the_instances_fault(self):
        seen = threading.Event()

        def act(sock, head, rest):
            seen.wait(20)
            left = 6000010 - len(rest)
            while left > 0:
                left -= len(sock.recv(65536))
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act, roles=[role(upstream={"stall": "1s"})])
        with daemon.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 6000010\r\n\r\n")
            sender = threading.Thread(target=client.send, args=(b"x" * 6000000,), daemon=True)
            sender.start()
            client.silent(0.3)
            seen.set()
            sender.join()
            for _ in range(10):
                self.assertTrue(client.silent(0.3))
                client.send(b"x")
            self.assertEqual(client.answer().status, 200)

    def test_an_early_answer_and_a_close_reach_a_client_that_never_pauses(self):
        def act(sock, head, rest):
            sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\nConnection: close\r\n\r\nearly\n")
            return False

        daemon = self.played(act)
        for _ in range(20):
            with daemon.client() as client:
                data = b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 3000000\r\n\r\n"
                client.send(data + b"x" * 3000000)
                self.assertEqual(client.answer().status, 413)

    def test_an_early_answer_that_its_end_delimits(self):
        """A FIN, and then a reset because we go on sending: the answer is whole."""
        def act(sock, head, rest):
            sock.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nearly\n")
            sock.shutdown(socket.SHUT_WR)
            return False

        daemon = self.played(act)
        for _ in range(20):
            with daemon.client() as client:
                data = b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 3000000\r\n\r\n"
                client.send(data + b"x" * 3000000)
                answer = client.answer()
                self.assertEqual((answer.status, answer.body), (413, b"early\n"))

    def test_a_refused_body_is_read_off_so_that_the_answer_arrives(self):
        daemon = self.played(lambda *_: False, limits={"body": "1m"})
        with daemon.client() as client:
            began = time.monotonic()
            client.send(b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 3900000\r\n\r\n"
                        + b"x" * 3900000)
            self.assertReason(client.answer(), 413, "body_too_large")
            self.assertLess(time.monotonic() - began, 1.5)

    def test_an_early_answer_while_the_upload_is_stuck(self):
        """What the client still sends is read off, though nothing tells of it anew."""
        def act(sock, head, rest):
            go_on.wait(20)
            sock.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 6\r\n\r\nearly\n")
            self.done.wait(20)
            return False

        go_on, self.done = threading.Event(), threading.Event()
        daemon = self.played(act, buffer=4096)
        with daemon.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 60000000\r\n\r\n")
            sent = []

            def send():
                with contextlib.suppress(OSError):
                    while len(sent) < 60:
                        client.send(b"x" * 1000000)
                        sent.append(time.monotonic())
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            client.silent(0.5)
            self.assertLess(len(sent), 60)
            before = len(sent)
            go_on.set()
            began = time.monotonic()
            self.assertEqual(client.answer().status, 401)
            until(lambda: len(sent) > before, "the client can send on")
            self.assertLess(sent[before] - began, 1)
            self.done.set()
            sender.join()

    def test_a_body_that_grew_too_large_ends_the_connection(self):
        def act(sock, head, rest):
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act, limits={"body": 10})
        with daemon.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + chunked(b"x" * 11) + request_bytes("/"))
            answer = client.answer()
            self.assertReason(answer, 413, "body_too_large")
            if answer.get("Connection") == "close":
                self.assertTrue(client.ended())
            else:
                self.assertEqual(client.answer().status, 200)


class Answers(FlowTest):
    def cut(self, head, body):
        """What a client gets of an answer that is reset in its middle, and after how long."""
        def act(sock, request, rest):
            sock.sendall(head + body)
            reset(sock)
            return False

        daemon = self.played(act)
        with daemon.client() as client:
            began = time.monotonic()
            client.send(request_bytes("/"))
            with self.assertRaises(Closed):
                client.answer()
            self.assertLess(time.monotonic() - began, 3)

    def test_a_reset_right_behind_a_part_of_the_body_is_seen(self):
        for _ in range(3):
            self.cut(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x" * 10)

    def test_a_reset_behind_a_chunk_is_seen(self):
        self.cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n")

    def test_what_head_and_304_announce_is_not_waited_for(self):
        def act(sock, head, rest):
            if head.startswith(b"HEAD /chunked"):
                sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            elif head.startswith(b"HEAD"):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n")
            elif head.startswith(b"GET /304"):
                sock.sendall(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 123\r\n\r\n")
            elif head.startswith(b"GET /204"):
                sock.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc")
            else:
                sock.sendall(ANSWER)
            return True

        daemon = self.played(act)
        with daemon.client() as client:
            for method, target, status in (("HEAD", "/chunked", 200), ("HEAD", "/", 200), ("GET", "/304", 304),
                                           ("GET", "/204", 204), ("GET", "/", 200)) * 3:
                self.assertEqual(client.request(target, method).status, status)

    def test_junk_on_an_idle_connection_is_never_an_answer(self):
        def act(sock, head, rest):
            sock.sendall(ANSWER)
            time.sleep(0.02)
            sock.sendall(b"HTTP/1.1 408 Too Late\r\nContent-Length: 0\r\n\r\n")
            return True

        daemon = self.played(act)
        with daemon.client() as client:
            for _ in range(5):
                self.assertEqual(client.request("/").status, 200)
                client.silent(0.1)


class Exclusive(FlowTest):
    def test_a_connect_that_times_out_does_not_end_a_hold(self):
        """Nothing was sent: the instance cannot be still at it."""
        daemon = self.daemon(roles=[role(
            upstream={"connect": "800ms", "retries": 0}, health={"timeout": "5s", "fall": 5},
            cutover={"order": "exclusive", "hold_timeout": "4s", "hold_max": "6s"})])
        full = Actor(self, lambda *_: False)
        two = self.instance("v2")
        daemon.ok("deploy", "web", "v1", full.address)
        daemon.ok("set", "add", "web", "v2", two.address)
        full.fill()
        with daemon.client() as client:
            client.send(request_bytes("/"))
            until(lambda: daemon.role()["live"]["in_flight"] == 1, "a request that connects")
            daemon.ok("cutover", "web", "v2")
            self.assertReason(client.answer(), 504, "upstream_connect_timeout")

    def test_a_client_that_leaves_cancels_nothing(self):
        """Its request stays in flight until the instance has answered, large answers too."""
        for size in (2, 3000000):
            with self.subTest(size):
                asked, answered, go_on = threading.Event(), threading.Event(), threading.Event()

                def act(sock, head, rest):
                    asked.set()
                    go_on.wait(20)
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
                    answered.set()
                    return True

                daemon = self.played(act, roles=[role(cutover={"order": "exclusive"})])
                client = daemon.client()
                client.send(request_bytes("/"))
                self.assertTrue(asked.wait(10))
                client.reset()
                until(lambda: b"turnout_connections 0" in daemon.get(
                    "/metrics", address=daemon.admin, host="localhost").body, "the client gone")
                self.assertEqual(daemon.role()["live"]["in_flight"], 1)
                go_on.set()
                self.assertTrue(answered.wait(10))
                until(lambda: daemon.role()["live"]["in_flight"] == 0, "the request ended")


class Pipelines(FlowTest):
    def test_each_requests_time_is_its_own(self):
        def act(sock, head, rest):
            time.sleep(0.2)
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act, access_log={"path": self.folder + "/access.log"})
        with daemon.client() as client:
            client.send(request_bytes("/") * 5)
            for _ in range(5):
                self.assertEqual(client.answer().status, 200)

        def lines():
            with open(self.folder + "/access.log") as log:
                made = [json.loads(line) for line in log]
            return made if len(made) == 5 else None
        for line in until(lines, "five lines in the access log"):
            self.assertLess(line["total_us"], 900000)

    def test_a_long_pipeline_does_not_keep_others_waiting(self):
        daemon = self.played(lambda *_: False, workers=1, roles=[role(hosts=["www.example.com"])])
        done = threading.Event()

        def pipeline():
            nowhere = request_bytes("/", host="nowhere.example") * 1000
            with daemon.client() as client, contextlib.suppress(OSError):
                reader = threading.Thread(target=read_all, args=(client.sock,), daemon=True)
                reader.start()
                while not done.is_set():
                    client.sock.sendall(nowhere)
        threads = [threading.Thread(target=pipeline, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            began = time.monotonic()
            self.assertEqual(daemon.get("/", host="nowhere.example").status, 404)
            self.assertLess(time.monotonic() - began, 2)
        done.set()
        for thread in threads:
            thread.join()


class Leaving(FlowTest):
    """TERM while connections stand in every state."""

    def test_each_gets_its_due(self):
        slow = threading.Event()

        def act(sock, head, rest):
            if head.startswith(b"GET /slow"):
                slow.set()
                time.sleep(1.5)
            elif head.startswith(b"GET /stream"):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
                time.sleep(1.5)
                sock.sendall(b"cd")
                return True
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act)
        with contextlib.ExitStack() as stack:
            names = ("idle", "half", "slow", "stream", "pipelined", "upload")
            client = {name: stack.enter_context(daemon.client()) for name in names}
            for name in ("idle", "half"):
                self.assertEqual(client[name].request("/").status, 200)
            client["half"].send(b"GET / HTTP/1.1\r\nHost: www.exa")
            client["slow"].send(request_bytes("/slow"))
            client["stream"].send(request_bytes("/stream"))
            client["pipelined"].send(request_bytes("/slow") + request_bytes("/never"))
            client["upload"].send(b"POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 4\r\n\r\nab")
            self.assertTrue(slow.wait(10))
            client["stream"].head()
            daemon.process.signal(15)
            self.assertTrue(client["idle"].ended())
            client["half"].send(b"mple.com\r\n\r\n")
            client["upload"].send(b"cd")
            for name in ("half", "upload", "slow", "pipelined"):
                answer = client[name].answer()
                self.assertEqual((answer.status, answer.get("Connection")), (200, "close"), name)
                self.assertTrue(client[name].ended(), name)
            self.assertEqual(client["stream"]._exactly(4, "in the body"), b"abcd")
            self.assertTrue(client["stream"].ended())
            self.assertEqual(daemon.process.wait(10), 0)

    def test_a_client_that_was_told_to_stay_may_ask_once_more(self):
        for seconds in (0.4, 1.5):
            with self.subTest(seconds):
                self.ask_once_more(seconds)

    def ask_once_more(self, seconds):
        begun = threading.Event()

        def act(sock, head, rest):
            if head.startswith(b"GET /stream"):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
                begun.set()
                time.sleep(seconds)
                sock.sendall(b"cd")
                return True
            sock.sendall(ANSWER)
            return True

        daemon = self.played(act)
        with daemon.client() as client:
            client.send(request_bytes("/stream"))
            self.assertTrue(begun.wait(10))
            answer = client.head()
            daemon.process.signal(15)
            self.assertEqual(client.body_of(answer).body, b"abcd")
            answer = client.request("/")
            self.assertEqual((answer.status, answer.get("Connection")), (200, "close"))
            self.assertTrue(client.ended())
            self.assertEqual(daemon.process.wait(10), 0)

    def test_a_parked_request_does_not_keep_it(self):
        daemon = self.played(lambda *_: False, shutdown_timeout="2s")
        daemon.ok("hold", "web", "--for", "30s", "--max", "20s")
        with daemon.client() as parked:
            parked.send(request_bytes("/"))
            self.assertTrue(parked.silent(0.3))
            daemon.process.signal(15)
            self.assertEqual(daemon.process.wait(10), 0)
            self.assertTrue(parked.ended())


def read_all(sock):
    with contextlib.suppress(OSError):
        while sock.recv(1 << 20):
            pass


if __name__ == "__main__":
    main()
