"""Golden numbers of crates/data/src/simulate/silent_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py; graph, masks, rotation and mixing are written out again here, from the paper.
Run: python golden/silent_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

WORLDS = [
    {"latents": 4, "rows": 23},
    {"latents": 5, "edgesPerLatent": 2, "active": "three-quarters", "silentAt": 1.5, "rotationDegrees": 30, "layers": 3},
    {"latents": 4, "inputs": 6, "active": "one", "activation": "smooth", "noise": "gumbel", "observationNoise": 0.1},
    {"latents": 6, "blocks": [1, 2, 3], "dependence": "none", "silentAt": -1, "noise": "exponential", "layers": 1},
    {"latents": 4, "rows": 8, "activation": "sigmoid", "layers": 3},
]


def stream(name, step=0):
    return Stream(f"silent-world/{name}", step)


def noise(family, source, rows, n):
    if family == "gaussian":
        return np.array([[source.normal() for _ in range(n)] for _ in range(rows)])
    exponential = -np.log1p([[-source.uniform() for _ in range(n)] for _ in range(rows)])
    if family == "exponential":
        return exponential - 1
    return (-np.log(exponential) - np.euler_gamma) / np.sqrt(np.pi**2 / 6)


def graph(n, edges):
    order = stream("order").permutation(n)
    pairs = [(a, b) for b in range(n) for a in range(b)]
    source, weights = stream("weights"), np.zeros((n, n))
    for pair in stream("edges").permutation(len(pairs))[:edges]:
        size = 0.2 + 0.8 * source.uniform()
        sign = 2 * source.below(2) - 1
        weights[tuple(order[node] for node in pairs[pair])] = sign * size
    return weights


def masks(active, blocks):
    count = len(blocks)
    ones = max(1, {"one": 1, "half": count // 2, "three-quarters": 3 * count // 4}[active])
    if ones == 1:
        of_blocks = np.eye(count)
    else:
        source = stream("masks")
        of_blocks = np.zeros((5 * count, count))
        for mask in of_blocks:
            mask[source.permutation(count)[:ones]] = 1
        of_blocks = np.unique(of_blocks, axis=0)
        assert set(of_blocks.mean(0)) <= set(np.linspace(0, 1, len(of_blocks) + 1)[1:-1]), "these worlds draw masks once"
    return np.repeat(of_blocks, blocks, axis=1)


def givens(n, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    product = np.eye(n)
    for i in range(n):
        for j in range(i + 1, n):
            turn = np.eye(n)
            turn[np.ix_([i, j], [i, j])] = [[c, -s], [s, c]]
            product = turn @ product
    return product


def orthonormal_rows(source, inputs, outputs):
    normal = np.array([[source.normal() for _ in range(inputs)] for _ in range(outputs)])
    q, r = np.linalg.qr(normal)
    return (q * np.sign(np.diag(r))).T


def activation(name, h, s):
    if name == "sigmoid":
        return 1 / (1 + np.exp(-h))
    return s * h + (1 - s) * np.logaddexp(0, h) if name == "smooth" else np.maximum(s * h, h)


def world(config):
    n, rows, layers = config["latents"], config["rows"], config["layers"]
    d = config["inputs"]
    weights = graph(n, config["edgesPerLatent"] * n)
    causes = np.linalg.inv(np.eye(n) - weights)
    reference = noise(config["noise"], stream("reference"), 5000, n) @ causes
    t = reference.mean(0) + config["silentAt"] * reference.std(0, ddof=1)
    if config["dependence"] == "none":
        weights, causes = 0 * weights, np.eye(n)
    of_mask = masks(config["active"], config.get("blocks", [1] * n))
    active = of_mask[np.arange(rows) % len(of_mask)]
    z = noise(config["noise"], stream("latents"), rows, n) @ causes
    z = np.where(active == 1, z, t)
    turned = z @ givens(n, config["rotationDegrees"])
    slopes = stream("slopes")
    slopes = [0.5 + slopes.uniform() for _ in range(layers)]
    x = turned
    for layer in range(layers):
        if layer > 0:
            x = activation(config["activation"], x, slopes[layer])
        mixing = orthonormal_rows(stream("layers", layer), x.shape[1], d)
        x = x @ mixing
    if config["observationNoise"]:
        source = stream("observation-noise")
        x = x + config["observationNoise"] * np.array([[source.normal() for _ in range(d)] for _ in range(rows)])
    numbers = {"inputs": x, "latents": turned, "silent": 1 - active, "graph": weights}
    if config["rotationDegrees"]:
        numbers["unrotated"] = z
    if "blocks" in config:
        ends = np.cumsum(config["blocks"])
        latent = np.arange(n)
        numbers["blocks"] = [(latent >= end - size) & (latent < end) for end, size in zip(ends, config["blocks"])]
    if layers == 1:
        numbers["mixing"] = mixing.T
    return {"config": config, **{name: np.ravel(values).astype(float).tolist() for name, values in numbers.items()}}


def main():
    shared = {
        "seed": SEED,
        "rows": 12,
        "edgesPerLatent": 1,
        "dependence": "graph",
        "noise": "gaussian",
        "active": "half",
        "silentAt": 0,
        "rotationDegrees": 0,
        "layers": 10,
        "activation": "leaky",
        "observationNoise": 0,
    }
    worlds = [world({**shared, "inputs": config["latents"], **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
