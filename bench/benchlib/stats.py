"""Medians, and intervals for ratios of what was measured in the same round."""

import random
import statistics

RESAMPLES = 2000


def median(values):
    return statistics.median(values) if values else float("nan")


def spread(values):
    """The middle half's width over the median."""
    if len(values) < 4:
        return (max(values) - min(values)) / median(values)
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / median(values)


def interval(values):
    """A 95 % bootstrap interval of the median; the same values give the same interval."""
    chance = random.Random(1)
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]


def quantile(ordered, part):
    """The value that the part of an ordered sequence does not exceed."""
    if not ordered:
        return 0
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
