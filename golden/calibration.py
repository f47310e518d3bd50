"""Golden numbers of crates/metrics/src/calibration.rs: scikit-learn's calibration curve and Brier score, and simulation for `byChance`.

python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scikit-learn
/tmp/venv/bin/python golden/calibration.py    # writes golden/calibration.json
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

rng = np.random.default_rng(21)
BINS = 10


def error(probability, truth):
    share, mean = calibration_curve(truth, probability, n_bins=BINS, strategy="uniform")
    entries = np.histogram(probability, bins=BINS, range=(0, 1))[0]
    entries = entries[entries > 0]
    assert len(entries) == len(share)
    return float(np.sum(entries * np.abs(mean - share)) / len(truth)), entries, mean, share


def case(name, probability, truth):
    ece, entries, mean, share = error(probability, truth)
    # What sound probabilities score with as many entries: the truth drawn from them.
    drawn = [error(probability, rng.random(len(truth)) < probability)[0] for _ in range(4000)]
    return {
        "name": name,
        "probability": probability.tolist(),
        "truth": truth.tolist(),
        "error": ece,
        "brier": float(brier_score_loss(truth, probability)),
        "entries": entries.tolist(),
        "mean": mean.tolist(),
        "share": share.tolist(),
        "byChance": float(np.mean(drawn)),
    }


sound = rng.random(600)
bold = np.clip(rng.normal(0.5, 0.45, 300), 0.001, 0.999)
likely = rng.beta(0.4, 0.4, 500)
golden = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "cases": [
        case("sound", sound, rng.random(600) < sound),
        case("too sure", bold, rng.random(300) < 0.5 + 0.4 * (bold - 0.5)),
        case("nearly decided", likely, rng.random(500) < likely),
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes")
