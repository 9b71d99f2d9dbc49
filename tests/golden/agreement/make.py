"""Golden values for Cohen's kappa and its interval, from scikit-learn and statsmodels.

usage: make.py > kappa.json      (numpy, scikit-learn, statsmodels)

Each table counts alarms by first (rows) and second judgement (columns): seizure, false alarm, uncertain. Where kappa is not
defined, both libraries say NaN, and the file says null. Versions used are in the output.
"""
import json, sys, warnings
import numpy as np, sklearn, statsmodels
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

warnings.simplefilter("ignore")
random = np.random.default_rng(7)
TABLES = [
    [[20, 5, 0], [10, 15, 0], [0, 0, 0]],
    [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
    [[3, 0, 0], [0, 9, 0], [0, 0, 2]],         # all agree
    [[0, 0, 0], [0, 12, 0], [0, 0, 0]],        # always the same one thing
    [[0, 6, 0], [6, 0, 0], [0, 0, 0]],         # never
    [[1, 0, 0], [0, 0, 1], [0, 0, 0]],
    [[0, 0, 0], [0, 8, 2], [0, 0, 0]],         # the first says one thing, the second two
    [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    *(random.integers(0, 40, (3, 3)).tolist() for _ in range(4)),
]


def number(value):
    return None if not np.isfinite(value) else float(value)


def case(table):
    table = np.array(table)
    first, second = [], []
    for i in range(3):
        for j in range(3):
            first += [i] * table[i, j]
            second += [j] * table[i, j]
    kappa = cohen_kappa_score(first, second, labels=[0, 1, 2])
    found = cohens_kappa(table)
    assert not np.isfinite(kappa) or abs(kappa - found.kappa) < 1e-12
    share = table / table.sum()
    return {"table": table.tolist(), "kappa": number(kappa), "standard_error": number(found.std_kappa),
            "observed": float(np.trace(share)), "expected": float(share.sum(0) @ share.sum(1)),
            "lower": number(found.kappa_low), "upper": number(found.kappa_upp)}


json.dump({"versions": {m.__name__: m.__version__ for m in (np, sklearn, statsmodels)},
           "cases": [case(table) for table in TABLES]}, sys.stdout, indent=1)
print()
