"""The published objective of `multimodal` by NumPy, row by row, with its gradient by central differences.

    python golden/multimodal_published.py        # writes golden/multimodal_published.json

Needs numpy.
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(20241109)
ROWS = 6
MODALITIES = [{"columns": 4, "latents": 2, "private": 1}, {"columns": 3, "latents": 1, "private": 1}]
LATENTS, PASS, MOVED = 3, 1, 2
THRESHOLD = 0.01


def short(values):
    """Values that single precision and short decimals hold exactly."""
    return np.round(np.asarray(values) * 256) / 256


def layers(name, sizes):
    out = {}
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        out[f"{name}.{i}.weight"] = short(rng.standard_normal((a, b)) / np.sqrt(a))
        out[f"{name}.{i}.bias"] = short(0.3 * rng.standard_normal(b))
    return out


parameters = {}
for m, of in enumerate(MODALITIES):
    width = of["latents"] + of["private"]
    parameters |= layers(f"encoder.{m}", [of["columns"], 8, 8, width])
    parameters |= layers(f"decoder.{m}", [width, 8, 8, of["columns"]])
for i in range(LATENTS):
    parameters |= layers(f"noise.{i}", [2, 4, 1])
for i in range(5):
    parameters |= layers(f"coupling.{i}", [PASS, 16, 16, 2 * MOVED])
# Row = effect. Within the first modality an edge, to the second one an edge and an entry below the threshold.
parameters["adjacency"] = short([[0, 0, 0], [0.5, 0, 0], [0.004, 0.3125, 0]])
inputs = short(rng.standard_normal((ROWS, 7)))


def net(p, name, x, slope):
    depth = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in p)
    for i in range(depth):
        x = x @ p[f"{name}.{i}.weight"] + p[f"{name}.{i}.bias"]
        if i + 1 < depth:
            x = np.where(x > 0, x, slope * x)
    return x


def terms(p):
    recon, at = 0.0, 0
    latents, private = [], []
    for m, of in enumerate(MODALITIES):
        x = inputs[:, at : at + of["columns"]]
        at += of["columns"]
        code = net(p, f"encoder.{m}", x, 0.01)
        recon += np.mean((net(p, f"decoder.{m}", code, 0.01) - x) ** 2)
        latents.append(code[:, : of["latents"]])
        private.append(code[:, of["latents"] :])
    z, eta = np.hstack(latents), np.hstack(private)
    adjacency = p["adjacency"]
    log_density = 0.0
    for row in range(ROWS):
        noise = []
        for i in range(LATENTS):
            parents = [j for j in range(i) if adjacency[i, j] > THRESHOLD]
            mean = np.mean([z[row, j] for j in parents]) if parents else 0.0
            noise.append(net(p, f"noise.{i}", np.array([z[row, i], mean]), 0.0)[0])
        first, second, log_det = np.array(noise[:PASS]), np.array(noise[PASS:]), 0.0
        for i in range(5):
            said = net(p, f"coupling.{i}", first, 0.0)
            scale = 1 / (1 + np.exp(-(said[:MOVED] + 2)))
            second = second * scale + said[MOVED:]
            log_det += np.log(scale).sum()
        whole = np.concatenate([first, second, eta[row]])
        log_density += -0.5 * np.sum(whole**2) - 0.5 * len(whole) * np.log(2 * np.pi) + log_det
    of = np.repeat(range(len(MODALITIES)), [m["latents"] for m in MODALITIES])
    between = [(i, j) for i in range(LATENTS) for j in range(i) if of[i] != of[j]]
    kept = sum(adjacency[at] > THRESHOLD for at in between)
    first = MODALITIES[0]["latents"]
    lacking = (kept - first * (len(MODALITIES) - 1)) ** 2 if kept < first else 0
    return {
        "reconstruction": 2 * recon,
        "independence": -1e-2 * log_density / ROWS,
        "sparsity": 1e-3 * (sum(abs(adjacency[at]) for at in between) + lacking),
    }


def gradient(name, step=1e-5):
    out = np.zeros_like(parameters[name])
    for at in np.ndindex(out.shape):
        ends = []
        for side in (step, -step):
            moved = dict(parameters)
            moved[name] = parameters[name].copy()
            moved[name][at] += side
            ends.append(sum(terms(moved).values()))
        out[at] = (ends[0] - ends[1]) / (2 * step)
    return out


golden = {
    "inputs": inputs.tolist(),
    "parameters": {name: values.tolist() for name, values in parameters.items()},
    "terms": {name: float(value) for name, value in terms(parameters).items()},
    "gradients": {name: np.round(gradient(name), 11).tolist() for name in parameters},
}
(pathlib.Path(__file__).parent / "multimodal_published.json").write_text(json.dumps(golden) + "\n")
