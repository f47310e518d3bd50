"""Golden numbers of crates/data/src/simulate/task_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py; the tasks, their latents and the mixing are written out again here, from the paper.
Run: python golden/task_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

SHARED = {"seed": SEED, "tasks": 3, "pointsPerTask": 4, "causes": 2}
WORLDS = [
    {"latents": 4, "mixing": "random", "standardize": True},
    {"latents": 4, "mixing": "identity", "standardize": False, "noise": 0.5},
    {"latents": 4, "mixing": "orthogonal", "standardize": True},
    {"inputs": 6, "mixing": "network", "standardize": False},
    {"inputs": 5, "latents": 5, "mixing": "network", "standardize": True, "noise": 0.1},
]


def stream(name, step=0):
    return Stream(f"task-world/{name}", step)


def normals(source, *shape):
    return np.array([source.normal() for _ in range(np.prod(shape))]).reshape(shape)


def uniforms(source, low, high, *shape):
    return low + (high - low) * np.array([source.uniform() for _ in range(np.prod(shape, dtype=int))]).reshape(shape)


def task(t, points, latents, causes, standardize):
    cause = np.zeros(latents, bool)
    cause[stream("causes", t).permutation(latents)[:causes]] = True
    w = normals(stream("weights", t), causes)
    gamma = uniforms(stream("gammas", t), -1, 1, latents - causes)
    sd = uniforms(stream("target-sd", t), 2, 3)
    z = normals(stream("latents", t), points, latents)
    y = z[:, cause] @ w + sd * normals(stream("target-noise", t), points)
    z[:, ~cause] = np.outer(y, gamma) + 0.1 * z[:, ~cause]
    coefficients = np.empty(latents)
    coefficients[cause], coefficients[~cause] = w, gamma
    if standardize:
        unit = z.std(0)
        z = (z - z.mean(0)) / unit
        coefficients *= np.where(cause, unit, 1 / unit)
    return z, y, cause, coefficients


def mixed(z, mixing, inputs):
    latents = z.shape[1]
    if mixing == "network":
        w1, w2 = (uniforms(stream("network", 2 * i), -1, 1, inputs, d) / np.sqrt(d) for i, d in enumerate([latents, inputs]))
        b1, b2 = (uniforms(stream("network", 2 * i + 1), -1, 1, inputs) / np.sqrt(d) for i, d in enumerate([latents, inputs]))
        return np.maximum(z @ w1.T + b1, 0) @ w2.T + b2, None
    a = np.eye(latents) if mixing == "identity" else normals(stream("mixing"), inputs, latents)
    if mixing == "orthogonal":
        q, r = np.linalg.qr(a)
        a = q * np.sign(np.diag(r))
    return z @ a.T, a


def world(config):
    points, mixing, inputs = config["pointsPerTask"], config["mixing"], config.get("inputs")
    latents = config.get("latents") or min(20, inputs // 2)
    inputs = inputs or latents
    draws = [task(t, points, latents, config["causes"], config["standardize"]) for t in range(config["tasks"])]
    z, y, causes, coefficients = (np.array(part) for part in zip(*draws))
    x, a = mixed(z.reshape(-1, latents), mixing, inputs)
    noise = config.get("noise", 0 if mixing == "network" else 0.01)
    x = x + noise * np.concatenate([normals(stream("input-noise", t), points, inputs) for t in range(config["tasks"])])
    numbers = {"inputs": x, "targets": y, "latents": z, "causes": causes.astype(float), "coefficients": coefficients}
    if a is not None:
        numbers["mixing"] = a
    return {"config": config, **{name: values.ravel().tolist() for name, values in numbers.items()}}


def main():
    worlds = [world({**SHARED, **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds, indent=1) + "\n")


if __name__ == "__main__":
    main()
