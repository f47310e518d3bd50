"""Principal and independent components of inputs with fewer rows than columns, by scikit-learn.

    python golden/wide.py        # writes golden/wide.json

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA, FastICA

ROWS, INPUTS = 60, 90
rng = np.random.default_rng(20261128)

causes = np.stack([rng.uniform(-1, 1, ROWS) * 3, rng.laplace(size=ROWS) * 2], 1)
inputs = causes @ rng.normal(size=(2, INPUTS)) + 0.1 * rng.normal(size=(ROWS, INPUTS))
# Few digits keep the file small; single precision then holds the same numbers on both sides.
inputs = np.round(inputs, 3)
standardised = inputs.astype(np.float32).astype(np.float64)
standardised = (standardised - standardised.mean(0)) / standardised.std(0)

model = PCA(3, svd_solver="full").fit(standardised)
# The product's convention of signs: the largest entry of an axis is positive.
signs = np.sign([axis[np.abs(axis).argmax()] for axis in model.components_])
pca = model.transform(standardised) * signs
ica = FastICA(2, whiten="unit-variance", tol=1e-10, max_iter=1000, random_state=0).fit_transform(standardised)
golden = {
    "inputs": inputs.tolist(),
    "pca": (pca / pca.std(0)).tolist(),
    "explained": float(model.explained_variance_ratio_.sum()),
    "ica": (ica / ica.std(0)).tolist(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
