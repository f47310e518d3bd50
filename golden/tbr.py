"""Loss, gradients, heads and sparse rotation of TBR by PyTorch and NumPy in double precision, from the paper's formulas.

    python golden/tbr.py        # writes golden/tbr.json and golden/shared_head.json

Needs numpy and torch (CPU).
"""

import json
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
PARENTS = [None, 0, 0, 1, 1, 2, 2]
ROWS, INPUTS, LATENTS, HIDDEN, SPARSITY = 24, 4, 3, [6, 5], 0.01
rng = np.random.default_rng(20240531)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def encoder(parameters, x):
    h = x
    for layer in range(3):
        h = h @ parameters[f"encoder.{layer}.weight"] + parameters[f"encoder.{layer}.bias"]
        if layer < 2:
            h = torch.where(h > 0, h, 0.01 * h)
    return h


def draw_encoder():
    sizes = [INPUTS, *HIDDEN, LATENTS]
    drawn = {}
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        drawn[f"encoder.{layer}.weight"] = rounded(rng.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in))
        drawn[f"encoder.{layer}.bias"] = rounded(rng.uniform(-0.5, 0.5, fan_out))
    return drawn


def tree_heads(root, changes):
    """Eq. (2): the root's head plus the changes on the way; the root's own row of changes is not used."""
    heads = [root]
    for node, parent in enumerate(PARENTS):
        if parent is not None:
            heads.append(heads[parent] + changes[node])
    return torch.stack(heads)


def case(parameters, terms):
    tracked = {name: torch.tensor(v, requires_grad=True) for name, v in parameters.items()}
    values = terms(tracked)
    sum(values.values()).backward()
    return {
        "parameters": {name: {"shape": list(v.shape), "values": v.ravel().tolist()} for name, v in parameters.items()},
        "terms": {name: float(v.detach()) for name, v in values.items()},
        "gradients": {name: t.grad.numpy().ravel().tolist() for name, t in tracked.items()},
    }


def rotation():
    """Sparse differences under a random mixing, and the best of 20 starts of the weighted-moment iteration."""
    a, k = 60, LATENTS
    sparse = np.zeros((a, k))
    sparse[np.arange(a), rng.integers(0, k, a)] = rng.standard_normal(a)
    differences = sparse @ rng.standard_normal((k, k)) + 0.003 * rng.standard_normal((a, k))
    values, vectors = np.linalg.eigh(differences.T @ differences / a)
    whitening = (vectors / np.sqrt(values)).T
    x = differences @ whitening.T
    best = (np.inf, None)
    for _ in range(20):
        b = np.linalg.qr(rng.standard_normal((k, k)))[0]
        for eps in (1.0, 0.3, 0.1, 0.03, 0.01):
            for _ in range(12):
                for i in range(k):
                    weights = 1 / ((x @ b[i]) ** 2 + eps**2)
                    moment = (x * weights[:, None]).T @ x / a
                    row = np.linalg.solve(moment, np.linalg.inv(b)[:, i])
                    b[i] = row / np.sqrt(2 * row @ moment @ row)
        u = x @ b.T
        objective = np.log(u**2 + 0.01**2).sum(1).mean() - np.log(abs(np.linalg.det(b)))
        if objective < best[0]:
            best = (objective, b)
    return {
        "differences": differences.tolist(),
        "objective": best[0],
        "map": (best[1] @ whitening).T.tolist(),
    }


x = rounded(rng.standard_normal((ROWS, INPUTS)))
y = rounded(rng.standard_normal(ROWS))
nodes = rng.integers(1, len(PARENTS), ROWS)
batch = {"inputs": x.tolist(), "targets": y.tolist(), "nodes": nodes.tolist(), "hidden": HIDDEN, "latents": LATENTS}
tx, ty, tn = torch.tensor(x), torch.tensor(y), torch.tensor(nodes)


def tbr_terms(p):
    heads = tree_heads(p["heads.root"], p["heads.changes"])
    fit = ((encoder(p, tx) * heads[tn]).sum(1) - ty).square().mean()
    return {"fit": fit, "changes": SPARSITY * p["heads.changes"].abs().sum()}


def shared_terms(p):
    return {"fit": ((encoder(p, tx) * p["head"]).sum(1) - ty).square().mean()}


versions = {"numpy": np.__version__, "torch": torch.__version__}
tbr = {
    **draw_encoder(),
    "heads.root": rounded(rng.standard_normal(LATENTS)),
    "heads.changes": rounded(rng.standard_normal((len(PARENTS), LATENTS)) * (rng.random((len(PARENTS), LATENTS)) < 0.5)),
}
shared = {**draw_encoder(), "head": rounded(rng.standard_normal((1, LATENTS)))}
files = {
    "tbr": {"parents": PARENTS, "sparsity": SPARSITY, **batch, **case(tbr, tbr_terms), "rotation": rotation()},
    "shared_head": {**batch, **case(shared, shared_terms)},
}
for name, content in files.items():
    (HERE / f"{name}.json").write_text(json.dumps({"versions": versions, **content}, indent=1) + "\n")
