"""Loss terms and gradients of CausalVAE by NumPy in double precision, from their formulas.

    python golden/causal_vae.py        # writes golden/causal_vae.json

Needs numpy alone. Networks and complex steps are those of ivae_environments.py. The divergence of the latents is that of a normal
distribution with a full covariance matrix, which the code under test never forms; A is inverted once for every row.
"""

import json
import pathlib

import numpy as np

from ivae_environments import HIDDEN, INPUTS, ROWS, STEP, VARIANCE, draw_network, network, rounded

HERE = pathlib.Path(__file__).parent
MASK = 4
rng = np.random.default_rng(20200408)


def terms_of(p, labels, width, x, u, noise):
    mean, log_variance = network(p, "encoder.mean", x), network(p, "encoder.logVariance", x)
    a = p["graph.weight"] * (1 - np.eye(labels))
    total = dict.fromkeys(["noises", "concepts", "masks", "labels"], 0)
    latents = []
    for m, v, n, wanted in zip(mean, np.exp(log_variance), noise, u):
        z = []
        for group in range(width):
            part = slice(group * labels, (group + 1) * labels)
            # z = A' z + e
            c = np.linalg.inv(np.eye(labels) - a.T)
            here = c @ (m[part] + np.sqrt(v[part]) * n[part])
            z.append(here)
            total["noises"] += 0.3 * (v[part] + m[part] ** 2 - 1 - np.log(v[part])).sum() / 2
            covariance = c @ np.diag(v[part]) @ c.T
            apart = c @ m[part] - wanted
            log_det = np.log(np.linalg.det(covariance))
            total["concepts"] += (np.trace(covariance) + apart @ apart - labels - log_det) / 2
            for i in range(labels):
                hidden = (a[:, i] * here) @ p["masks.0.weight"][i] + p["masks.0.bias"][i]
                hidden = np.where(hidden.real > 0, hidden, 0.1 * hidden)
                total["masks"] += (here[i] - (hidden @ p["masks.1.weight"][i] + p["masks.1.bias"][i])[0]) ** 2
        latents.append(np.concatenate(z))
        left = wanted - a.T @ wanted
        total["labels"] += left @ left
    terms = {name: value / len(x) for name, value in total.items()}
    decoded = network(p, "decoder", np.array(latents))
    h = np.trace(np.linalg.matrix_power(np.eye(labels) + a * a / labels, labels)) - labels
    return {
        "reconstruction": ((x - decoded) ** 2).sum(1).mean() / (2 * VARIANCE),
        **terms,
        "cycles": 3 * h + h**2 / 2,
    }


def gradients_of(parameters, *arguments):
    gradients = {}
    for name, value in parameters.items():
        gradients[name] = []
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += 1j * STEP
            gradients[name].append(sum(terms_of({**parameters, name: moved}, *arguments).values()).imag / STEP)
    return gradients


def case(labels, width):
    k = labels * width
    parameters = {
        **draw_network("encoder.mean", INPUTS, k, HIDDEN),
        **draw_network("encoder.logVariance", INPUTS, k, HIDDEN),
        **draw_network("decoder", k, INPUTS, HIDDEN),
        "graph.weight": rounded(0.4 * rng.normal(size=(labels, labels))),
        "masks.0.weight": rounded(rng.normal(size=(labels, labels, MASK))),
        "masks.0.bias": rounded(0.3 * rng.normal(size=(labels, MASK))),
        "masks.1.weight": rounded(rng.normal(size=(labels, MASK, 1))),
        "masks.1.bias": rounded(0.3 * rng.normal(size=(labels, 1))),
    }
    x, u, noise = (rounded(rng.normal(size=(ROWS, columns))) for columns in (INPUTS, labels, k))
    return {
        "options": {"latentDim": width, "hidden": HIDDEN, "maskHidden": MASK, "decoderVariance": VARIANCE},
        "inputs": x.tolist(),
        "targets": u.tolist(),
        "noise": noise.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "terms": terms_of(parameters, labels, width, x, u, noise),
        "gradients": gradients_of(parameters, labels, width, x, u, noise),
    }


if __name__ == "__main__":
    cases = [case(3, 1), case(2, 2)]
    (HERE / "causal_vae.json").write_text(json.dumps(cases) + "\n")
