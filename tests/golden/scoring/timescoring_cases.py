"""Random recordings and what timescoring 0.0.7 says of them.

Usage: python timescoring_cases.py > timescoring_cases.tsv     (pip install timescoring==0.0.7)

Each line: seconds of recording; reference events; hypothesis events (onset+duration in seconds, comma
between events, - for none); then tp, fp, refs, sensitivity, precision, F1, false positives per 24 h of
event scoring, of sample scoring, and of event scoring without tolerance, merging and cutting.
"""
import random

import numpy as np
from timescoring.annotations import Annotation
from timescoring.scoring import EventScoring, SampleScoring

CASES = 3000
random.seed(20200)


def to_mask(events, seconds):
    """As the SzCORE evaluation makes masks of its tables, with one sample a second."""
    mask = np.zeros(int(seconds))
    for onset, duration in events:
        mask[int(onset): int(onset + duration)] = 1
    return mask


def some_events(seconds):
    events = []
    kind = random.random()
    if kind < 0.1:
        return events
    if kind < 0.13:
        return [(0.0, float(seconds))]
    at = 0.0 if random.random() < 0.15 else random.uniform(0, seconds / 4)
    while at < seconds and len(events) < 12:
        length = random.choice([
            random.uniform(0, 1), random.uniform(0, 30), random.uniform(30, 200), random.uniform(280, 320),
            300, 301, 600, random.uniform(300, 1500), 1, 90])
        if random.random() < 0.1:
            length = seconds - at
        events.append((round(at, 2), round(length, 2)))
        gap = random.choice([90, 89, 91, 89.99, 90.01, 30, 60, 0, random.uniform(0, 200), random.uniform(0, 2000),
                             -random.uniform(0, 50)])
        at = max(0.0, at + length + gap)
        if random.random() < 0.3:
            at = float(int(at))
    if random.random() < 0.3:
        events = [(float(int(onset)), float(int(length))) for onset, length in events]
    return events


def text(events):
    return ",".join(f"{onset}+{duration}" for onset, duration in events) or "-"


def scores(score):
    values = [score.sensitivity, score.precision, score.f1, score.fpRate]
    return [str(int(score.tp)), str(int(score.fp)), str(int(score.refTrue))] + [repr(float(v)) for v in values]


OVERLAP = EventScoring.Parameters(0, 0, 0, 1e9, 0)
for _ in range(CASES):
    seconds = random.choice([random.randint(1, 200), random.randint(200, 4000), 3600, round(random.uniform(1, 4000), 2)])
    reference, hypothesis = some_events(seconds), some_events(seconds)
    if reference and random.random() < 0.3:
        shift = random.choice([-90, -61, -60, -30, -31, -29, 59, 60, 61, 30, 0])
        hypothesis = [(max(0.0, round(onset + shift, 2)), duration) for onset, duration in reference]
    ref = Annotation(to_mask(reference, seconds), 1)
    hyp = Annotation(to_mask(hypothesis, seconds), 1)
    rows = [str(seconds), text(reference), text(hypothesis)]
    rows += scores(EventScoring(ref, hyp)) + scores(SampleScoring(ref, hyp)) + scores(EventScoring(ref, hyp, OVERLAP))
    print("\t".join(rows))
