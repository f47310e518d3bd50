"""Principal components of standardised inputs by scikit-learn.

    python golden/pca.py        # writes golden/pca.json

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA

ROWS, INPUTS, LATENTS = 40, 5, 3
rng = np.random.default_rng(19330901)

causes = rng.normal(size=(ROWS, LATENTS)) * [3.0, 1.5, 0.7]
inputs = causes @ rng.normal(size=(LATENTS, INPUTS)) + 0.2 * rng.normal(size=(ROWS, INPUTS)) + rng.normal(size=INPUTS)
inputs = inputs.astype(np.float32).astype(np.float64)
standardised = (inputs - inputs.mean(0)) / inputs.std(0)
model = PCA(LATENTS, whiten=True, svd_solver="full").fit(standardised)
latents = model.transform(standardised)
golden = {
    "inputs": inputs.tolist(),
    "latents": (latents / latents.std(0)).tolist(),
    "axes": model.components_.tolist(),
    "explained": float(model.explained_variance_ratio_.sum()),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
