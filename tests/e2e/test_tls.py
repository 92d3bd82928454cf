"""TLS on the listener: versions, certificates by name, resumption, reload, redirect and HSTS."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest

from harness import Client, TurnoutTest, free_port, main, pattern, role, split_address, until


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(TurnoutTest):
    def certificate(self, name, *names, days=30, file=None):
        """A self-signed certificate for these names; its two files."""
        cert = os.path.join(self.folder, (file or name) + ".pem")
        key = os.path.join(self.folder, (file or name) + ".key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                        "-days", str(days), "-subj", "/CN=" + name, "-addext",
                        "subjectAltName=" + ",".join("DNS:" + one for one in (name,) + names)],
                       check=True, capture_output=True)
        return {"cert": cert, "key": key}

    def secure(self, certificates=None, tls=None, **settings):
        self.plain = "127.0.0.1:%d" % free_port()
        self.secured = "127.0.0.1:%d" % free_port()
        self.certificates = certificates or [self.certificate("www.example.com")]
        group = dict({"certificates": self.certificates}, **(tls or {}))
        daemon = self.daemon(listeners=[{"address": self.plain},
                                        {"address": self.secured, "tls": group}], **settings)
        self.one = self.instance()
        daemon.ok("deploy", "web", "v1", self.one.address)
        return daemon

    def context(self, **more):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for key, value in more.items():
            setattr(context, key, value)
        return context

    def tls_client(self, name="www.example.com", context=None, session=None):
        sock = socket.create_connection(split_address(self.secured), 20)
        wrapped = (context or self.context()).wrap_socket(sock, server_hostname=name, session=session)
        return Client(None, sock=wrapped)

    def subject(self, client):
        found = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"],
                               input=client.sock.getpeercert(True), capture_output=True, check=True)
        return found.stdout.decode()

    def test_requests_over_both_versions(self):
        self.secure()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(minimum_version=version, maximum_version=version)
            with self.tls_client(context=context) as client:
                self.assertEqual(client.request("/").build, "v1")
                self.assertEqual(client.request("/_body?size=300000").body, pattern(300000))
                self.assertEqual(client.request("/_upload", "POST", body=pattern(300000)).json()["bytes"], 300000)
                echoed = client.request("/_echo").text.lower()
                self.assertIn("x-forwarded-proto: https", echoed)

    def test_many_connections_one_request_each(self):
        self.secure()
        for _ in range(50):
            with self.tls_client() as client:
                self.assertEqual(client.request("/").status, 200)

    def test_pipelining(self):
        self.secure()
        with self.tls_client() as client:
            client.send(b"".join(b"GET /p%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(30)))
            for n in range(30):
                self.assertEqual(client.answer().body, b"v1 /p%d\n" % n)

    def test_older_versions_are_refused(self):
        self.secure()
        context = self.context()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.tls_client(context=context)

    def test_min_version(self):
        self.secure(tls={"min_version": "1.3"})
        context = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        with self.assertRaises((ssl.SSLError, OSError)):
            self.tls_client(context=context)

    def test_alpn(self):
        self.secure()
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.tls_client(context=context) as client:
            self.assertEqual(client.sock.selected_alpn_protocol(), "http/1.1")

    def test_certificates_by_name(self):
        self.secure([self.certificate("www.example.com"), self.certificate("*.example.org", file="star"),
                     self.certificate("api.example.org")])
        for name, wanted in (("www.example.com", "CN = www.example.com"),
                             ("a.example.org", "CN = *.example.org"),
                             ("api.example.org", "CN = api.example.org"),
                             ("other.example", "CN = www.example.com")):
            with self.subTest(name), self.tls_client(name) as client:
                self.assertIn(wanted, self.subject(client))

    def test_sessions_are_resumed_also_after_a_restart(self):
        daemon = self.secure()
        context = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        with self.tls_client(context=context) as client:
            client.request("/")
            session = client.sock.session
            self.assertFalse(client.sock.session_reused)
        with self.tls_client(context=context, session=session) as client:
            client.request("/")
            self.assertTrue(client.sock.session_reused)
        daemon.stop()
        daemon.start()
        with self.tls_client(context=context, session=session) as client:
            client.request("/")
            self.assertTrue(client.sock.session_reused, "the secret is in the state folder")

    def test_reload(self):
        daemon = self.secure()
        listed = daemon.ok("certificates", "list")
        self.assertIn("www.example.com", listed)
        self.certificate("www.example.com", "new.example.com")
        daemon.ok("certificates", "reload")
        with self.tls_client("new.example.com") as client:
            text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"],
                                  input=client.sock.getpeercert(True), capture_output=True).stdout
            self.assertIn(b"new.example.com", text)

    def test_a_bad_new_certificate_is_refused_and_the_old_one_stays(self):
        daemon = self.secure()
        other = self.certificate("other.example.com")
        shutil.copy(other["key"], self.certificates[0]["key"])
        done = daemon.turnout("certificates", "reload")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("www.example.com", done.stderr + done.stdout)
        with self.tls_client() as client:
            self.assertIn("www.example.com", self.subject(client))
            self.assertEqual(client.request("/").status, 200)

    def test_redirect_and_hsts(self):
        self.secure(roles=[role("web", hosts=["www.example.com"], redirect_https=True,
                                hsts="max-age=31536000")])
        with Client(self.plain) as client:
            answer = client.request("/a/b?c=d")
            self.assertEqual(answer.status, 308)
            port = self.secured.split(":")[1]
            self.assertEqual(answer.get("Location"), "https://www.example.com:%s/a/b?c=d" % port)
            self.assertIsNone(answer.get("Strict-Transport-Security"))
        with self.tls_client() as client:
            answer = client.request("/")
            self.assertEqual(answer.get("Strict-Transport-Security"), "max-age=31536000")

    def test_hsts_is_said_by_the_proxy_itself_too(self):
        daemon = self.secure(roles=[role("web", hosts=["www.example.com"], hsts="max-age=5")])
        daemon.ok("maintenance", "web", "on")
        with self.tls_client() as client:
            answer = client.request("/")
            self.assertReason(answer, 503, "maintenance")
            self.assertEqual(answer.get("Strict-Transport-Security"), "max-age=5")
            self.assertIsNone(client.request("/", host="else.example.com").get("Strict-Transport-Security"))
        with Client(self.plain) as client:
            self.assertIsNone(client.request("/").get("Strict-Transport-Security"))

    def test_a_redirect_that_has_no_place_to_go_names_none(self):
        self.secure(roles=[role("web", hosts=["*"], redirect_https=True)])
        for request in (b"GET /a HTTP/1.0\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: www.example.com\r\n\r\n"):
            with Client(self.plain) as client:
                client.send(request)
                answer = client.answer()
                self.assertReason(answer, 308, "redirect_https")
                self.assertIsNone(answer.get("Location"))

    def test_metrics_tell_when_certificates_expire(self):
        daemon = self.secure()
        text = Client(daemon.admin).request("/metrics").text
        found = re.search(r'turnout_certificate_not_after_seconds\{listener="%s",names="www.example.com",'
                          r'file="[^"]*"\} ([0-9.e+]+)' % re.escape(self.secured), text)
        self.assertTrue(found, text)
        self.assertAlmostEqual(float(found[1]), time.time() + 30 * 86400, delta=86400)

    def test_a_handshake_that_never_ends(self):
        self.secure(timeouts={"header": "500ms"})
        sock = socket.create_connection(split_address(self.secured), 20)
        self.addCleanup(sock.close)
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        until(lambda: sock.recv(100) == b"", "closed")

    def test_plain_words_on_a_tls_port(self):
        daemon = self.secure()
        sock = socket.create_connection(split_address(self.secured), 20)
        self.addCleanup(sock.close)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            while sock.recv(1000):
                pass
        except ConnectionError:
            pass
        with self.tls_client() as client:
            self.assertEqual(client.request("/").status, 200)

    def test_a_cutover_under_tls(self):
        daemon = self.secure()
        two = self.instance("v2")
        with self.tls_client() as client:
            client.request("/")
            daemon.ok("deploy", "web", "v2", two.address)
            self.assertEqual(client.request("/").build, "v2")


if __name__ == "__main__":
    main()
