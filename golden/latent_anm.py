"""Golden numbers of the density of latent additive noise models (`numerics::shift`): value and gradient in double precision, by
automatic differentiation.

The formulas are written out again here for whole arrays: flow, axes, mechanisms, and the Gaussian likelihood whose means and
(co)variances are the best ones of each environment.
Run: python golden/latent_anm.py    (autograd 1.9.1, numpy 2.4.6)
"""

import json
from pathlib import Path

import autograd.numpy as np
import numpy
from autograd import grad

K, BENDS, HIDDEN, ENVIRONMENTS, SOFTNESS = 3, 2, 4, 3, 0.3
ROWS = [7, 9, 18]
PAIRS = [(i, j) for i in range(K) for j in range(i)]


def parameters(rng):
    eye = numpy.eye(K)
    return {
        "weights": eye + 0.3 * rng.standard_normal((BENDS + 1, K, K)),
        "shifts": 0.3 * rng.standard_normal((BENDS + 1, K)),
        "slopes": 0.5 * rng.standard_normal((BENDS, K)),
        "axes": eye + 0.2 * rng.standard_normal((K, K)),
        "scales": 0.8 + 0.4 * rng.standard_normal((ENVIRONMENTS, len(PAIRS))),
        "quadratic": 0.3 * rng.standard_normal((ENVIRONMENTS, len(PAIRS))),
        "gains": 1 + 0.3 * rng.standard_normal((ENVIRONMENTS, K)),
        "first.weight": 0.6 * rng.standard_normal((K, K, HIDDEN)),
        "first.bias": 0.3 * rng.standard_normal((K, HIDDEN)),
        "hidden.weight": 0.6 * rng.standard_normal((K, HIDDEN, HIDDEN)),
        "hidden.bias": 0.3 * rng.standard_normal((K, HIDDEN)),
        "out": 0.6 * rng.standard_normal((K, HIDDEN)),
    }


def flow(p, x):
    log_slopes = 0.0
    for l in range(BENDS):
        h = x @ p["weights"][l] + p["shifts"][l]
        s = np.exp(p["slopes"][l])
        g = 1 / (1 + np.exp(-h / SOFTNESS))
        log_slopes = log_slopes + np.sum(np.log(s + (1 - s) * g), axis=1)
        x = s * h + (1 - s) * SOFTNESS * np.logaddexp(0, h / SOFTNESS)
    return x @ p["weights"][BENDS] + p["shifts"][BENDS], log_slopes


def leaky(a):
    return np.where(a > 0, a, 0.2 * a)


def mechanism(p, kind, u, i, z):
    if kind == "none" or i == 0:
        return np.zeros(len(z))
    c = [p["scales"][u, PAIRS.index((i, j))] for j in range(i)]
    if kind in ("linear", "polynomial"):
        q = [p["quadratic"][u, PAIRS.index((i, j))] if kind == "polynomial" else 0 for j in range(i)]
        return sum(c[j] * z[:, j] + q[j] * z[:, j] ** 2 for j in range(i))
    inputs = np.stack([c[j] * z[:, j] for j in range(i)], axis=1)
    hidden = leaky(inputs @ p["first.weight"][i, :i] + p["first.bias"][i])
    hidden = leaky(hidden @ p["hidden.weight"][i] + p["hidden.bias"][i])
    return p["gains"][u, i] * (hidden @ p["out"][i])


def loss(p, head, x, nodes):
    y, log_slopes = flow(p, x)
    total = 0.5 * K * (1 + np.log(2 * np.pi)) - sum(np.linalg.slogdet(w)[1] for w in p["weights"])
    if head != "full":
        y = y @ p["axes"]
        total = total - np.linalg.slogdet(p["axes"])[1]
    for u in range(ENVIRONMENTS):
        own = numpy.flatnonzero(nodes == u)
        z = y[own]
        if head == "full":
            r = z - np.mean(z, axis=0)
            value = 0.5 * np.linalg.slogdet(r.T @ r / len(own))[1]
        else:
            value = 0.0
            for i in range(K):
                r = z[:, i] - mechanism(p, head, u, i, z)
                value = value + 0.5 * np.log(np.mean((r - np.mean(r)) ** 2))
        total = total + (value - np.mean(log_slopes[own])) / ENVIRONMENTS
    return total


def main():
    rng = numpy.random.default_rng(7)
    p = parameters(rng)
    nodes = rng.permutation(numpy.repeat(numpy.arange(ENVIRONMENTS), ROWS))
    x = rng.standard_normal((len(nodes), K)) * numpy.array([0.5, 1.0, 1.5])[nodes][:, None]
    cases = []
    for head in ["full", "mlp", "polynomial", "linear", "none"]:
        gradient = grad(loss)(p, head, x, nodes)
        cases.append({
            "head": head,
            "value": float(loss(p, head, x, nodes)),
            "gradient": {name: numpy.ravel(g).tolist() for name, g in gradient.items()},
        })
    golden = {
        "latents": K, "bends": BENDS, "hidden": HIDDEN, "environments": ENVIRONMENTS, "softness": SOFTNESS,
        "nodes": nodes.tolist(), "inputs": x.ravel().tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in p.items()}, "cases": cases,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
