#!/usr/bin/env python3
"""Writes answers of a FieldTrip buffer, byte by byte as the protocol describes them, and what they must be
read as.

    python3 tests/golden/fieldtrip/make.py

Standard library only.
"""

import json
import random
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "fieldtrip"))
import protocol as ft  # noqa: E402

expected = {}


def numbers(kind, count, chance):
    if kind.startswith("float"):
        edges = [0.0, -0.0, 0.1, -16384.5, 1.0e38]
        drawn = (edges + [chance.gauss(0, 200) for _ in range(count)])[:count]
        return [struct.unpack("<f", struct.pack("<f", one))[0] for one in drawn] if kind == "float32" else drawn
    width = 8 * ft.WIDTHS[ft.KINDS.index(kind)]
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if kind.startswith("int") else (0, (1 << width) - 1)
    return ([low, high, low + 1, high - 1, 1] + [chance.randint(low, high) for _ in range(count)])[:count]


for name, order in [("little", "<"), ("big", ">")]:
    chance = random.Random(8)
    stream, told = [], []
    names, resolutions = ["Fp1", "", "Ö1"], [0.1, -0.5, 1.0]
    chunks = (
        ft.chunk(order, 0, bytes(range(256)))
        + ft.chunk(order, ft.NAMES, b"".join(one.encode() + b"\0" for one in names))
        + ft.chunk(order, 2, b"meg_eeg\0\1\2\3")
        + ft.chunk(order, ft.RESOLUTIONS, ft.values(order, "float64", resolutions))
        + ft.chunk(order, ft.KEY_VALUES, b"amplifier_gain\0high\0\0")
    )
    for with_chunks, kind, rate_hz in [(True, "int16", 256.0), (False, "float64", 1000.0)]:
        part = chunks if with_chunks else b""
        stream.append(ft.message(order, ft.GET_OK, ft.header(order, 3, 70000, 12, rate_hz, kind, part)))
        told.append(
            {
                "header": {
                    "samples": 70000,
                    "events": 12,
                    "channels": 3,
                    "rate_hz": rate_hz,
                    "width": ft.WIDTHS[ft.KINDS.index(kind)],
                    "names": names if with_chunks else [],
                    "resolutions": resolutions if with_chunks else [],
                }
            }
        )
    for kind in ft.KINDS:
        drawn = numbers(kind, 3 * 7, chance)
        stream.append(ft.message(order, ft.GET_OK, ft.data(order, 3, kind, ft.values(order, kind, drawn))))
        told.append({"plain": ft.bits(drawn, None), "scaled": ft.bits(drawn, resolutions)})
    stream.append(ft.message(order, ft.WAIT_OK, struct.pack(order + "II", 4000000000, 3)))
    told.append({"waited": [4000000000, 3]})
    events = [
        (10, "Button", "Left", "Button: Left"),
        (12, "Größe", ("int32", [-4]), "Größe: -4"),
        (-1, ("float64", [0.5]), ("uint8", [1, 2, 3]), "0.5: 1 2 3"),
        (13, "", "alone", "alone"),
        (2147483647, "alone", ("int16", []), "alone"),
    ]
    stream.append(
        ft.message(order, ft.GET_OK, b"".join(ft.event(order, sample, *rest[:2], 7) for sample, *rest in events))
    )
    told.append({"events": [[sample, text] for sample, _, _, text in events]})
    stream.append(ft.message(order, ft.GET_ERR))
    told.append({"refused": True})
    (HERE / f"{name}.bin").write_bytes(b"".join(stream))
    expected[name] = told

# What is asked, little-endian: the header, samples 4 to 15, all samples, events 8 to 10, all events, and to
# wait for more than 256 samples or any number of events for 500 ms.
asked = [
    ft.message("<", ft.GET_HDR),
    ft.message("<", ft.GET_DAT, struct.pack("<II", 4, 15)),
    ft.message("<", ft.GET_DAT),
    ft.message("<", ft.GET_EVT, struct.pack("<II", 8, 10)),
    ft.message("<", ft.GET_EVT),
    ft.message("<", ft.WAIT_DAT, struct.pack("<III", 256, 0xFFFFFFFF, 500)),
]
(HERE / "requests.bin").write_bytes(b"".join(asked))

with open(HERE / "expected.json", "w", encoding="utf-8") as out:
    json.dump(expected, out, ensure_ascii=False, separators=(",", ":"))
    out.write("\n")
