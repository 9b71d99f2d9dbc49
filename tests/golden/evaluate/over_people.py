"""Golden values for intervals over people, from scipy's bootstrap.

usage: over_people.py > over_people.json      (numpy, scipy)

Each case is one pair of numbers for each person, of which the sum of the first over that of the second is told:
seizures found and seizures, or a difference and 1. Ends are those of the percentile interval of 400,000 draws.
"""
import json
import numpy as np, scipy
from scipy.stats import bootstrap

random = np.random.default_rng(8)


def case(first, second):
    first, second = np.asarray(first, float), np.asarray(second, float)
    ends = bootstrap((first, second), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
                     n_resamples=400_000, batch=20_000, method="percentile", rng=random).confidence_interval
    return {"people": np.column_stack([first, second]).tolist(), "interval": [float(ends.low), float(ends.high)]}


def seizures(people):
    had = random.integers(1, 12, people)
    had[0] = 40                                            # one person has most of them
    return random.binomial(had, random.beta(3, 1, people)), had


cases = [case(*seizures(17)), case(*seizures(8)), case(*seizures(40))]
cases += [case(random.normal(0.01, 0.02, people), np.ones(people)) for people in (6, 17, 60)]
print(json.dumps({"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}))
