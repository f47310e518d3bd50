"""Golden optimum of crates/numerics/src/lbfgs.rs: a logistic regression whose columns differ 10,000-fold in scale.

Solved by SciPy's trust-exact, a second-order method, then polished by Newton steps on the exact Hessian.
Run: python golden/lbfgs.py    (numpy 2.x, scipy 1.x)
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

ROWS, RIDGE = 60, 1e-2
SCALES = np.array([1e-2, 1e-1, 1.0, 10.0, 100.0])

rng = np.random.default_rng(7)
base = np.round(rng.normal(size=(ROWS, 5)), 3)
base[:, 1] = np.round(0.95 * base[:, 0] + 0.3 * base[:, 1], 3)
x = np.round(base * SCALES, 6)
y = (base @ [1.0, -1.0, 0.5, 1.5, -0.7] + rng.logistic(size=ROWS) > 0).astype(float)


def value(w):
    margin = x @ w
    return np.sum(np.logaddexp(0, margin) - y * margin) + 0.5 * RIDGE * w @ w


def gradient(w):
    return x.T @ (1 / (1 + np.exp(-(x @ w))) - y) + RIDGE * w


def hessian(w):
    p = 1 / (1 + np.exp(-(x @ w)))
    return x.T @ (x * (p * (1 - p))[:, None]) + RIDGE * np.eye(5)


w = minimize(value, np.zeros(5), jac=gradient, hess=hessian, method="trust-exact").x
for _ in range(5):
    w = w - np.linalg.solve(hessian(w), gradient(w))
assert np.abs(gradient(w)).max() < 1e-12
print("curvatures", np.linalg.eigvalsh(hessian(w)))
golden = {"ridge": RIDGE, "x": x.tolist(), "y": y.tolist(), "optimum": w.tolist(), "value": float(value(w))}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
