"""What a trace of bench-load says about the switches that happened during it."""

import array
import bisect
from dataclasses import dataclass, field

from . import stats

FIELDS = 4  # due, sent, done, and outcome in the low half with the build in the high half
OUTCOME_OK, OUTCOME_RACE = 0, 1


@dataclass
class Order:
    """One switch: when it was ordered, when the command was over, and what to."""

    build: str
    at_ns: int
    over_ns: int


@dataclass
class Seen:
    """What happened from one order to the next one."""

    first_new_ns: int = None
    last_old_done_ns: int = None
    last_old_sent_ns: int = None
    failed: int = 0
    race: int = 0
    base: list = field(default_factory=list)  # latencies before the order, in ns
    after: list = field(default_factory=list)


def read(path):
    values = array.array("Q")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return values


def _latest(before, value):
    return value if before is None else max(before, value)


def _earliest(before, value):
    return value if before is None else min(before, value)


def _place(seen, order, names, done, sent, build):
    """Notes which build answered, in the time after the order."""
    if names[build] == order.build and done >= order.at_ns:
        seen.first_new_ns = _earliest(seen.first_new_ns, done - order.at_ns)
    elif names[build] != order.build:
        seen.last_old_done_ns = _latest(seen.last_old_done_ns, done - order.at_ns)
        seen.last_old_sent_ns = _latest(seen.last_old_sent_ns, sent - order.at_ns)


def analyse(values, names, orders, window_ns):
    """Cuts the trace at the middle between orders, so that what came just before an order counts
    as the old build's last; latencies are taken from the window on either side of the order."""
    starts = [order.at_ns for order in orders]
    cuts = [(one + two) // 2 for one, two in zip(starts, starts[1:])]
    seen = [Seen() for _ in orders]
    for at in range(0, len(values), FIELDS):
        due, sent, done, mixed = values[at:at + FIELDS]
        outcome, build = mixed & 0xFFFFFFFF, mixed >> 32
        number = bisect.bisect_right(cuts, done)
        order, mine = orders[number], seen[number]
        if outcome != OUTCOME_OK:
            mine.race += outcome == OUTCOME_RACE
            mine.failed += outcome != OUTCOME_RACE
            continue
        if build < len(names):
            _place(mine, order, names, done, sent, build)
        if order.at_ns - window_ns <= due < order.at_ns:
            mine.base.append(done - due)
        elif order.at_ns <= due < order.at_ns + window_ns:
            mine.after.append(done - due)
    return seen


def latency_us(latencies):
    """p99, p99.9 and the greatest, in microseconds."""
    ordered = sorted(latencies)
    return [stats.quantile(ordered, part) / 1e3 for part in (0.99, 0.999, 1.0)]
