"""TBR in PyTorch on a data set folder: the same network, loss, schedule and rotation as our default, or the paper's own
procedure. Prints one JSON object."""
import argparse
import json
import os
import time

import numpy as np
import torch
from measures import mcc
from recipe import heads, sparse_rotation
from schedule import warm_cosine
from torch import nn

BATCH, SPARSITY, WARMUP, FLOOR, STARTS = 1000, 1e-3, 0.03, 1e-4, 10
VALIDATIONS, VALIDATION_ROWS = 25, 8192


def read(folder):
    with open(os.path.join(folder, "dataset.json")) as file:
        card = json.load(file)
    load = lambda part: np.load(os.path.join(folder, part["file"]))
    label = card["labels"]["environment"]
    names = card["tree"]["names"]
    place = np.array([names.index(level) for level in label["levels"]])
    return {
        "x": load(card["inputs"]),
        "y": load(card["targets"])[:, 0],
        "node": place[load(label).astype(np.int64).ravel()],
        "parents": np.array([-1 if p is None else p for p in card["tree"]["parents"]]),
        "z": load(card["truth"]["latents"]),
    }


def split(node, rng):
    """0 train, 1 validation, 2 test: 50 / 25 / 25 % of the rows of every environment."""
    part = np.empty(len(node), np.int8)
    for e in np.unique(node):
        rows = rng.permutation(np.flatnonzero(node == e))
        half, quarter = len(rows) // 2, len(rows) // 4
        part[rows[:half]], part[rows[half : half + quarter]], part[rows[half + quarter :]] = 0, 1, 2
    return part


def paths(parents):
    """(nodes, nodes): 1 where the edge above the column's node lies between the root and the row's node."""
    out = np.zeros((len(parents), len(parents)), np.float32)
    for node, parent in enumerate(parents):
        if parent >= 0:
            out[node] = out[parent]
            out[node, node] = 1
    return torch.from_numpy(out)


class Tbr(nn.Module):
    def __init__(self, inputs, k, parents):
        super().__init__()
        act = nn.LeakyReLU(0.01)
        self.encoder = nn.Sequential(nn.Linear(inputs, 256), act, nn.Linear(256, 64), act, nn.Linear(64, k))
        self.root = nn.Parameter(0.1 * torch.randn(k))
        self.changes = nn.Parameter(torch.zeros(len(parents), k))
        self.paths = paths(parents)

    def fit_term(self, x, y, node):
        w = self.root + self.paths @ self.changes
        # Of four ways to look heads up (this, indexing, index_select, all heads then gather) the fastest one here.
        return ((self.encoder(x) * nn.functional.embedding(node, w)).sum(1) - y).square().mean()

    def loss(self, x, y, node):
        return self.fit_term(x, y, node) + SPARSITY * self.changes.abs().sum()


def train(model, x, y, node, validation, steps, procedure, seed, note):
    """Runs the steps; the default recipe keeps the parameters with the lowest validation error, as ours does."""
    paper = procedure == "paper"
    peak, betas = (1e-3, (0.9, 0.999)) if paper else (1e-2, (0.9, 0.98))
    adam = torch.optim.Adam(model.parameters(), lr=peak, betas=betas, fused=True)
    generator = torch.Generator().manual_seed(seed)
    best, at, order = (float("inf"), None), 0, torch.empty(0)
    for step in range(steps):
        if not paper:
            adam.param_groups[0]["lr"] = peak * warm_cosine(step, steps, WARMUP, FLOOR)
        if at + BATCH > len(order):
            order, at = torch.randperm(len(x), generator=generator), 0
        rows = order[at : at + BATCH]
        at += BATCH
        adam.zero_grad()
        model.loss(x[rows], y[rows], node[rows]).backward()
        adam.step()
        if (step + 1) % max(1, steps // VALIDATIONS) == 0:
            with torch.no_grad():
                error = float(model.fit_term(*validation))
            if error < best[0]:
                best = error, {name: value.clone() for name, value in model.state_dict().items()}
            note(step + 1)
    if best[1] is not None:
        model.load_state_dict(best[1])


def encode(model, x):
    with torch.no_grad():
        return torch.cat([model.encoder(part) for part in x.split(8192)]).numpy()


def rotate(codes, y, node, parents, part, rng):
    train_rows = part == 0
    w = heads(codes[train_rows], y[train_rows], node[train_rows], len(parents))
    edges = np.array([n for n, p in enumerate(parents) if p > 0])  # Nodes whose parent has rows: the root has none.
    turn = sparse_rotation(w[edges] - w[parents[edges]], STARTS, rng)
    return codes @ np.linalg.inv(turn).T


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--procedure", choices=["joint-rotation", "paper"], default="joint-rotation")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = read(options.folder)

    started = time.perf_counter()
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    part = split(data["node"], rng)
    x, y = data["x"], data["y"]
    x = (x - x[part == 0].mean(0)) / x[part == 0].std(0)
    y = (y - y[part == 0].mean()) / y[part == 0].std()
    rows = lambda which: [torch.from_numpy(a[which]) for a in (x, y, data["node"])]
    watched = rng.choice(np.flatnonzero(part == 1), VALIDATION_ROWS, replace=False)
    model = Tbr(x.shape[1], data["z"].shape[1], data["parents"])
    curve, aside = [], 0.0

    def note(step):
        nonlocal aside
        if options.procedure != "paper":
            return
        began = time.perf_counter()
        test = np.flatnonzero(part == 2)[::10]
        value = mcc(data["z"][test], encode(model, torch.from_numpy(x[test])))
        curve.append({"step": step, "seconds": began - started - aside, "mcc": value})
        aside += time.perf_counter() - began

    train(model, *rows(part == 0), rows(watched), options.steps, options.procedure, options.seed, note)
    codes = encode(model, torch.from_numpy(x))
    if options.procedure == "joint-rotation":
        codes = rotate(codes, y, data["node"], data["parents"], part, rng)
    seconds = time.perf_counter() - started - aside

    test = part == 2
    print(json.dumps({"fitSeconds": seconds, "mcc": mcc(data["z"][test], codes[test]), "curve": curve}))


if __name__ == "__main__":
    main()
