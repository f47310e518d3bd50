"""R2 of kernel ridge regression by scikit-learn, in sample and on held-out rows.

    python golden/kernel_ridge.py        # writes golden/kernel_ridge.json

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(20260801)
ROWS = 60


def r2(z, zhat, fitted, held):
    given, wanted = StandardScaler().fit(zhat[fitted]), StandardScaler().fit(z[fitted])
    model = KernelRidge(alpha=1.0, kernel="rbf").fit(given.transform(zhat[fitted]), wanted.transform(z[fitted]))
    found = model.predict(given.transform(zhat[held]))
    return r2_score(wanted.transform(z[held]), found, multioutput="raw_values").tolist()


def case(name, z, zhat):
    everything, half = np.arange(ROWS), np.arange(ROWS // 2)
    return {
        "name": name,
        "truth": z.tolist(),
        "latents": zhat.tolist(),
        "inSample": r2(z, zhat, everything, everything),
        "halves": r2(z, zhat, half, np.arange(ROWS // 2, ROWS)),
    }


z = rng.standard_normal((ROWS, 3))
bent = np.column_stack([np.tanh(2 * z[:, 1]), z[:, 0] ** 3, z[:, 2] + 0.5 * rng.standard_normal(ROWS)]) * [1, 7, 0.1] + 3
turned = z @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
cases = [case("bent", z, bent), case("turned", z, turned), case("fewer", z, bent[:, :2])]
(pathlib.Path(__file__).parent / "kernel_ridge.json").write_text(json.dumps({"cases": cases}) + "\n")
