"""Golden traces of the accumulator, from a second implementation in exact fractions.

usage: make.py > traces.json

A trace is a line of labels (S seizure, A abnormal, N non-seizure) with gaps as numbers of seconds
between them; the settings are multiples of a quarter, which single precision holds exactly.
It is written from the rule, not from the program: time is walked second by second, and whether
an alarm may be raised is asked of the history of alarms, not of a state.
"""
import json, random
from fractions import Fraction

random.seed(7)


def walk(trace, gain, cap, decay_abnormal, decay_normal, threshold, refractory_s, gap_reset_s):
    gain, cap, threshold = Fraction(gain), Fraction(cap), Fraction(threshold)
    decay = {"A": Fraction(decay_abnormal), "N": Fraction(decay_normal)}
    values, alarms = [], []             # alarms: [onset, raised, first second after it]
    level, now, left_zero = Fraction(0), 0, None

    def fell_to_zero(next_second):
        nonlocal left_zero
        left_zero = None
        if alarms and alarms[-1][2] is None:
            alarms[-1][2] = next_second

    for item in trace:
        if isinstance(item, int):
            if item > gap_reset_s:
                level = Fraction(0)
                fell_to_zero(now)
            now += item
            continue
        before = level
        level = min(level + gain, cap) if item == "S" else max(level - decay[item], Fraction(0))
        if before == 0 and level > 0:
            left_zero = now
        if level == 0:
            fell_to_zero(now + 1)
        ended = alarms[-1][2] if alarms else None
        silent = bool(alarms) and ended is None
        resting = ended is not None and now < ended + refractory_s
        if level >= threshold and not silent and not resting:
            alarms.append([left_zero, now, None])
        values.append(float(level))
        now += 1
    return values, alarms


def trace(length, seizure_runs):
    """Runs of labels as a recording has them, and a gap now and then; never two gaps in a row."""
    items = []
    while len(items) < length:
        kind = random.choices("SANg", (seizure_runs, 2, 4, 1))[0]
        if kind == "g":
            if items and not isinstance(items[-1], int):
                items.append(random.choice((1, 3, 9, 10, 11, 40)))
        else:
            items += random.choices("SAN", {"S": (8, 2, 1), "A": (1, 6, 2), "N": (1, 1, 9)}[kind], k=random.randint(1, 25))
    return items


settings = [
    dict(gain=1.0, cap=16.0, decay_abnormal=1.5, decay_normal=1.0, threshold=8.0, refractory_s=30, gap_reset_s=10),
    dict(gain=1.0, cap=5.0, decay_abnormal=5.0, decay_normal=5.0, threshold=5.0, refractory_s=0, gap_reset_s=0),
    dict(gain=0.75, cap=12.25, decay_abnormal=0.25, decay_normal=0.5, threshold=6.5, refractory_s=7, gap_reset_s=3),
    dict(gain=2.5, cap=20.0, decay_abnormal=4.0, decay_normal=0.25, threshold=20.0, refractory_s=120, gap_reset_s=9),
    dict(gain=9.0, cap=9.0, decay_abnormal=0.5, decay_normal=9.0, threshold=9.0, refractory_s=1, gap_reset_s=40),
]
cases = []
for config in settings:
    for seizure_runs in (1, 4):
        items = trace(400, seizure_runs)
        values, alarms = walk(items, **config)
        cases.append({"config": config, "trace": " ".join(map(str, items)), "values": values, "alarms": alarms})
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
