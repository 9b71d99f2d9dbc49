#!/usr/bin/env python3
"""Makes the sounds of the review page: bursts after the manner of IEC 60601-1-8.

High: ten pulses in two groups of three and two each; medium: three pulses; low: two. Each pulse has a fundamental and
four harmonics, and ends softly. Silence: a tenth of a second, with which the page finds out whether it may be heard at all. Run: python3 src/review/sounds.py (writes src/review/page/sounds/*.wav).
"""

import math
import struct
import wave
from pathlib import Path

RATE = 16000
FOLDER = Path(__file__).parent / "page" / "sounds"
# Name: (Hz of the fundamental, length of a pulse in s, onsets of the pulses in s)
HIGH = [0.0, 0.2, 0.4, 0.75, 0.95]
BURSTS = {
    "high": (660.0, 0.12, HIGH + [onset + 1.5 for onset in HIGH]),
    "medium": (440.0, 0.2, [0.0, 0.4, 0.8]),
    "low": (330.0, 0.22, [0.0, 0.45]),
}
HARMONICS = [1.0, 0.6, 0.4, 0.25, 0.15]


def pulse(hz: float, length: float) -> list[float]:
    samples = []
    for n in range(int(length * RATE)):
        t = n / RATE
        edge = min(1.0, t / 0.02, (length - t) / 0.03)
        samples.append(edge * sum(a * math.sin(2 * math.pi * hz * (k + 1) * t) for k, a in enumerate(HARMONICS)))
    return samples


def write(name: str, burst: list[float]):
    loudest = max(map(abs, burst)) or 1.0
    with wave.open(str(FOLDER / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", round(28000 * value / loudest)) for value in burst))


for name, (hz, length, onsets) in BURSTS.items():
    burst = [0.0] * int((onsets[-1] + length + 0.05) * RATE)
    for onset in onsets:
        for n, value in enumerate(pulse(hz, length)):
            burst[int(onset * RATE) + n] += value
    write(name, burst)
write("silence", [0.0] * (RATE // 10))
