"""Golden values for areas, intervals and folds, from scipy and scikit-learn.

usage: make.py BIDS_DIR > statistics.json      (numpy, scipy, scikit-learn, pyedflib)

BIDS_DIR is the data set whose people are dealt into folds. Versions used are in the output.
"""
import collections, glob, json, os, re, sys
import numpy as np, pyedflib, scipy, sklearn
from scipy.stats import beta, chi2
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

random = np.random.default_rng(20)


def garwood(count, exposure):
    low = 0.0 if count == 0 else chi2.ppf(0.025, 2 * count) / 2
    return [low / exposure, chi2.ppf(0.975, 2 * count + 2) / 2 / exposure]


def clopper_pearson(hits, trials):
    low = 0.0 if hits == 0 else beta.ppf(0.025, hits, trials - hits + 1)
    return [low, 1.0 if hits == trials else beta.ppf(0.975, hits + 1, trials - hits)]


def area(scores, truths):
    return {"scores": [float(s) for s in scores], "truths": [bool(t) for t in truths],
            "auroc": float(roc_auc_score(truths, scores))}


def areas():
    truths = random.random(200) < 0.3
    smooth = random.normal(size=200) + truths
    yield area(smooth, truths)
    yield area(np.round(smooth), truths)                  # many ties, across both kinds
    yield area(np.zeros(200), truths)                     # nothing but ties
    yield area(truths.astype(float), truths)              # perfect
    yield area(-truths.astype(float), truths)             # perfectly wrong
    yield area([0.0, -0.0, 1.0, -1.0], [True, False, True, False])  # two signs of one number
    rare = np.zeros(60, bool)
    rare[17] = True
    yield area(np.round(random.random(60), 1), rare)      # a single positive


def folds(seconds, count):
    groups = np.repeat(list(seconds), list(seconds.values()))
    dealt = {}
    for fold, (_, test) in enumerate(GroupKFold(count).split(groups, groups=groups)):
        dealt.update({str(who): fold for who in np.unique(groups[test])})
    return {"seconds": seconds, "folds": count, "fold": dict(sorted(dealt.items()))}


def seconds_of_people(root):
    """Whole seconds of each person; chb21 is chb01 under a second name."""
    seconds = collections.Counter()
    for path in sorted(glob.glob(root + "/sub-*/ses-*/eeg/*_eeg.edf")):
        with pyedflib.EdfReader(path) as reader:
            whole = int(reader.getNSamples()[0] // reader.getSampleFrequency(0))
        person = re.match("sub-([a-z0-9]+)_", os.path.basename(path)).group(1)
        seconds[{"chb21": "chb01"}.get(person, person)] += whole
    return dict(sorted(seconds.items()))


def invented(people, most):
    return {f"p{i:02d}": int(random.integers(1, most + 1)) for i in range(people)}


real = seconds_of_people(sys.argv[1])
counts = [*range(0, 21), 33, 50, 97, 100, 365, 1000, 12345, 100000]
shares = [(0, 1), (1, 1), (0, 7), (7, 7), (1, 2), (91, 144), (122, 144), (11, 11), (3, 1000), (999, 1000), (5000, 10000)]
json.dump({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__},
    "areas": list(areas()),
    "garwood": [{"count": n, "exposure": t, "interval": garwood(n, t)} for n in counts for t in (1.0, 24.0, 0.13)],
    "clopper_pearson": [{"hits": k, "trials": n, "interval": clopper_pearson(k, n)} for k, n in shares],
    "folds": [folds(real, 6), folds(real, 3), folds(invented(12, 4), 5), folds(invented(30, 1000), 7), folds(invented(3, 3), 3)],
}, sys.stdout, indent=1)
