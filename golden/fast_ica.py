"""FastICA by scikit-learn: the rotation from a given start, and the components of a mixture.

    python golden/fast_ica.py        # writes golden/fast_ica.json

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import FastICA

ROWS, INPUTS, LATENTS, TOLERANCE = 250, 4, 3, 1e-10
rng = np.random.default_rng(19990503)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


causes = np.stack([rng.uniform(-1, 1, ROWS), rng.laplace(size=ROWS), rng.exponential(size=ROWS)], 1)
inputs = rounded(causes @ rng.normal(size=(LATENTS, INPUTS)) + 0.01 * rng.normal(size=(ROWS, INPUTS)))
standardised = (inputs - inputs.mean(0)) / inputs.std(0)

values, vectors = np.linalg.eigh(np.cov(standardised.T, bias=True))
whitened = rounded(standardised @ vectors[:, ::-1][:, :LATENTS] / np.sqrt(values[::-1][:LATENTS]))
start = rng.normal(size=(LATENTS, LATENTS))
golden = {"tolerance": TOLERANCE, "inputs": inputs.tolist(), "whitened": whitened.tolist(), "start": start.tolist()}
for fun in ["logcosh", "cube"]:
    model = FastICA(whiten=False, fun=fun, w_init=start, tol=TOLERANCE, max_iter=200).fit(whitened)
    golden[fun] = {"iterations": model.n_iter_, "directions": model.components_.tolist()}
model = FastICA(LATENTS, whiten="unit-variance", tol=TOLERANCE, max_iter=1000, random_state=0)
latents = model.fit_transform(standardised)
golden["latents"] = (latents / latents.std(0)).tolist()
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
