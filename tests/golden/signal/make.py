#!/usr/bin/env python3
"""Golden values for the signal chain, from scipy: writes filters.json, resampling.json, chain.json.

Made with scipy 1.17.1 and numpy 2.4.6. The inputs are not stored: both sides compute them with
the same integer generator.
"""
import json
from fractions import Fraction
from math import ceil, pi
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi, upfirdn
from scipy.signal.windows import kaiser

HERE = Path(__file__).parent


def noise(seed, count, offset):
    """Uniform in +-100 around the offset; C's linear congruential generator."""
    values, state = np.empty(count), seed
    for i in range(count):
        state = (1103515245 * state + 12345) % 2**31
        values[i] = offset + (state / 2**31 - 0.5) * 200
    return values


def sections(rate, band, order, mains, width=4.0, mains_order=2):
    sos = butter(order, band, "bandpass", fs=rate, output="sos")
    if mains:
        notch = butter(mains_order, [mains - width / 2, mains + width / 2], "bandstop", fs=rate, output="sos")
        sos = np.vstack([notch, sos])
    return sos


def filtered(sos, signal):
    return sosfilt(sos, signal, zi=sosfilt_zi(sos) * signal[0])[0]


def taps(up, down, attenuation=86.0):
    """Kaiser-windowed sinc, 0.4 to 0.6 of the lower rate, each polyphase branch summing to 1."""
    cutoff = 1 / max(up, down)
    length = ceil((attenuation - 7.95) / (2.285 * pi * 0.4 * cutoff) + 1)
    delay = ceil(length / 2)
    k = np.arange(2 * delay + 1)
    h = cutoff * np.sinc(cutoff * (k - delay)) * kaiser(2 * delay + 1, 0.1102 * (attenuation - 8.7))
    for branch in range(up):
        h[branch::up] /= h[branch::up].sum()
    return h, delay


def resampled(signal, rate, target):
    """As if the first sample had lasted for ever before the start."""
    ratio = Fraction(target) / Fraction(rate)
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return signal, 0.0
    h, delay = taps(up, down)
    # A whole number of periods of the polyphase pattern, longer than the filter.
    periods = ceil(len(h) / (up * down)) + 1
    padded = np.concatenate([np.full(periods * down, signal[0]), signal])
    out = upfirdn(h, padded, up, down)[periods * up:]
    return out, delay / (up * rate)


def filters():
    cases = []
    for rate, band, order, mains in [
        (256, [1, 30], 4, 60),
        (256, [1, 30], 4, 50),
        (256, [1, 30], 4, 0),
        (256, [0.5, 40], 3, 60),
        (200, [0.5, 12], 5, 60),
        (512, [1, 70], 2, 60),
        (256, [0.1, 100], 1, 50),
        (250, [1, 25], 6, 50),
    ]:
        sos = sections(rate, band, order, mains)
        out = filtered(sos, noise(7, 2 * rate, 500.0))
        # The first half second and the last eighth of two seconds.
        head, tail = out[: rate // 2], out[-(rate // 4):]
        cases.append(dict(rate_hz=rate, band_hz=band, band_order=order, mains_hz=mains,
                          sections=[[*row[:3], *row[4:]] for row in sos], head=list(head), tail=list(tail)))
    return cases


def resampling():
    cases = []
    for rate in [128, 200, 250, 400, 500, 512, 1000, 1024, 2000, 2048, 250.5, 199.8]:
        count = ceil(3 * rate)
        out, delay_s = resampled(noise(11, count, -300.0), rate if rate % 1 == 0 else Fraction(str(rate)), 256)
        # The start, and the last eighth of three seconds.
        cases.append(dict(rate_hz=rate, delay_s=float(delay_s), head=list(out[:128]), tail=list(out[736:768])))
    return cases


def chain():
    """Two referential channels and one that is recorded the wrong way round, 3 s, the whole chain."""
    cases = []
    for rate in [256, 500]:
        fp1, f7, o1p7 = (noise(seed, 3 * rate, offset).astype(np.float32).astype(float)
                         for seed, offset in ((1, 150.0), (2, -40.0), (3, 20.0)))
        sos = sections(256, [1, 30], 4, 60)
        rows = {}
        for name, signal in (("Fp1-F7", fp1 - f7), ("P7-O1", -o1p7)):
            rows[name] = list(filtered(sos, resampled(signal, rate, 256)[0][:768])[512:])
        cases.append(dict(rate_hz=rate, **rows))
    return cases


for name, make in (("filters", filters), ("resampling", resampling), ("chain", chain)):
    (HERE / f"{name}.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in make()) + "\n]\n")
