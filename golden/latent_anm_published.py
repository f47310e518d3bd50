"""Golden numbers of the published variational autoencoder of `latent-anm` (`methods::latent_anm::published`): every term of the loss
and its gradient in double precision, by automatic differentiation.

The bound is written out again here latent by latent: posterior and prior in causal order, one sample of each row with given noise.
Run: python golden/latent_anm_published.py    (autograd 1.9.1, numpy 2.4.6)
"""

import json
from pathlib import Path

import autograd.numpy as np
import numpy
from autograd import grad

INPUTS, K, UNITS, ENVIRONMENTS, ROWS = 4, 3, 5, 3, 8
VARIANCE, SPARSITY = 0.05, 0.02
PAIRS = [(i, j) for i in range(K) for j in range(i)]


def coefficients(kind):
    return {"mlp": len(PAIRS), "linear": len(PAIRS), "polynomial": 2 * len(PAIRS), "none": 0}[kind]


def network(rng, name, inputs, outputs):
    sizes = [inputs, UNITS, UNITS, outputs]
    p = {}
    for l in range(3):
        p[f"{name}.{l}.weight"] = rng.standard_normal((sizes[l], sizes[l + 1])) / numpy.sqrt(sizes[l])
        p[f"{name}.{l}.bias"] = 0.3 * rng.standard_normal(sizes[l + 1])
    return p


def parameters(rng, kind):
    p = {}
    p |= network(rng, "encoder.mean", INPUTS, K)
    p |= network(rng, "encoder.logVariance", INPUTS, K)
    p |= network(rng, "decoder", K, INPUTS)
    for side in ["posterior", "prior"]:
        for i in range(1, K) if kind == "mlp" else []:
            p |= network(rng, f"{side}.mechanisms.{i + 1}", i, 1)
    if coefficients(kind) > 0:
        p["posterior.scales"] = rng.standard_normal((1, coefficients(kind)))
    p |= network(rng, "prior.environments", ENVIRONMENTS, coefficients(kind) + 2 * K)
    return p


def run(p, name, x):
    for l in range(3):
        x = x @ p[f"{name}.{l}.weight"] + p[f"{name}.{l}.bias"]
        if l < 2:
            x = np.where(x > 0, x, 0.2 * x)
    return x


def mechanism(p, side, kind, i, before, scales):
    """Of latent i (from 0) of the columns before it, with a row of coefficients for each row."""
    if i == 0 or kind == "none":
        return np.zeros(len(before))
    own = np.stack([scales[:, PAIRS.index((i, j))] for j in range(i)], axis=1)
    if kind == "mlp":
        return run(p, f"{side}.mechanisms.{i + 1}", own * before)[:, 0]
    value = np.sum(own * before, axis=1)
    if kind == "polynomial":
        squares = np.stack([scales[:, len(PAIRS) + PAIRS.index((i, j))] for j in range(i)], axis=1)
        value = value + np.sum(squares * before**2, axis=1)
    return value


def log_normal(x, mean, log_variance):
    return -0.5 * (np.log(2 * np.pi) + log_variance + (x - mean) ** 2 / np.exp(log_variance))


def terms(p, kind, x, nodes, noise):
    mean, log_variance = run(p, "encoder.mean", x), run(p, "encoder.logVariance", x)
    count = coefficients(kind)
    told = run(p, "prior.environments", np.eye(ENVIRONMENTS))
    scales, centers, spreads = told[:, :count], told[:, count:count + K], told[:, count + K:]
    own = np.ones((len(x), 1)) @ p["posterior.scales"] if count else None
    columns, entropy, prior = [], 0.0, 0.0
    for i in range(K):
        before = np.stack(columns, axis=1) if columns else np.zeros((len(x), 0))
        drawn = mean[:, i] + np.exp(0.5 * log_variance[:, i]) * noise[:, i]
        center = mechanism(p, "posterior", kind, i, before, own)
        z = center + drawn
        entropy = entropy + log_normal(z, center + mean[:, i], log_variance[:, i])
        expected = mechanism(p, "prior", kind, i, before, scales[nodes]) + centers[nodes][:, i]
        prior = prior - log_normal(z, expected, spreads[nodes][:, i])
        columns.append(z)
    made = run(p, "decoder", np.stack(columns, axis=1))
    found = {
        "reconstruction": np.mean(np.sum((x - made) ** 2, axis=1)) / (2 * VARIANCE),
        "prior": np.mean(prior),
        "posterior": np.mean(entropy),
    }
    if count:
        seen = sorted(set(nodes.tolist()))
        found["sparsity"] = SPARSITY * (
            np.sum(np.abs(scales[numpy.array(seen)])) / len(seen) + np.sum(np.abs(p["posterior.scales"]))
        )
    return found


def main():
    rng = numpy.random.default_rng(13)
    cases = []
    for kind in ["mlp", "polynomial", "linear", "none"]:
        # Parameters are kept in single precision.
        p = {name: value.astype("f4").astype("f8") for name, value in parameters(rng, kind).items()}
        x, noise = rng.standard_normal((ROWS, INPUTS)), rng.standard_normal((ROWS, K))
        # One environment is not in the batch.
        nodes = numpy.array([0, 2, 2, 0, 0, 2, 0, 2])
        gradient = grad(lambda p: sum(terms(p, kind, x, nodes, noise).values()))(p)
        cases.append({
            "mechanisms": kind,
            "inputs": x.tolist(),
            "noise": noise.tolist(),
            "nodes": nodes.tolist(),
            "parameters": {name: value.tolist() for name, value in p.items()},
            "terms": {name: float(value) for name, value in terms(p, kind, x, nodes, noise).items()},
            "gradients": {name: value.tolist() for name, value in gradient.items()},
        })
    golden = {"environments": ENVIRONMENTS, "units": UNITS, "variance": VARIANCE, "sparsity": SPARSITY, "cases": cases}
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
