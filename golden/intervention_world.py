"""Golden numbers of crates/data/src/simulate/intervention_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py; graph, interventions, noise and mixing are written out again here, from the equations:
latents by the inverse of I - W instead of one after the other.
Run: python golden/intervention_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

WORLDS = [
    {"latents": 3, "inputs": 6},
    {"latents": 4, "inputs": 5, "interventions": "soft", "softness": 0.3, "environmentsPerLatent": 2, "inputNoise": 0.1},
    {"latents": 3, "inputs": 7, "missing": [2], "doubleEnvironments": 2, "edgeProbability": 1, "curvedInputs": 3,
     "curvature": 0.8, "inputNoise": 0.2, "noiseGrowth": 0.5},
]

DEFAULTS = {
    "seed": SEED, "referencePoints": 6, "pointsPerEnvironment": 4, "edgeProbability": 0.5, "weightLeast": 0.5,
    "weightMost": 1, "noiseScaleLeast": 0.5, "noiseScaleMost": 1.5, "interventions": "perfect", "softness": 0.5,
    "environmentsPerLatent": 1, "doubleEnvironments": 0, "shiftLeast": 1, "shiftMost": 2, "changedScaleLeast": 0.5,
    "changedScaleMost": 1.5, "curvedInputs": 0, "curvature": 0.5, "inputNoise": 0, "noiseGrowth": 0,
}


def stream(name, step=0):
    return Stream(f"intervention-world/{name}", step)


def between(config, name, source):
    low, high = config[f"{name}Least"], config[f"{name}Most"]
    return low + (high - low) * source.uniform()


def normals(source, rows, cols):
    return np.array([[source.normal() for _ in range(cols)] for _ in range(rows)]).reshape(rows, cols)


def unit(a):
    return a / np.sqrt((a**2).sum(1, keepdims=True))


def world(config):
    k, d = config["latents"], config["inputs"]
    order, edges, sizes = stream("order").permutation(k), stream("edges"), stream("weights")
    weights = np.zeros((k, k))
    for later in range(k):
        for earlier in range(later):
            if edges.uniform() < config["edgeProbability"]:
                size = between(config, "weight", sizes)
                weights[order[earlier], order[later]] = -size if sizes.below(2) == 0 else size
    source = stream("scales")
    scales = np.array([between(config, "noiseScale", source) for _ in range(k)])
    h = unit(normals(stream("mixing"), d, k))
    g = np.zeros((d, k))
    if config["curvedInputs"]:
        g[d - config["curvedInputs"]:] = unit(normals(stream("curves"), config["curvedInputs"], k))

    single = [t for t in stream("targets").permutation(k) if t + 1 not in config.get("missing", [])]
    hit = [[t] for _ in range(config["environmentsPerLatent"]) for t in single]
    hit += [sorted(stream("doubles", i).permutation(k)[:2]) for i in range(config["doubleEnvironments"])]
    all_x, all_z, all_n, changed = [], [], [], np.zeros((1 + len(hit), k))
    for u in range(1 + len(hit)):
        points = config["pointsPerEnvironment"] if u else config["referencePoints"]
        noise, kept = normals(stream("noise", u), points, k), np.ones(k)
        source = stream("interventions", u)
        for t in hit[u - 1] if u else []:
            size = between(config, "shift", source)
            mean = -size if source.below(2) == 0 else size
            noise[:, t] = mean + between(config, "changedScale", source) * noise[:, t]
            kept[t] = 0 if config["interventions"] == "perfect" else config["softness"]
            changed[u, t] = 1
        noise *= scales
        z = noise @ np.linalg.inv(np.eye(k) - weights * kept)
        x = z @ h.T + config["curvature"] * (z @ g.T) ** 2 / 2
        if config["inputNoise"]:
            x = x + config["inputNoise"] * (1 + config["noiseGrowth"] * np.abs(x)) * normals(stream("input-noise", u), points, d)
        all_x.append(x), all_z.append(z), all_n.append(noise)
    numbers = {
        "inputs": np.vstack(all_x), "latents": np.vstack(all_z), "noises": np.vstack(all_n), "graph": weights,
        "interventions": changed, "mixing": h,
    }
    return {"config": config, **{name: np.ravel(values).astype(float).tolist() for name, values in numbers.items()}}


def main():
    worlds = [world({**DEFAULTS, **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
