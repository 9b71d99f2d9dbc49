"""Seizure detection without an image and without a deep network, on exactly the seconds and folds of a CNN.

Two baselines, both of common knowledge:

- line length: mean over 18 derivations of the logarithm of the summed absolute differences; nothing is fitted;
- trees: line length and power in five bands per derivation, pooled over derivations (mean, standard
  deviation, five order statistics), in gradient-boosted trees that are fitted on the people of the other folds.

The seconds, their truth and the folds come from `vigil evaluate --seconds`: whoever was scored by one
model is one fold. So both sides are scored on the same seconds and learn from the same people.

usage: make.py BIDS_DIR SECONDS.tsv > per_person.tsv
       (pip install numpy scipy scikit-learn pyedflib)
"""
import csv
import datetime
import glob
import os
import re
import sys

import numpy as np
import pyedflib
import scipy
import sklearn
from scipy.signal import butter, resample_poly, sosfilt, sosfilt_zi
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

RATE = 256
CHAINS = ["FP1 F7 T7 P7 O1", "FP1 F3 C3 P3 O1", "FP2 F4 C4 P4 O2", "FP2 F8 T8 P8 O2", "FZ CZ PZ"]
PAIRS = [pair for chain in map(str.split, CHAINS) for pair in zip(chain, chain[1:])]
MODERN = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8", "01": "O1"}
BANDS_HZ = [(1, 4), (4, 8), (8, 13), (13, 25), (25, 40)]


def electrodes(label):
    """The electrodes that a label names, in the modern names."""
    bare = re.sub(r"^EEG |-(CS2|REF|LE)$", "", label.upper().strip())
    return tuple(MODERN.get(name, name) for name in bare.split("-"))


def derivations(path):
    """Microvolts of the double banana, (18, samples) at 256 Hz."""
    with pyedflib.EdfReader(path) as reader:
        first = {}
        for index, label in enumerate(reader.getSignalLabels()):
            first.setdefault(electrodes(label), index)
        rate = round(reader.getSampleFrequency(0))

        def trace(pair):
            if pair in first:
                return reader.readSignal(first[pair])
            return reader.readSignal(first[pair[:1]]) - reader.readSignal(first[pair[1:]])

        signal = np.array([trace(pair) for pair in PAIRS])
    return signal if rate == RATE else resample_poly(signal, RATE, rate, axis=1)


def features(path):
    """Per second: (pooled features, mean log line length)."""
    signal = derivations(path)
    band = butter(4, [1, 40], btype="band", fs=RATE, output="sos")
    filtered, _ = sosfilt(band, signal, axis=1, zi=sosfilt_zi(band)[:, None, :] * signal[None, :, :1])
    seconds = filtered.shape[1] // RATE
    windows = filtered[:, : seconds * RATE].reshape(len(PAIRS), seconds, RATE).swapaxes(0, 1)
    length = np.log(np.abs(np.diff(windows)).sum(axis=2) + 1)
    power = np.abs(np.fft.rfft(windows * np.hanning(RATE))) ** 2
    quantities = [length] + [np.log(power[:, :, low:high].sum(axis=2) + 1e-3) for low, high in BANDS_HZ]
    pooled = [
        np.column_stack([q.mean(axis=1), q.std(axis=1), np.sort(q, axis=1)[:, [0, 4, 9, 14, 17]]])
        for q in quantities
    ]
    return np.hstack(pooled), length.mean(axis=1)


def main():
    data, listed = sys.argv[1:]
    paths = {os.path.basename(p): p for p in glob.glob(f"{data}/sub-*/ses-*/eeg/*_eeg.edf")}
    with open(listed, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    of = {name: features(paths[name]) for name in sorted({row["recording"] for row in rows})}
    second = [int(row["second"]) for row in rows]
    x = np.array([of[row["recording"]][0][at] for row, at in zip(rows, second)])
    length = np.array([of[row["recording"]][1][at] for row, at in zip(rows, second)])
    truth = np.array([row["seizure"] == "1" for row in rows])
    person = np.array([row["person"] for row in rows])
    fold = np.array([row["model"] for row in rows])

    trees = np.empty(len(rows))
    for tested in sorted(set(fold)):
        inside = fold == tested
        assert not set(person[inside]) & set(person[~inside]), "a person in two folds"
        model = HistGradientBoostingClassifier(
            max_iter=200, learning_rate=0.05, class_weight="balanced", random_state=0
        )
        model.fit(x[~inside], truth[~inside])
        trees[inside] = model.predict_proba(x[inside])[:, 1]

    print(f"# AUROC of single seconds, {len(rows)} of {len(set(person))} people in {len(set(fold))} folds")
    print(f"# made by models/baselines/make.py on {datetime.date.today()} with numpy {np.__version__},"
          f" scipy {scipy.__version__}, scikit-learn {sklearn.__version__}")
    print("person\ttrees\tline_length")
    for who in sorted(set(person)):
        mine = person == who
        if 0 < truth[mine].sum() < mine.sum():
            print(f"{who}\t{roc_auc_score(truth[mine], trees[mine]):.4f}\t{roc_auc_score(truth[mine], length[mine]):.4f}")


main()
