#!/usr/bin/env python3
"""Writes streams of a recorder, byte by byte as the protocol describes them, and what they must be read as.

    python3 tests/golden/rda/make.py

Standard library only.
"""

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "rda"))
import protocol as rda  # noqa: E402

chance = random.Random(20)
expected = {}


def layout(interval_us, names):
    return {"rate_hz": 1e6 / interval_us, "labels": [name or None for name in names]}


def samples(values, resolutions, lost_before=0, marks=()):
    return {"samples": {"bits": rda.bits(values, resolutions), "lost_before": lost_before, "marks": list(marks)}}


def write(name, stream, incoming):
    (HERE / f"{name}.bin").write_bytes(b"".join(stream))
    expected[name] = incoming


def floats(count):
    edges = [0.0, -0.0, 1e-42, 1.0e38, -16384.5, 0.1]
    return [rda.float32(value) for value in (edges + [chance.gauss(0, 200) for _ in range(count)])[:count]]


def integers(count):
    edges = [0, -1, 1, -32768, 32767, 256]
    return (edges + [chance.randint(-32768, 32767) for _ in range(count)])[:count]


# Floats: a start message, keep-alives, state messages, three blocks of unequal length, and a stop.
names, resolutions = ["Fp1", "Fp2", "Ö1 µ", "", "C3"], [0.1, 0.5, 1.0, 0.0488281, 2.5]
parts = [floats(5 * points) for points in (20, 1, 33)]
write(
    "float32",
    [
        rda.message(rda.INFO, b"anything"),
        rda.message(rda.KEEP_ALIVE),
        rda.start(3906.25, resolutions, names),
        rda.message(rda.NEW_STATE, b"\1\0\0\0"),
    ]
    + [rda.block(7 + i, rda.DATA32, 5, part) for i, part in enumerate(parts)]
    + [rda.message(rda.KEEP_ALIVE, b"?"), rda.message(rda.STOP)],
    [{"layout": layout(3906.25, names)}]
    + [samples(part, resolutions) for part in parts]
    + [{"lost": "the recorder stopped"}],
)

# 16-bit integers, names in Latin-1 as older recorders write them.
names, resolutions = ["Fz", "EOG \xe4", "Oz"], [0.1, -0.5, 10.0]
parts = [integers(3 * 40) for _ in range(2)]
write(
    "int16",
    [rda.start(2000.0, resolutions, names, "latin-1")]
    + [rda.block(1 + i, rda.DATA16, 3, part) for i, part in enumerate(parts)]
    + [rda.message(rda.STOP)],
    [{"layout": layout(2000.0, names)}]
    + [samples(part, resolutions) for part in parts]
    + [{"lost": "the recorder stopped"}],
)

# Blocks are missing: three, then two across the end of the counter. Each had as many points as the last one
# that came. One without samples tells of another, and its marker waits for samples.
names, resolutions = ["A", "B"], [1.0, 0.25]
numbers = [0xFFFFFFF8, 0xFFFFFFFC, 0xFFFFFFFD, 0, 1, 3, 4]
points = [10, 4, 6, 5, 5, 0, 8]
lost = [0, 30, 0, 12, 0, None, 5]
parts = [floats(2 * count) if count >= 3 else [] for count in points]
held = rda.marker(0, "Comment", "between")
write(
    "dropped",
    [rda.start(1000.0, resolutions, names)]
    + [
        rda.block(number, rda.DATA32, 2, part, () if part else [held])
        for number, part in zip(numbers, parts)
    ]
    + [rda.message(rda.STOP)],
    [{"layout": layout(1000.0, names)}]
    + [
        samples(part, resolutions, missing, [[0, "Comment: between"]] if missing == 5 else [])
        for part, missing in zip(parts, lost)
        if part
    ]
    + [{"lost": "the recorder stopped"}],
)

# Markers: within the block, before and behind it, without a type or a description, and of one word only.
part = floats(2 * 10)
one_word = rda.struct.pack("<IiIi", 16 + 10, 9, 1, -1) + b"Button:On\0"
markers = [
    rda.marker(0, "New Segment", ""),
    rda.marker(3, "Stimulus", "S  1"),
    rda.marker(4, "", "alone", 200, 1),
    rda.marker(-5, "Comment", "größer"),
    rda.marker(12, "Response", "R 15"),
    one_word,
]
write(
    "markers",
    [rda.start(1000.0, resolutions, names), rda.block(1, rda.DATA32, 2, part, markers), rda.message(rda.STOP)],
    [
        {"layout": layout(1000.0, names)},
        samples(
            part,
            resolutions,
            0,
            [
                [0, "New Segment"],
                [3, "Stimulus: S  1"],
                [4, "alone"],
                [0, "Comment: größer"],
                [9, "Response: R 15"],
                [9, "Button:On"],
            ],
        ),
        {"lost": "the recorder stopped"},
    ],
)

# The recorder starts anew, with other channels and another kind of data, then once more with the same.
first, second, third = floats(2 * 10), integers(3 * 10), integers(3 * 5)
again = rda.start(5000.0, [0.5, 0.1, 1.0], ["X", "Y", "Z"])
write(
    "changed",
    [
        rda.start(1000.0, resolutions, names),
        rda.block(100, rda.DATA32, 2, first),
        again,
        rda.block(1, rda.DATA16, 3, second),
        again,
        rda.block(1, rda.DATA16, 3, third),
        rda.message(rda.STOP),
    ],
    [
        {"layout": layout(1000.0, names)},
        samples(first, resolutions),
        {"layout": layout(5000.0, ["X", "Y", "Z"])},
        samples(second, [0.5, 0.1, 1.0]),
        {"layout": layout(5000.0, ["X", "Y", "Z"])},
        samples(third, [0.5, 0.1, 1.0]),
        {"lost": "the recorder stopped"},
    ],
)

with open(HERE / "expected.json", "w", encoding="utf-8") as out:
    json.dump(expected, out, ensure_ascii=False, indent=None, separators=(",", ":"))
    out.write("\n")
