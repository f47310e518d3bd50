"""Golden numbers of crates/data/src/simulate/modality_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py; links, mechanisms, scaling, mixing and the check of the links are written out again here, from
the equations: the rank in Condition 4.3 by the singular values of random numbers instead of covers.
Run: python golden/modality_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

WORLDS = [
    {},
    {"modalities": 3, "latentsPerModality": 3, "inputsPerModality": 6, "privatePerModality": 2, "sparsity": 0.55,
     "edgesWithin": 1, "mechanism": "mlp", "observationNoise": 0.1},
    {"sparsity": 0.25, "mechanism": "tanh", "noiseFirst": 0.5, "noiseLast": 0.5, "layers": 1, "privatePerModality": 0},
    {"sparsity": 0.75, "mechanism": "linear", "layers": 2},
    {"latentsPerModality": 1, "mechanism": "sine", "modalities": 4, "inputsPerModality": 2, "layers": 4},
    {"latentsPerModality": 4, "inputsPerModality": 5, "mechanism": "leaky", "sparsity": 0.5, "edgesWithin": 3},
]

DEFAULTS = {
    "seed": SEED, "points": 5, "modalities": 2, "inputsPerModality": 4, "latentsPerModality": 2, "privatePerModality": 1,
    "edgesWithin": 0, "mechanism": "monotone", "weightLeast": 0.7, "weightMost": 1.3, "noiseFirst": 0.3, "noiseLast": 0.7,
    "layers": 3, "observationNoise": 0,
}

REFERENCE, HIDDEN = 4096, 8
LEAKY = lambda a: np.where(a > 0, a, 0.2 * a)
FUNCTIONS = {
    "monotone": lambda a: a + np.sin(2 * a) / 2, "linear": lambda a: a, "tanh": lambda a: np.tanh(1.5 * a),
    "sine": lambda a: np.sin(1.5 * a), "leaky": LEAKY,
}


def stream(name, step=0):
    return Stream(f"modality-world/{name}", step)


def normals(source, rows, cols):
    return np.array([[source.normal() for _ in range(cols)] for _ in range(rows)]).reshape(rows, cols)


def rows_in_turn(a):
    q, r = np.linalg.qr(a)
    return (q * np.sign(np.diag(r))).T


def adjacency(config):
    """Links between neighbouring modalities, the diagonal of a block first, then its upper corner, then its lower one."""
    k, m = config["latentsPerModality"], config["modalities"]
    count = int(np.floor((1 - config["sparsity"]) * k * k + 0.5)) if "sparsity" in config else k
    upper = sorted(((i, j) for i in range(k) for j in range(i + 1, k)), key=lambda e: (e[0] - e[1], e[0]))
    lower = sorted(((i, j) for i in range(k) for j in range(i)), key=lambda e: (e[1] - e[0], e[0]))
    block = np.zeros((k, k), bool)
    for link in ([(i, i) for i in range(k)] + upper + lower)[:count]:
        block[link] = True
    a = np.zeros((k * m, k * m), bool)
    for q in range(m):
        if q:
            a[(q - 1) * k:q * k, q * k:(q + 1) * k] = block
        for i in range(config["edgesWithin"]):
            a[q * k + i, q * k + i + 1] = True
    return a


def distinct_links(a, k):
    """Condition 4.3 for sets of two and more, entries random; sets that contain a failing one are left out."""
    d = len(a)
    group = np.arange(d) // k
    across = a & (group[:, None] != group[None])
    distinct = (across | across.T).any(1)
    random = np.random.default_rng(0)
    for m in range(d // k):
        own = np.flatnonzero(group == m)
        for links in (across[own].T, across[:, own]):
            failing = []
            for size in range(2, k + 1):
                for chosen in combinations(range(k), size):
                    part = links[:, chosen]
                    if not part.any(0).all() or any(set(f) <= set(chosen) for f in failing):
                        continue
                    overlap = part[part.sum(1) > 1] * random.standard_normal((int((part.sum(1) > 1).sum()), size))
                    most = max(
                        len(rows)
                        for r in range(len(overlap) + 1)
                        for rows in combinations(range(len(overlap)), r)
                        if r == 0 or np.linalg.matrix_rank(overlap[list(rows)]) < size
                    )
                    if part.any(1).sum() - most <= part.sum(0).max():
                        failing.append(chosen)
            for chosen in failing:
                distinct[own[list(chosen)]] = False
    return distinct


def world(config):
    k, e, d = (config[f"{name}PerModality"] for name in ("latents", "private", "inputs"))
    m = config["modalities"]
    n, a = config["points"], adjacency(config)
    sizes = np.tile(np.linspace(config["noiseFirst"], config["noiseLast"], k), m)
    noise = normals(stream("noise"), n, k * m)
    drawn = stream("weights")
    graph, z, reference = np.zeros(a.shape), np.zeros((n, k * m)), np.zeros((REFERENCE, k * m))
    noises = np.zeros((n, k * m))
    for i in range(k * m):
        parents = np.flatnonzero(a[:, i])
        own = normals(stream("reference", i), REFERENCE, 1)[:, 0]
        if len(parents) == 0:
            reference[:, i], z[:, i], noises[:, i] = own, noise[:, i], noise[:, i]
            continue
        for j in parents:
            size = config["weightLeast"] + (config["weightMost"] - config["weightLeast"]) * drawn.uniform()
            graph[j, i] = -size if drawn.below(2) == 0 else size
        w = graph[parents, i]
        if config["mechanism"] == "mlp":
            source = stream("networks", i)
            inner, shift, outer = (normals(source, r, HIDDEN) for r in (len(parents), 1, 1))
            f = lambda rows: np.tanh((rows[:, parents] * w) @ inner + shift) @ outer[0]
        else:
            f = lambda rows: FUNCTIONS[config["mechanism"]](rows[:, parents]) @ w
        raw = f(reference)
        scaled = lambda rows: np.sqrt(1 - sizes[i] ** 2) * (f(rows) - raw.mean()) / raw.std()
        reference[:, i] = scaled(reference) + sizes[i] * own
        noises[:, i] = sizes[i] * noise[:, i]
        z[:, i] = scaled(z) + noises[:, i]
    private = normals(stream("private"), n, e * m)
    x = []
    for q in range(m):
        h = np.hstack([z[:, q * k:(q + 1) * k], private[:, q * e:(q + 1) * e]])
        for layer in range(config["layers"]):
            rotation = rows_in_turn(normals(stream(f"mixing/{layer}", q), d, d if layer else k + e))
            h = (LEAKY(h) if layer else h) @ rotation
        x.append(h)
    x = np.hstack(x)
    if config["observationNoise"]:
        x = x + config["observationNoise"] * normals(stream("observation-noise"), n, d * m)
    numbers = {"inputs": x, "latents": z, "noises": noises, "graph": graph, "distinctLinks": distinct_links(a, k)}
    if e:
        numbers["private"] = private
    return {"config": config, **{name: np.ravel(values).astype(float).tolist() for name, values in numbers.items()}}


def main():
    worlds = [world({**DEFAULTS, **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
