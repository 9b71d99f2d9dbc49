"""Golden values for the weights of a patient's voices, from scipy.

usage: weights.py > weights.json      (numpy, scipy)

Versions used are in the output.
"""
import json, sys
import numpy as np, scipy
from scipy.optimize import minimize

random = np.random.default_rng(7)
ALONE = np.array([1.0, 0.0, 0.0])


def fit(voices, seizure, pull):
    weights = np.where(seizure, 0.5 / seizure.sum(), 0.5 / (~seizure).sum()) * len(seizure)
    sign = np.where(seizure, 1.0, -1.0)

    def loss(at):
        said = voices @ at[:3] + at[3]
        slope = -weights * sign / (1.0 + np.exp(sign * said))
        value = (weights * np.logaddexp(0.0, -sign * said)).sum() + pull * ((at[:3] - ALONE) ** 2).sum()
        return value, np.append(voices.T @ slope + 2.0 * pull * (at[:3] - ALONE), slope.sum())

    bounds = [(0.0, None)] * 3 + [(None, None)]
    found = minimize(loss, np.append(ALONE, 0.0), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10000})
    return found.x


def case(seconds, skills, share, pull):
    seizure = random.random(seconds) < share
    truth = np.where(seizure, 1.0, -1.0)
    voices = np.round(np.outer(truth, skills) + random.normal(size=(seconds, 3)) * [2.0, 1.0, 1.0], 6)
    at = fit(voices, seizure, pull)
    return {"voices": voices.tolist(), "seizure": seizure.tolist(), "pull": pull,
            "weights": at[:3].tolist(), "offset": float(at[3])}


CASES = [
    case(60, [1.5, 0.0, 0.0], 0.5, 3.0),       # the network knows, the others do not
    case(60, [-1.0, 0.0, 1.5], 0.5, 1.0),      # the network misleads, amplitude tells everything
    case(90, [0.5, 0.5, 0.5], 0.2, 3.0),       # each knows a little, seizures are rare
    case(90, [0.5, 0.5, 0.5], 0.8, 100.0),     # pulled back hard
    case(40, [-1.0, -1.0, -1.0], 0.5, 1.0),    # all mislead
]

json.dump({"made_by": f"numpy {np.__version__}, scipy {scipy.__version__}", "cases": CASES}, sys.stdout)
