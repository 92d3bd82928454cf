"""HTTP/1.1 and 1.0 as clients and instances see it: framing, interim answers, fields, limits."""

from harness import Client, Closed, TurnoutTest, chunked, main, pattern, request_bytes, role


def raw(data, more=""):
    """The target at which the instance answers exactly these bytes."""
    return "/_raw?hex=" + data.hex() + more


class Framing(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def test_lengths_both_ways(self):
        with self.turnoutd.client() as client:
            for size in (0, 1, 100, 4095, 4096, 16384, 65536, 70000, 1 << 20):
                answer = client.request("/_body?size=%d" % size)
                self.assertEqual(answer.body, pattern(size))
                answer = client.request("/_upload", "POST", body=pattern(size))
                self.assertEqual(answer.json()["bytes"], size)

    def test_chunked_answers(self):
        with self.turnoutd.client() as client:
            for size in (0, 1, 100, 65536, 300000):
                for piece in (65536, 1000, 1) if size <= 100 else (65536, 1000):
                    answer = client.request("/_body?size=%d&piece=%d&chunked=1" % (size, piece))
                    self.assertEqual((answer.framing, answer.body), ("chunked", pattern(size)))

    def test_chunked_requests(self):
        with self.turnoutd.client() as client:
            for pieces in ([b"a"], [b"abc", b"defg"], [pattern(100000), b"x", pattern(70000)], []):
                client.send(b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*pieces))
                self.assertEqual(client.answer().json()["bytes"], sum(map(len, pieces)))

    def test_a_chunked_request_cut_anywhere(self):
        request = (b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"abcde", b"f", trailers=[b"A: b"]))
        with self.turnoutd.client() as client:
            for place in range(1, len(request), 3):
                client.send_split(request, place)
                self.assertEqual(client.answer().json()["bytes"], 6, place)

    def test_a_head_that_comes_byte_by_byte(self):
        request = request_bytes("/_upload", "POST", body=b"xyz")
        with self.turnoutd.client() as client:
            for at in range(len(request)):
                client.send(request[at:at + 1])
            self.assertEqual(client.answer().json()["bytes"], 3)

    def test_chunk_extensions_do_not_disturb(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n3;a=b;c=\"d;e\"\r\nabc\r\n0;z\r\n\r\n")
            self.assertEqual(client.answer().json()["bytes"], 3)

    def test_trailers_of_an_answer(self):
        answer = self.turnoutd.get("/_body?size=50&chunked=1&trailers=1", fields={"TE": "trailers"})
        self.assertEqual(answer.body, pattern(50))
        self.assertEqual(answer.trailers, [("X-Sum", "42"), ("X-More", "yes")])

    def test_trailers_of_a_request(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_echo HTTP/1.1\r\nHost: www.example.com\r\nTrailer: X-Sum\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n" +
                        chunked(b"abc", trailers=[b"X-Sum: 42"]))
            self.assertIn(b"X-Sum: 42\r\n", client.answer().body.split(b"\r\n\r\n", 1)[1])

    def test_an_answer_that_the_end_delimits(self):
        with self.turnoutd.client() as client:
            answer = client.request("/_body?size=200000&close=1")
            self.assertEqual(answer.body, pattern(200000))

    def test_such_an_answer_cut_short_is_not_taken_for_whole(self):
        data = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100
        with self.assertRaises(Closed):
            with self.turnoutd.client() as client:
                answer = client.request(raw(data, "&close=1&how=rst"))
                raise Closed("no: %r" % answer) if answer.status == 502 else AssertionError(answer)

    def test_an_answer_cut_in_its_length(self):
        data = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
        with self.assertRaises(Closed), self.turnoutd.client() as client:
            client.request(raw(data, "&close=1"))

    def test_an_answer_cut_in_its_chunks(self):
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"
        with self.assertRaises(Closed), self.turnoutd.client() as client:
            client.request(raw(data, "&close=1"))

    def test_head_204_304(self):
        with self.turnoutd.client() as client:
            answer = client.request("/_body?size=1000", "HEAD")
            self.assertEqual((answer.status, answer.get("Content-Length")), (200, "1000"))
            answer = client.request("/_body?size=1000&chunked=1", "HEAD")
            self.assertEqual((answer.status, answer.body), (200, b""))
            answer = client.request("/_status?code=204")
            self.assertEqual((answer.status, answer.get("Content-Length")), (204, None))
            answer = client.request("/_status?code=304&cl=77")
            self.assertEqual((answer.status, answer.get("ETag")), (304, '"x"'))
            self.assertEqual(client.request("/").status, 200)

    def test_statuses_go_through(self):
        with self.turnoutd.client() as client:
            for code in (200, 201, 206, 301, 302, 400, 401, 404, 418, 429, 500, 502, 503, 599):
                answer = client.request("/_status?code=%d" % code)
                self.assertEqual((answer.status, answer.named_reason), (code, None))

    def test_http_1_0(self):
        with self.turnoutd.client() as client:
            client.send(b"GET /x HTTP/1.0\r\n\r\n")
            answer = client.answer()
            self.assertEqual((answer.status, answer.body), (200, b"v1 /x\n"))
            self.assertTrue(client.ended())

    def test_http_1_0_keep_alive(self):
        with self.turnoutd.client() as client:
            for _ in range(3):
                client.send(b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                answer = client.answer()
                self.assertEqual(answer.get("Connection", "").lower(), "keep-alive")

    def test_http_1_0_gets_no_chunks(self):
        with self.turnoutd.client() as client:
            client.send(b"GET /_body?size=1000&chunked=1 HTTP/1.0\r\nHost: a\r\n\r\n")
            answer = client.answer()
            self.assertNotEqual(answer.framing, "chunked")
            self.assertEqual(answer.body, pattern(1000))

    def test_http_1_0_gets_no_interim_answer(self):
        with self.turnoutd.client() as client:
            client.send(b"GET /_interim?codes=103 HTTP/1.0\r\nHost: a\r\n\r\n")
            self.assertEqual(client.answer().interim, [])

    def test_close_is_honoured(self):
        with self.turnoutd.client() as client:
            answer = client.request("/", fields={"Connection": "close"})
            self.assertEqual(answer.get("Connection"), "close")
            self.assertTrue(client.ended())

    def test_an_instance_of_http_1_0(self):
        answer = self.turnoutd.get(raw(b"HTTP/1.0 200 OK\r\n\r\nold words", "&close=1"))
        self.assertEqual((answer.status, answer.body, answer.version),
                         (200, b"old words", "HTTP/1.1"))


class Interim(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def test_103_is_passed_on(self):
        answer = self.turnoutd.get("/_interim?codes=103,103")
        self.assertEqual([one.status for one in answer.interim], [103, 103])
        self.assertEqual(answer.interim[0].get("Link"), "</style.css>; rel=preload")
        self.assertEqual(answer.status, 200)

    def test_expect_100_continue(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            while b"\r\n\r\n" not in client.have:
                client._more("before 100")
            self.assertTrue(client.have.startswith(b"HTTP/1.1 100 "), client.have)
            client.send(b"abcde")
            self.assertEqual(client.answer().json()["bytes"], 5)

    def test_a_body_that_does_not_wait_for_100(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde")
            self.assertEqual(client.answer().json()["bytes"], 5)

    def test_a_final_answer_instead_of_100(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_early?status=413 HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            self.assertEqual(client.answer().status, 413)

    def test_many_interim_answers(self):
        answer = self.turnoutd.get("/_interim?codes=" + ",".join(["103"] * 10))
        self.assertEqual(len(answer.interim), 10)


class Early(TurnoutTest):
    """Answers that come before the request's body was read."""

    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def test_early_answer_reaches_a_client_that_has_sent_half(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_early?status=413 HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Content-Length: 100000\r\n\r\n" + b"x" * 50000)
            self.assertEqual(client.answer().status, 413)

    def test_early_answer_and_close_reach_a_client_that_sends_on(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_early?status=413&close=1 HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Content-Length: 50000000\r\n\r\n" + b"x" * 50000)
            answer = client.answer()
            self.assertEqual((answer.status, answer.body), (413, b"early\n"))

    def test_after_an_early_answer_others_are_served(self):
        for _ in range(5):
            with self.turnoutd.client() as client:
                client.send(b"POST /_early?status=401 HTTP/1.1\r\nHost: www.example.com\r\n"
                            b"Content-Length: 1000\r\n\r\n" + b"x" * 10)
                self.assertEqual(client.answer().status, 401)
            self.assertEqual(self.turnoutd.get("/after").body, b"v1 /after\n")

    def test_a_kept_alive_client_finishes_its_body_then_goes_on(self):
        with self.turnoutd.client() as client:
            client.send(b"POST /_early?status=401 HTTP/1.1\r\nHost: www.example.com\r\n"
                        b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)
            answer = client.answer()
            self.assertEqual(answer.status, 401)
            if answer.get("Connection", "").lower() == "close":
                self.assertTrue(client.ended())
                return
            self.assertEqual(client.request("/next").body, b"v1 /next\n")


class Connections(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def test_half_close_after_a_request_still_gets_the_answer(self):
        with self.turnoutd.client() as client:
            client.send(request_bytes("/_delay?ms=200")).half_close()
            self.assertEqual(client.answer().status, 200)
            self.assertTrue(client.ended())

    def test_half_close_of_an_upload(self):
        with self.turnoutd.client() as client:
            client.send(request_bytes("/_upload", "POST", body=pattern(300000))).half_close()
            self.assertEqual(client.answer().json()["bytes"], 300000)

    def test_pipelining(self):
        with self.turnoutd.client() as client:
            client.send(b"".join(request_bytes("/p%d" % n) for n in range(50)))
            for n in range(50):
                self.assertEqual(client.answer().body, b"v1 /p%d\n" % n)

    def test_pipelining_with_bodies(self):
        with self.turnoutd.client() as client:
            sizes = [0, 5, 70000, 1, 20000, 0, 3]
            client.send(b"".join(request_bytes("/_upload", "POST", body=pattern(size))
                                 for size in sizes))
            for size in sizes:
                self.assertEqual(client.answer().json()["bytes"], size)

    def test_pipelining_mixed_with_slow_answers(self):
        with self.turnoutd.client() as client:
            client.send(request_bytes("/_delay?ms=150") + request_bytes("/_body?size=100000") +
                        request_bytes("/_status?code=204") + request_bytes("/last"))
            self.assertEqual(client.answer().status, 200)
            self.assertEqual(client.answer().body, pattern(100000))
            self.assertEqual(client.answer().status, 204)
            self.assertEqual(client.answer().body, b"v1 /last\n")

    def test_empty_lines_before_a_request(self):
        with self.turnoutd.client() as client:
            client.send(b"\r\n" + request_bytes("/a"))
            self.assertEqual(client.answer().status, 200)

    def test_upstream_connections_are_kept(self):
        with self.turnoutd.client() as client:
            seen = {client.request("/").get("X-Conn") for _ in range(10)}
        self.assertEqual(len(seen), 1)

    def test_a_client_that_goes_cancels_its_request(self):
        with self.turnoutd.client() as client:
            client.send(request_bytes("/_hang"))
            self._until_in_flight(1)
            client.reset()
        self._until_in_flight(0)

    def _until_in_flight(self, count):
        from harness import until
        until(lambda: self.one.stats()["in_flight"] == count, "%d in flight" % count)

    def test_a_slow_stream_comes_piece_by_piece(self):
        with self.turnoutd.client() as client:
            client.send(request_bytes("/_body?size=3&piece=1&pause_ms=200&chunked=1"
                                      "&type=text/event-stream"))
            client.head()
            got = client._until(b"a\r\n", "for the first event")
            self.assertNotIn(b"b", got)
            client._until(b"0\r\n\r\n", "for the end")


class Fields(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def sent_on(self, *lines, turnoutd=None):
        """What the instance receives of a request with these lines: a list of (name, value)."""
        with (turnoutd or self.turnoutd).client() as client:
            client.send(b"GET /_echo HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n")
            head = client.answer().body.decode("latin-1").split("\r\n\r\n")[0]
        pairs = [tuple(part.strip() for part in line.split(":", 1)) for line in head.split("\r\n")[1:]]
        return [(name.lower(), value) for name, value in pairs]

    def values(self, fields, name):
        return [value for key, value in fields if key == name]

    def test_forwarding_fields_are_set(self):
        fields = self.sent_on(b"Host: www.example.com")
        self.assertEqual(self.values(fields, "host"), ["www.example.com"])
        self.assertEqual(self.values(fields, "x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(self.values(fields, "x-forwarded-proto"), ["http"])
        self.assertEqual(self.values(fields, "x-forwarded-host"), ["www.example.com"])
        self.assertEqual(len(self.values(fields, "x-request-id")), 1)
        self.assertEqual(len(self.values(fields, "via")), 1)

    def test_an_untrusted_peer_cannot_forge_them(self):
        fields = self.sent_on(b"Host: www.example.com", b"X-Forwarded-For: 1.2.3.4",
                              b"X-Forwarded-Proto: https", b"X-Forwarded-Host: evil",
                              b"X-Request-Id: mine", b"X_Forwarded_For: 5.6.7.8",
                              b"X_Forwarded-Proto: https")
        self.assertEqual(self.values(fields, "x-forwarded-for")[-1].split(",")[-1].strip(), "127.0.0.1")
        self.assertEqual(self.values(fields, "x-forwarded-proto"), ["http"])
        self.assertEqual(self.values(fields, "x-forwarded-host"), ["www.example.com"])
        self.assertNotIn("mine", self.values(fields, "x-request-id"))
        self.assertFalse([name for name, _ in fields if "_" in name])

    def test_a_trusted_peer_is_believed(self):
        daemon = self.daemon(trusted=("127.0.0.0/8",))
        daemon.ok("deploy", "web", "v1", self.one.address)
        fields = self.sent_on(b"Host: www.example.com", b"X-Forwarded-For: 1.2.3.4",
                              b"X-Forwarded-Proto: https", b"X-Forwarded-Host: outer",
                              b"X-Request-Id: kept-1", turnoutd=daemon)
        joined = ", ".join(self.values(fields, "x-forwarded-for"))
        self.assertEqual([part.strip() for part in joined.split(",")], ["1.2.3.4", "127.0.0.1"])
        self.assertEqual(self.values(fields, "x-forwarded-proto"), ["https"])
        self.assertEqual(self.values(fields, "x-forwarded-host"), ["outer"])
        self.assertEqual(self.values(fields, "x-request-id"), ["kept-1"])

    def test_hop_by_hop_fields_stay_here(self):
        fields = self.sent_on(b"Host: a", b"Connection: keep-alive, X-Private", b"X-Private: 1",
                              b"Keep-Alive: timeout=5", b"Proxy-Connection: keep-alive",
                              b"Upgrade: h2c", b"TE: trailers, gzip", b"X-Public: 2")
        names = {name for name, _ in fields}
        self.assertFalse(names & {"x-private", "keep-alive", "proxy-connection", "upgrade"}, names)
        self.assertIn(("x-public", "2"), fields)

    def test_hop_by_hop_fields_of_answers_stay_there(self):
        data = (b"HTTP/1.1 200 OK\r\nConnection: X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=3\r\n"
                b"Proxy-Connection: a\r\nX-Outer: 2\r\nContent-Length: 2\r\n\r\nok")
        answer = self.turnoutd.get(raw(data))
        names = {name.lower() for name, _ in answer.fields}
        self.assertFalse(names & {"x-inner", "keep-alive", "proxy-connection"}, names)
        self.assertEqual((answer.get("X-Outer"), answer.body), ("2", b"ok"))

    def test_fields_go_on_as_they_came(self):
        lines = [b"Host: www.example.com", b"Cookie: a=b; c=d", b"X-Empty:", b"X-Odd: \t a  b\t ",
                 b"X-High: caf\xc3\xa9", b"Accept: */*", b"X-Two: 1", b"X-Two: 2"]
        fields = self.sent_on(*lines)
        self.assertEqual(self.values(fields, "x-two"), ["1", "2"])
        self.assertEqual(self.values(fields, "x-empty"), [""])
        self.assertEqual(self.values(fields, "x-odd"), ["a  b"])
        self.assertEqual(self.values(fields, "cookie"), ["a=b; c=d"])

    def test_targets_go_on_unchanged(self):
        for target in ("/_echo?a=b;c=d&e=%2F", "/_echo?", "/_echo?x=/../y"):
            answer = self.turnoutd.get(target)
            self.assertIn(("GET %s HTTP/1.1" % target).encode(), answer.body)
        answer = self.turnoutd.get("/a/../b//c%2fd;e")
        self.assertEqual(answer.body, b"v1 /a/../b//c%2fd;e\n")

    def test_absolute_form(self):
        with self.turnoutd.client() as client:
            client.send(b"GET http://www.example.com/_echo?x=1 HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
            self.assertTrue(client.answer().body.startswith(b"GET /_echo?x=1 HTTP/1.1\r\n"))

    def test_a_request_id_is_new_each_time(self):
        ids = {self.values(self.sent_on(b"Host: a"), "x-request-id")[0] for _ in range(5)}
        self.assertEqual(len(ids), 5)


class Limits(TurnoutTest):
    def limited(self, **settings):
        daemon = self.daemon(**settings)
        one = self.instance()
        daemon.ok("deploy", "web", "v1", one.address)
        return daemon, one

    def test_sizes(self):
        daemon, one = self.limited(limits={"request_line": 512, "header_bytes": "2k",
                                           "headers": 20, "body": 1000})
        self.assertReason(daemon.get("/" + "a" * 600), 414, "request_line_too_long")
        self.assertReason(daemon.get("/", fields={"X-Big": "b" * 3000}), 431, "header_too_large")
        self.assertReason(daemon.get("/", fields=[("X-%d" % n, "1") for n in range(30)]),
                          431, "header_too_large")
        with daemon.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
            self.assertReason(client.answer(), 413, "body_too_large")
        with daemon.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        chunked(b"x" * 600, b"x" * 600))
            self.assertReason(client.answer(), 413, "body_too_large")
        self.assertEqual(daemon.get("/_upload", "POST", body=b"x" * 1000).json()["bytes"], 1000)

    def test_a_head_that_never_ends(self):
        daemon, one = self.limited(timeouts={"header": "400ms"})
        with daemon.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            self.assertReason(client.answer(), 408, "header_timeout")
            self.assertTrue(client.ended())

    def test_a_body_that_stops(self):
        daemon, one = self.limited(timeouts={"body": "400ms"})
        with daemon.client() as client:
            client.send(b"POST /_upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            self.assertReason(client.answer(), 408, "body_timeout")

    def test_an_idle_connection_is_closed(self):
        daemon, one = self.limited(timeouts={"idle": "400ms"})
        with daemon.client() as client:
            client.request("/")
            self.assertTrue(client.ended())

    def test_an_instance_that_does_not_answer(self):
        daemon, one = self.limited(roles=[role(upstream={"response": "400ms"})])
        self.assertReason(daemon.get("/_hang"), 504, "upstream_timeout")

    def test_an_answer_that_stalls(self):
        daemon, one = self.limited(roles=[role(upstream={"stall": "400ms"})])
        with self.assertRaises(Closed):
            daemon.get("/_body?size=10&piece=1&pause_ms=60000")

    def test_a_client_that_does_not_read(self):
        daemon, one = self.limited(timeouts={"send": "500ms"})
        with daemon.client() as client:
            client.send(request_bytes("/_body?size=100000000"))
            client.head()
            from harness import until
            until(lambda: one.stats()["in_flight"] == 0, "the answer given up")

    def test_connections(self):
        daemon, one = self.limited(limits={"connections": 4}, workers=1)
        clients = [daemon.client() for _ in range(4)]
        for client in clients:
            self.assertEqual(client.request("/").status, 200)
        more = daemon.client(timeout=1)
        more.send(request_bytes("/"))
        try:
            self.assertEqual(more.answer().status, 503)
        except AssertionError:
            pass
        more.close()
        clients[0].close()
        from harness import until

        def served():
            try:
                return daemon.get("/").status == 200
            except AssertionError:
                return False
        until(served, "a place that was freed is given on")
        for client in clients:
            client.close()


class BadAnswers(TurnoutTest):
    """What an instance may not say: the client gets 502 and the reason."""

    CASES = {
        "length and coding": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        "no status line": b"220 mail.example ESMTP\r\n\r\n",
        "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
        "a folded field": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        "a field without a colon": b"HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 0\r\n\r\n",
        "NUL in a field": b"HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n",
        "101 that nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "a head without end": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 5000,
    }

    def test_they_become_502(self):
        daemon, one = self.live_daemon(limits={"request_line": "32k", "header_bytes": "64k"})
        for name, data in self.CASES.items():
            with self.subTest(name):
                answer = daemon.get(raw(data, "&close=1"))
                self.assertEqual(answer.status, 502, answer.text)
                self.assertIn(answer.named_reason, ("upstream_invalid", "upstream_closed"))
        self.assertEqual(daemon.get("/").status, 200)

    def test_more_than_the_answer_is_never_taken_for_the_next(self):
        daemon, one = self.live_daemon()
        with daemon.client() as client:
            data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 Evil\r\nContent-Length: 0\r\n\r\n"
            self.assertEqual(client.request(raw(data)).body, b"ok")
            self.assertEqual(client.request("/next").body, b"v1 /next\n")


class Routing(TurnoutTest):
    def test_by_host_and_path(self):
        roles = [role("web", hosts=["www.example.com"]),
                 role("any", hosts=["*"], health={"host": "x"}),
                 role("below", hosts=["*.example.com"], health={"host": "x"}),
                 role("api", hosts=["www.example.com"], path="/api")]
        daemon = self.daemon(roles=roles)
        for name in ("web", "any", "below", "api"):
            one = self.instance(name)
            daemon.ok("deploy", name, name, one.address)
        for host, target, wanted in [
                ("www.example.com", "/", "web"), ("WWW.Example.COM", "/", "web"),
                ("www.example.com:8080", "/", "web"), ("www.example.com.", "/", "web"),
                ("a.example.com", "/", "below"), ("a.b.example.com", "/", "below"),
                ("example.com", "/", "any"), ("other", "/", "any"),
                ("www.example.com", "/api", "api"), ("www.example.com", "/api/x", "api"),
                ("www.example.com", "/apix", "web"), ("www.example.com", "/api?x", "api")]:
            with self.subTest(host + target):
                self.assertEqual(daemon.get(target, host=host).build, wanted)

    def test_no_route(self):
        daemon = self.daemon(roles=[role("web", hosts=["www.example.com"])])
        self.assertReason(daemon.get("/", host="other.example.com"), 404, "no_route")


if __name__ == "__main__":
    main()
