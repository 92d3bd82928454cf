"""The plain scenarios: what is asked for, and how much less CPU than the best peer is aimed at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    arguments: tuple
    gate: float  # at most this much of the best peer's CPU
    target: float  # where it is to go
    is_tls: bool = False


def _of(path, length, *more):
    return ("--path", path, "--expect-length", str(length), *more)


_ALL = (
    Scenario("a", "200 B, 64 keep-alive", _of("/", 200), 0.85, 0.72),
    Scenario("ah", "a with a browser's head", _of("/", 200, "--browser"), 0.85, 0.66),
    Scenario("ar", "a at 20,000/s, open loop", _of("/", 200, "--rate", "20000"), 0.90, 0.86),
    Scenario("b", "10 KiB", _of("/10k", 10240), 0.85, 0.76),
    Scenario("bc", "10 KiB chunked", _of("/10kc", 10240), 0.85, 0.68),
    Scenario("c", "1 MiB, 8 connections", _of("/1m", 1048576, "--connections", "8"), 0.85, 0.85),
    Scenario("d", "new connection each", _of("/", 200, "--one-shot"), 0.85, 0.80),
    Scenario("g", "POST 64 KiB", _of("/", 2, "--post"), 0.85, 0.62),
    Scenario("e", "TLS, 200 B", _of("/", 200, "--tls"), 0.85, 0.70, True),
    Scenario("e10", "TLS, 10 KiB", _of("/10k", 10240, "--tls"), 0.85, 0.76, True),
    Scenario("f", "TLS, full handshake each", _of("/", 200, "--tls", "--one-shot"), 0.95, 0.90,
             True),
    Scenario("fr", "TLS, resumption each", _of("/", 200, "--tls", "--one-shot", "--resume"), 0.98,
             0.94, True),
)

BY_NAME = {scenario.name: scenario for scenario in _ALL}
PLAIN = [scenario.name for scenario in _ALL if not scenario.is_tls]
