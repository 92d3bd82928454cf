"""Requests that two parsers could read differently are refused, each with its status and reason, and the
connection ends: nothing behind them is taken for a request."""

from harness import TurnoutTest, main

HOST = b"Host: www.example.com\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"

# What it is: the bytes, the status (400 if not said).
CASES = {
    "length and coding": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "the same length twice": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "lengths in a list": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5, 5\r\n\r\nabcde",
    "a negative length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n",
    "a length with a sign": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nabcde",
    "a length in hexadecimal": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x5\r\n\r\nabcde",
    "a length beyond 64 bits": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 18446744073709551617\r\n\r\na",
    "an empty length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n\r\n",
    "a length with a word behind": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5 x\r\n\r\nabcde",
    "chunked twice": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "two coding fields": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", (400, 501)),
    "another coding": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", (400, 501)),
    "a coding with a tail": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked;x\r\n\r\n0\r\n\r\n", (400, 501)),
    "a coding with a vertical tab": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "coding in HTTP/1.0": b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed after a field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\nC: d\r\n\r\n",
    "a bare line feed at the end": b"GET / HTTP/1.1\r\n" + HOST + b"\n",
    "a bare line feed after the request line": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "a bare carriage return in a field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\rC: d\r\n\r\n",
    "a folded field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    "a first field that is folded": b"GET / HTTP/1.1\r\n A: b\r\n" + HOST + b"\r\n",
    "NUL in a field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n",
    "a control character in a field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\x01c\r\n\r\n",
    "an empty field name": b"GET / HTTP/1.1\r\n" + HOST + b": b\r\n\r\n",
    "a field without a colon": b"GET / HTTP/1.1\r\n" + HOST + b"nothing\r\n\r\n",
    "a space in a field name": b"GET / HTTP/1.1\r\n" + HOST + b"A b: c\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "an empty host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a host with user": b"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
    "a host with a comma": b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "a port that is none": b"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab in the request line": b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space behind the version": b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n",
    "a target without a slash": b"GET index.html HTTP/1.1\r\n" + HOST + b"\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "a control character in the target": b"GET /a\x01 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is none": b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no method": b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "star with GET": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n",
    "HTTP/2 by prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "a version with two digits": (b"GET / HTTP/1.10\r\n" + HOST + b"\r\n", (400, 505)),
    "a version in lower case": (b"GET / http/1.1\r\n" + HOST + b"\r\n", (400, 505)),
    "version 2.0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", (505,)),
    "no version": (b"GET /\r\n", (400, 505)),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", (501,)),
    "TRACE with a body": b"TRACE / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc",
}

# Bodies that go wrong after a head that was good.
CHUNKS = {
    "a size that is none": b"xyz\r\nabc\r\n0\r\n\r\n",
    "an empty size": b"\r\nabc\r\n0\r\n\r\n",
    "a size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "a size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "a space before the size": b" 3\r\nabc\r\n0\r\n\r\n",
    "a chunk longer than it says": b"3\r\nabcd\r\n0\r\n\r\n",
    "a bare line feed after a size": b"3\nabc\r\n0\r\n\r\n",
    "a bare line feed after a chunk": b"3\r\nabc\n0\r\n\r\n",
    "a bare carriage return in an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "a trailer that is none": b"3\r\nabc\r\n0\r\nnothing\r\n\r\n",
    "an extension too long": b"3;" + b"a" * 20000 + b"\r\nabc\r\n0\r\n\r\n",
}


class Malformed(TurnoutTest):
    def setUp(self):
        super().setUp()
        self.turnoutd, self.one = self.live_daemon()

    def refused(self, data, statuses):
        with self.turnoutd.client() as client:
            client.send(data + SMUGGLED)
            answer = client.answer()
            self.assertIn(answer.status, statuses, answer)
            self.assertTrue(answer.named_reason, "no Turnout-Reason")
            self.assertTrue(answer.body, "no word to the person")
            self.assertTrue(client.ended(), "it goes on after a bad request")
            return answer

    def test_each_is_refused_with_its_reason(self):
        for name, case in CASES.items():
            with self.subTest(name):
                data, statuses = case if isinstance(case, tuple) else (case, (400,))
                answer = self.refused(data, statuses)
                if answer.status == 400:
                    self.assertEqual(answer.named_reason, "bad_request")
        self.assertEqual(self.one.stats()["requests"], 0, "one of them reached the instance")

    def test_bad_chunks_are_refused(self):
        for name, body in CHUNKS.items():
            with self.subTest(name):
                self.refused(b"POST /_upload HTTP/1.1\r\n" + HOST +
                             b"Transfer-Encoding: chunked\r\n\r\n" + body, (400, 431))
        self.assertEqual(self.turnoutd.get("/").status, 200)

    def test_the_same_cut_in_two(self):
        for name, case in CASES.items():
            with self.subTest(name):
                data, statuses = case if isinstance(case, tuple) else (case, (400,))
                with self.turnoutd.client() as client:
                    client.send(data[:len(data) // 2])
                    try:
                        client.send(data[len(data) // 2:])
                    except OSError:
                        pass
                    self.assertIn(client.answer().status, statuses)

    def test_nothing_of_it_disturbs_others(self):
        with self.turnoutd.client() as other:
            other.request("/before")
            for case in list(CASES.values())[:10]:
                data, statuses = case if isinstance(case, tuple) else (case, (400,))
                self.refused(data, statuses)
                self.assertEqual(other.request("/during").status, 200)


if __name__ == "__main__":
    main()
