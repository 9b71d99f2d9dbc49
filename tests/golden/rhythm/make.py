"""Golden values for the rhythm of a second and for boosted trees, in double precision with numpy alone.

usage: make.py > rhythm.json      (numpy)

Windows and samples come from a linear congruential generator (Numerical Recipes), which the test repeats.
"""
import json
import numpy as np


class Numbers:
    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) / 2**24 - 0.5


def window(seed):
    numbers = Numbers(seed)
    rows = []
    for derivation in range(18):
        amplitude, hertz, phase = 20 + 60 * (numbers.next() + 0.5), 7 + 10 * numbers.next(), 6 * numbers.next()
        rows.append([amplitude * np.sin(2 * np.pi * hertz * i / 256 + phase) + 15 * seed * numbers.next() for i in range(256)])
    return np.array(rows, np.float32).astype(float)


def features(traces):
    n = len(traces)
    length = np.log1p(np.abs(np.diff(traces, axis=1)).sum(1))
    deviation = traces.std(1)
    power = (np.abs(np.fft.rfft(traces * np.hanning(256), axis=1)) ** 2)[:, :31]
    bands = [np.log(power[:, a:b].sum(1) + 0.1) for a, b in ((1, 3), (3, 5), (5, 8), (8, 13), (13, 20), (20, 31))]
    spectrum = power[:, 1:] / (power[:, 1:].sum(1) + 1e-3)[:, None]
    centre = (spectrum * np.arange(1, 31)).sum(1)
    entropy = -(spectrum * np.log(spectrum + 1e-9)).sum(1)
    coarse = traces.reshape(n, 64, 4).mean(2)
    coarse = coarse - coarse.mean(1, keepdims=True)
    repeats = np.zeros(n)
    for lag in range(5, 33):
        a, b = coarse[:, :-lag], coarse[:, lag:]
        repeats = np.maximum(repeats, (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1) + 1e-6))
    fourth = ((traces - traces.mean(1, keepdims=True)) ** 4).mean(1)
    peaked = np.log(fourth / (deviation**2 + 1e-3) ** 2 + 1)
    of = np.array([length, np.log1p(deviation), *bands, centre, entropy, spectrum.max(1), repeats, peaked])
    ranked = np.sort(of, axis=1)
    at = lambda seventeenths: ranked[:, (seventeenths * (n - 1) + 8) // 17]
    unit = coarse / (np.sqrt((coarse**2).sum(1, keepdims=True)) + 1e-3)
    alike = np.abs(unit @ unit.T)[np.tril_indices(n, -1)]
    pooled = [of.mean(1), of.std(1), at(0), at(4), at(13), at(17)]
    return np.concatenate([*pooled, [alike.mean() if n > 1 else 0.0, np.log(length.std() + 1e-3)]])


def boosted(x, y, w, trees=12, depth=3, rate=0.2, penalty=5.0, least=2.0, bins=64):
    base = np.log(w[y].sum() / w[~y].sum())
    odds = np.full(len(y), base)
    ends = [np.unique(np.quantile(x[:, f], np.linspace(0, 1, bins + 1)[1:-1])) for f in range(x.shape[1])]
    gain = lambda g, h: g * g / (h + penalty)
    for _ in range(trees):
        p = 1 / (1 + np.exp(-odds))
        g, h = w * (p - y), w * p * (1 - p)
        node = np.zeros(len(y), int)
        for row in range(depth):
            following = 2 * node
            for n in range(2**row):
                here = node == n
                best = (1e-6, None)
                for f in range(x.shape[1]):
                    for end in ends[f]:
                        left, right = here & (x[:, f] <= end), here & (x[:, f] > end)
                        if h[left].sum() < least or h[right].sum() < least:
                            continue
                        found = gain(g[left].sum(), h[left].sum()) + gain(g[right].sum(), h[right].sum())
                        found -= gain(g[here].sum(), h[here].sum())
                        if found > best[0]:
                            best = (found, right)
                if best[1] is not None:
                    following[best[1]] += 1
            node = following
        for leaf in range(2**depth):
            here = node == leaf
            odds[here] -= rate * g[here].sum() / (h[here].sum() + penalty)
    return odds


numbers = Numbers(5)
x = np.array([[numbers.next() for _ in range(4)] for _ in range(300)], np.float32).astype(float)
y = np.array([np.sin(9 * a) + 2 * b * c > 0.2 * numbers.next() for a, b, c, _ in x])
w = np.array([0.5 + (i % 3) for i in range(300)])
windows = []
for seed in (1, 2, 3):
    traces = window(seed)
    windows.append({"seed": seed, "features": features(traces).tolist(), "of_the_first_12": features(traces[:12]).tolist()})
print(json.dumps({"numpy": np.__version__, "windows": windows, "wanted": y.tolist(), "log_odds": boosted(x, y, w).tolist()}))
