"""Golden numbers of crates/data/src/simulate/shift_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py; graph, mechanisms, noise and mixing are written out again here, from the equations.
Run: python golden/shift_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

WORLDS = [
    {"latents": 3},
    {"latents": 4, "inputs": 6, "graph": "random", "link": "mixed", "place": "inside", "signs": "positive", "gain": 2,
     "coefficientLeast": 0.2, "coefficientMost": 2, "mixing": "coupling", "observationNoise": 0.1},
    {"latents": 3, "unshifted": [2], "unshiftedLink": "linear", "mixing": "identity", "link": "sin"},
    {"latents": 4, "inputs": 5, "graph": "random", "edgeProbability": 0.9, "unshifted": [1, 3], "unshiftedTerm": "added",
     "unshiftedLink": "tanh", "unshiftedGain": 3, "mixing": "smooth", "widening": "first", "distortion": "asinh",
     "link": "quadratic"},
    {"latents": 5, "link": "polynomial", "noiseMean": 0.5, "noiseScaleMost": 0.5, "distortion": "cubic", "layers": 3,
     "coefficientMost": 0.6},
    {"latents": 2, "link": "linear"},
]

DEFAULTS = {
    "seed": SEED, "environments": 3, "pointsPerEnvironment": 5, "graph": "chain", "link": "tanh", "place": "outside",
    "gain": 1, "coefficientLeast": 0.5, "coefficientMost": 1, "signs": "both", "noiseMean": 2, "noiseScaleLeast": 0.1,
    "noiseScaleMost": 2, "unshiftedTerm": "only", "unshiftedLink": "linear", "unshiftedGain": 1.5, "distortion": "none",
    "mixing": "leaky", "widening": "last", "observationNoise": 0,
}

LINKS = {"linear": lambda a: a, "tanh": np.tanh, "sin": np.sin, "quadratic": lambda a: a * a / 4}
H = {"none": lambda a: a, "asinh": lambda a: 2 * np.arcsinh(a), "cubic": lambda a: a + a**3 / 10}


def stream(name, step=0):
    return Stream(f"shift-world/{name}", step)


def link(name, i):
    return LINKS[["tanh", "sin", "quadratic"][i % 3] if name == "mixed" else name]


def normals(name, step, rows, cols):
    source = stream(name, step)
    return np.array([[source.normal() for _ in range(cols)] for _ in range(rows)])


def orthonormal(a):
    q, r = np.linalg.qr(a)
    return q * np.sign(np.diag(r))


def graph(config):
    k = config["latents"]
    adjacent = np.zeros((k, k), bool)
    order = list(range(k))
    if config["link"] == "polynomial":
        for a, b in [(0, 1), (1, 2), (1, 3), (2, 3), (2, 4)]:
            adjacent[a, b] = True
    elif config["graph"] == "chain":
        adjacent[range(k - 1), range(1, k)] = True
    else:
        order = stream("order").permutation(k)
        edges = stream("edges")
        p = config.get("edgeProbability", min(1, 2 / (k - 1)))
        for later in range(k):
            for earlier in range(later):
                adjacent[order[earlier], order[later]] = edges.uniform() < p
    return order, adjacent


def mix(config, z):
    k, d, kind = config["latents"], config["inputs"], config["mixing"]
    x, width = z, k
    if d > k and config["widening"] == "first":
        x, width = x @ orthonormal(normals("widening", 0, d, k)).T, d
    layers = {"identity": 0, "coupling": 4}.get(kind, 2)
    for layer in range(layers if kind == "identity" else config.get("layers", layers)):
        q = orthonormal(normals("rotations", layer, width, width))
        if kind == "leaky":
            x = np.where(x > 0, x, 0.2 * x) @ q
        elif kind == "smooth":
            p, s = orthonormal(normals("inner", layer, width, width)), orthonormal(normals("outer", layer, width, width))
            x = (x + 0.9 * np.tanh(x @ p + normals("shifts", layer, 1, width)) @ s) @ q
        else:
            kept = (width + 1) // 2
            x = x @ q
            a, b = x[:, :kept], x[:, kept:]
            hidden = normals("hidden", layer, kept, 8) / np.sqrt(kept)
            units = np.tanh(a @ hidden + normals("shifts", layer, 1, 8))
            scale = units @ normals("scales", layer, 8, width - kept) / np.sqrt(8)
            move = units @ normals("translations", layer, 8, width - kept) / np.sqrt(8)
            x = np.hstack([a, b * np.exp(0.8 * np.tanh(scale)) + move])
    if d > k and config["widening"] == "last":
        x = x @ orthonormal(normals("widening", 0, d, k)).T
    return x


def world(config):
    k, envs, points = config["latents"], config["environments"], config["pointsPerEnvironment"]
    order, adjacent = graph(config)
    edges = [(a, b) for b in range(k) for a in range(k) if adjacent[a, b]]
    coefficients, means, scales = np.zeros((envs, len(edges))), np.zeros((envs, k)), np.zeros((envs, k))
    fixed = [i for i in range(k) if i + 1 in config.get("unshifted", [])]
    z, additive = np.zeros((envs, points, k)), np.zeros((envs, points, k))
    for u in range(envs):
        source = stream("coefficients", u)
        for e in range(len(edges)):
            size = config["coefficientLeast"] + (config["coefficientMost"] - config["coefficientLeast"]) * source.uniform()
            sign = -1 if source.below(2) == 0 and config["signs"] == "both" else 1
            coefficients[u, e] = sign * size
        source = stream("environments", u)
        means[u] = [config["noiseMean"] * (2 * source.uniform() - 1) for _ in range(k)]
        low, high = config["noiseScaleLeast"], config["noiseScaleMost"]
        scales[u] = [low + (high - low) * source.uniform() for _ in range(k)]
        noise = means[u] + scales[u] * normals("noise", u, points, k)
        for i in order:
            shifting, constant = 0, 0
            for e, (a, b) in enumerate(edges):
                if b != i:
                    continue
                value = z[u, :, a]
                constant = constant + config["unshiftedGain"] * link(config["unshiftedLink"], i)(value)
                if config["link"] != "polynomial":
                    f, l = link(config["link"], i), coefficients[u, e]
                    shifting = shifting + config["gain"] * (l * f(value) if config["place"] == "outside" else f(l * value))
            if config["link"] == "polynomial" and i > 0:
                first = min(e for e, (_, b) in enumerate(edges) if b == i)
                v = z[u]
                term = [None, v[:, 0] ** 2, v[:, 1], v[:, 1] * v[:, 2], v[:, 2] ** 2][i]
                shifting = config["gain"] * coefficients[u, first] * term
            if i in fixed:
                shifting = constant + (shifting if config["unshiftedTerm"] == "added" else 0)
            additive[u, :, i] = noise[:, i] + shifting
            z[u, :, i] = H[config["distortion"]](additive[u, :, i])
    latents = z.reshape(-1, k)
    x = mix(config, latents)
    if config["observationNoise"]:
        x = x + config["observationNoise"] * np.vstack(
            [normals("observation-noise", u, points, config["inputs"]) for u in range(envs)]
        )
    weights = np.zeros((k, k))
    for e, (a, b) in enumerate(edges):
        only = b in fixed and config["unshiftedTerm"] == "only"
        weights[a, b] = config["unshiftedGain"] if only else config["gain"] * np.abs(coefficients[:, e]).mean()
    numbers = {
        "inputs": x, "latents": latents, "graph": weights, "coefficients": config["gain"] * coefficients,
        "noiseMeans": means, "noiseScales": scales,
        "shifting": [not (i in fixed and adjacent[:, i].any()) for i in range(k)],
    }
    if config["distortion"] != "none":
        numbers["additive"] = additive
    return {"config": config, **{name: np.ravel(values).astype(float).tolist() for name, values in numbers.items()}}


def main():
    worlds = [world({**DEFAULTS, "inputs": config["latents"], **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
