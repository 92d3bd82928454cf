"""The end of a drain: what it cuts is told to clients, to the log and to the operator, and the counts agree."""

import collections
import json
import os
import re
import threading

from harness import Client, Closed, TurnoutTest, free_port, main, request_bytes, role, until


class DrainEnds(TurnoutTest):
    def begun(self, drain_timeout):
        """A daemon with v1 live and an access log, and v2 to move to."""
        self.path = os.path.join(self.folder, "access.log")
        daemon, one = self.live_daemon(roles=[role(cutover={"drain_timeout": drain_timeout})],
                                       access_log={"path": self.path})
        return daemon, one, self.instance("v2")

    def ends(self, count):
        def read():
            with open(self.path) as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
            return lines if len(lines) >= count else None
        return [(line["build"], line["status"], line["reason"], line["end"])
                for line in until(read, "%d lines" % count)]

    def open_request(self, daemon, target):
        client = daemon.client()
        self.addCleanup(client.close)
        client.send(request_bytes(target))
        return client

    def test_clients_log_report_and_metrics_agree(self):
        daemon, one, two = self.begun("3s")
        slow = [self.open_request(daemon, "/_body?size=1000&piece=1&pause_ms=700") for _ in range(3)]
        for client in slow:
            client.head()
        silent = [self.open_request(daemon, "/_hang") for _ in range(2)]
        quick = [self.open_request(daemon, "/_body?size=4&piece=1&pause_ms=400") for _ in range(4)]
        until(lambda: one.stats()["in_flight"] == 9, "all at the instance")
        done = daemon.expect(5, "--json", "deploy", "web", "v2", two.address)
        for client in quick:
            self.assertEqual(client.answer().body, b"abcd")
        for client in silent:
            self.assertReason(client.answer(), 504, "drain_timeout")
        for client in slow:
            with self.assertRaises((Closed, ConnectionError)):
                client._exactly(1000, "in the download")
        drain = json.loads(done.stdout.splitlines()[-1])["drain"]
        self.assertEqual((drain["finished"], drain["cut"]), (4, 5), drain)
        ends = self.ends(9)
        self.assertEqual(ends.count(("v1", 200, None, "ok")), 4, ends)
        self.assertEqual(ends.count(("v1", 504, "drain_timeout", "drain")), 2, ends)
        self.assertEqual([end for _, status, _, end in ends if status == 200].count("drain"), 3, ends)
        with Client(daemon.admin) as client:
            text = client.request("/metrics").text
        cut = re.search(r'^turnout_exchanges_cut_total\{role="web",build="v1",[^}]*\} (\d+)$', text, re.M)
        self.assertEqual(cut and cut[1], "5", text)
        self.assertRegex(daemon.said(), r"info  drained role=web set=[0-9a-f]{8} finished=4 cut=5 ")

    def test_a_stream_that_is_silent_and_clients_that_left(self):
        daemon, one, two = self.begun("1s")
        stream = self.open_request(daemon, "/_body?size=10&piece=1&pause_ms=600000")
        stream.head()
        half_closed = self.open_request(daemon, "/_hang")
        half_closed.half_close()
        gone = self.open_request(daemon, "/_hang")
        until(lambda: one.stats()["in_flight"] == 3, "all at the instance")
        gone.reset()
        until(lambda: one.stats()["in_flight"] == 2, "the one that left is cancelled")
        done = daemon.expect(5, "--json", "deploy", "web", "v2", two.address)
        self.assertReason(half_closed.answer(), 504, "drain_timeout")
        with self.assertRaises((Closed, ConnectionError)):
            stream._exactly(10, "in the stream")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["drain"]["cut"], 2)
        until(lambda: one.stats()["in_flight"] == 0, "nothing left at the instance")
        self.assertEqual(daemon.get("/").build, "v2")


class Stop(TurnoutTest):
    def test_clients_at_work_see_no_error(self):
        """Whoever keeps asking is told to close by an answer, and loses none."""
        daemon, one = self.live_daemon()
        answered, failures, closed = collections.Counter(), [], []

        def work(number):
            try:
                with daemon.client() as client:
                    while True:
                        if number % 2:
                            answer = client.request("/_upload", "POST", body=b"x" * (number * 1000))
                        else:
                            answer = client.request("/")
                        answered[number] += answer.status == 200
                        if (answer.get("Connection") or "").lower() == "close":
                            return closed.append(number)
            except (AssertionError, OSError) as error:
                failures.append((number, repr(error)))
        threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        until(lambda: len(answered) == 12 and min(answered.values()) >= 5, "all at work")
        daemon.stop()
        for thread in threads:
            thread.join()
        self.assertEqual((failures, sorted(closed)), ([], list(range(12))))


class Configured(TurnoutTest):
    def test_another_port_after_a_restart(self):
        daemon, one = self.live_daemon()
        before = daemon.address
        daemon.stop()
        daemon.address = "127.0.0.1:%d" % free_port()
        daemon.settings["listeners"][0]["address"] = daemon.address
        daemon.write_config()
        daemon.start()
        self.assertEqual(daemon.get("/").build, "v1")
        with self.assertRaises(ConnectionError):
            daemon.get("/", address=before)


class Uneven(TurnoutTest):
    def test_a_share_does_not_depend_on_how_many_instances_a_set_has(self):
        daemon = self.daemon(workers=1)
        nine = self.instance("v1", listen=["127.0.0.1:0"] * 9)
        two = self.instance("v2", listen=["127.0.0.1:0"] * 2)
        daemon.ok("deploy", "web", "v1", *nine.addresses)
        daemon.ok("set", "add", "web", "v2", *two.addresses)
        daemon.ok("weight", "web", "v2", "20")
        clients = [daemon.client() for _ in range(8)]
        builds = [client.request("/").build for _ in range(25) for client in clients]
        for client in clients:
            client.close()
        self.assertTrue(39 <= builds.count("v2") <= 41, builds.count("v2"))


if __name__ == "__main__":
    main()
