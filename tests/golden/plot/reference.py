"""Draws windows of EEG slowly, in float64, to check the rasteriser against.

    python3 reference.py [folder of scalp-bids]

writes beside itself, for each case, NAME.json (configuration, samples per window, which derivations
are present), NAME.f32 (18 x samples, little-endian, microvolts) and NAME.png (the expected image).
The one second of real EEG is cut from chb01 of the CHB-MIT Scalp EEG Database 1.0.0 (Shoeb 2009;
Goldberger et al. 2000), Open Data Commons Attribution License 1.0.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
DERIVATIONS = 18
DEFAULT = dict(version=1, width=128, height=160, spacing_uv=100.0, overlap_spacings=2.5,
               line_width_px=1.0, polarity="negative_up", order=list(range(DERIVATIONS)))


def column_extents(y, width):
    """Lowest and highest point of the polyline in each column; NaN where there is none."""
    n = len(y)
    x = (np.arange(n) + 0.5) * width / n
    extents = np.full((width, 2), np.nan)
    for column in range(width):
        seen = [y[i] for i in range(n) if column <= x[i] < column + 1]
        for edge in (column, column + 1):
            if edge <= x[0]:
                seen.append(y[0])
            elif edge >= x[-1]:
                seen.append(y[-1])
            else:
                i = np.searchsorted(x, edge, side="right") - 1
                # A line needs both of its ends.
                seen.append(y[i] + (y[i + 1] - y[i]) * (edge - x[i]) / (x[i + 1] - x[i]))
        seen = [value for value in seen if not np.isnan(value)]
        if seen:
            extents[column] = min(seen), max(seen)
    return extents


def draw(samples, present, config):
    width, height = config["width"], config["height"]
    band = height / DERIVATIONS
    half = config["line_width_px"] / 2
    sign = 1 if config["polarity"] == "negative_up" else -1
    rows = np.arange(height)
    image = np.zeros((height, width))
    for place, derivation in enumerate(config["order"]):
        if not present[derivation]:
            continue
        centre = (place + 0.5) * band
        reach = config["overlap_spacings"] * band
        low = max(0, centre - reach) + half
        high = min(height, centre + reach) - half
        y = centre + sign * samples[derivation].astype(float) * band / config["spacing_uv"]
        y = np.minimum(np.maximum(y, low), high)  # both keep NaN
        for column, (top, bottom) in enumerate(column_extents(y, width)):
            if np.isnan(top):
                continue
            cover = np.minimum(bottom + half, rows + 1) - np.maximum(top - half, rows)
            image[:, column] = np.maximum(image[:, column], np.clip(cover, 0, 1))
    return np.floor(image * 255 + 0.5).astype(np.uint8)


def synthetic(n, scale, seed):
    rng = np.random.default_rng(seed)
    t = (np.arange(n) + 0.5) / n
    waves = sum(a * np.sin(2 * np.pi * (f * t + rng.random((DERIVATIONS, 1))))
                for f, a in ((2, 30), (5, 20), (11, 12), (23, 6)))
    return (scale * (waves + 4 * rng.standard_normal((DERIVATIONS, n)))).astype("<f4")


def real(folder, second=20):
    import pyedflib
    from scipy.signal import butter, sosfilt, sosfilt_zi

    names = ("FP1-F7 F7-T7 T7-P7 P7-O1 FP1-F3 F3-C3 C3-P3 P3-O1 FP2-F4 F4-C4 C4-P4 P4-O2 "
             "FP2-F8 F8-T8 T8-P8 P8-O2 FZ-CZ CZ-PZ").split()
    path = folder / "sub-chb01/ses-01/eeg/sub-chb01_ses-01_task-szMonitoring_run-01_eeg.edf"
    with pyedflib.EdfReader(str(path)) as edf:
        labels = edf.getSignalLabels()
        signals = [edf.readSignal(labels.index(name)) for name in names]
    sos = butter(4, [1, 30], "bandpass", fs=256, output="sos")
    filtered = [sosfilt(sos, s, zi=sosfilt_zi(sos) * s[0])[0] for s in signals]
    return np.array(filtered)[:, second * 256:(second + 1) * 256].astype("<f4")


def main():
    data = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[3] / "shared/data/scalp-bids"
    everything = [True] * DERIVATIONS
    few = [derivation not in (2, 3, 9, 17) for derivation in range(DERIVATIONS)]
    holes = synthetic(256, 2, 4)
    holes[0, 40:90] = np.nan
    holes[1, ::2] = np.nan
    holes[2, :] = np.nan
    holes[3, 100] = np.inf
    holes[4, 100:103] = [-np.inf, np.inf, np.nan]
    holes[5, 128] = 3e38
    holes[6, 0] = holes[6, 255] = np.nan
    cases = {
        "seizure": (real(data), everything, {}),
        "missing": (synthetic(256, 1, 1), few, {}),
        "square-positive-up": (synthetic(256, 4, 2), everything, dict(
            height=128, polarity="positive_up", order=list(range(17, -1, -1)), overlap_spacings=1.0)),
        "uneven": (synthetic(200, 3, 3), everything, dict(width=117, height=133, line_width_px=2.3, spacing_uv=70.0)),
        "stretched": (synthetic(50, 2, 5), everything, dict(width=224, height=224, line_width_px=0.6)),
        "holes": (holes, everything, {}),
        "fewest": (synthetic(3, 2, 6), everything, dict(width=1, height=18, overlap_spacings=18.0)),
    }
    for name, (samples, present, changes) in cases.items():
        config = {**DEFAULT, **changes}
        n = samples.shape[1]
        (HERE / f"{name}.json").write_text(json.dumps(
            dict(samples_per_window=n, present=present, config=config)) + "\n")
        (HERE / f"{name}.f32").write_bytes(samples.tobytes())
        Image.fromarray(draw(samples, present, config), "L").save(HERE / f"{name}.png", optimize=True)


main()
