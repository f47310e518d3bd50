"""MTLCM's two halves in PyTorch on a data set folder in long form. `published`: the marginal likelihood by Adam, as the paper
trains it. `mtrn`: our default recipe for the representation, heads solved for in every step. Prints one JSON object; latents
and codes go to a .npy file beside it. Written from the equations of the paper."""
import argparse
import json
import os
import time

import numpy as np
import torch
from measures import mcc
from schedule import warm_cosine
from torch import nn

SPURIOUS, OBSERVED, BATCH = 0.1, 0.01, 1024
MARKS = (0, 10, 25, 50, 100, 200, 400, 700, 1000)
TASKS, PEAK, WARMUP, FLOOR, RIDGE, VALIDATIONS = 10, 1e-2, 0.05, 1e-4, 1e-4, 25


def read(folder):
    with open(os.path.join(folder, "dataset.json")) as file:
        card = json.load(file)
    load = lambda part: np.load(os.path.join(folder, part["file"]))
    return {
        "x": load(card["inputs"]).astype(np.float32),
        "y": load(card["targets"])[:, 0].astype(np.float32),
        "task": load(card["labels"]["task"]).astype(np.int64).ravel(),
        "z": load(card["truth"]["latents"]),
    }


class Marginal(nn.Module):
    """p(h | y, t) with free A, indicators and coefficients."""

    def __init__(self, k, tasks):
        super().__init__()
        self.mixing = nn.Parameter((torch.rand(k, k) * 2 - 1) / k**0.5)
        self.roles = nn.Parameter(torch.randn(tasks, k))
        self.effects = nn.Parameter(torch.randn(tasks, k))

    def loss(self, h, y, task):
        causal = torch.sigmoid(self.roles[task])
        variance = SPURIOUS**2 * (1 - causal) + causal
        mean = (y[:, None] * self.effects[task] * (1 - causal)) @ self.mixing.T
        covariance = (self.mixing[None] * variance[:, None, :]) @ self.mixing.T
        factor, failed = torch.linalg.cholesky_ex(covariance + OBSERVED**2 * torch.eye(h.shape[1]))
        if failed.any():
            factor = torch.linalg.cholesky(covariance + (OBSERVED**2 + 1e-6) * torch.eye(h.shape[1]))
        white = torch.linalg.solve_triangular(factor, (h - mean)[..., None], upper=False)[..., 0]
        return (0.5 * white.square().sum(1) + torch.diagonal(factor, dim1=1, dim2=2).log().sum(1)).mean()

    def latents(self, h):
        return h @ np.linalg.inv(self.mixing.detach().double().numpy()).T


def published(data, epochs):
    h, y, task = (torch.from_numpy(data[name]) for name in ("x", "y", "task"))
    model = Marginal(h.shape[1], int(task.max()) + 1)
    adam = torch.optim.Adam(model.parameters(), lr=0.1)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(adam, patience=100, factor=0.5, min_lr=5e-3)
    curve, seconds = [], 0.0
    for epoch in range(epochs + 1):
        if epoch in MARKS or epoch == epochs:
            curve.append({"epoch": epoch, "seconds": seconds, "mcc": mcc(data["z"], model.latents(data["x"]))})
        if epoch == epochs:
            break
        began = time.perf_counter()
        order, losses = torch.randperm(len(h)), []
        for rows in order.split(BATCH):
            loss = model.loss(h[rows], y[rows], task[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
        plateau.step(np.mean(losses))
        seconds += time.perf_counter() - began
    return seconds, model.latents(data["x"]), curve


def solved_heads(h, y):
    """Mean over tasks of the error of the best head over the variance of y; h (tasks, rows, k), y (tasks, rows)."""
    h, y = h - h.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    with torch.no_grad():  # At its optimum a head has no gradient: it is a constant of the backward pass.
        gram = h.transpose(1, 2) @ h / h.shape[1]
        ridge = RIDGE * gram.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(h.shape[2])
        head = torch.linalg.solve(gram + ridge, (h * y[..., None]).mean(1)[..., None])
    return ((y - (h @ head)[..., 0]).square().mean(1) / y.square().mean(1)).mean()


def mtrn(data, steps, seed):
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    tasks = int(data["task"].max()) + 1
    rows = np.stack([rng.permutation(np.flatnonzero(data["task"] == t)) for t in range(tasks)])
    cut = rows.shape[1] * 9 // 10
    train, watched = rows[:, :cut], rows[:, cut:]
    x = data["x"]
    x = torch.from_numpy((x - x[train.ravel()].mean(0)) / x[train.ravel()].std(0))
    y = torch.from_numpy(data["y"])
    k, width = data["z"].shape[1], min(max(4 * x.shape[1], 64), 1024)
    encoder = nn.Sequential(nn.Linear(x.shape[1], width), nn.ReLU(), nn.Linear(width, k))
    adam = torch.optim.Adam(encoder.parameters(), lr=PEAK, fused=True)
    loss = lambda at: solved_heads(encoder(x[at.ravel()]).reshape(*at.shape, k), y[at])
    order, best = np.empty(0, int), (float("inf"), None)
    for step in range(steps):
        adam.param_groups[0]["lr"] = PEAK * warm_cosine(step, steps, WARMUP, FLOOR)
        if len(order) < TASKS:
            order = rng.permutation(tasks)
        here, order = order[:TASKS], order[TASKS:]
        adam.zero_grad()
        loss(train[here]).backward()
        adam.step()
        if (step + 1) % max(1, steps // VALIDATIONS) == 0 and watched.shape[1] >= k + 2:
            with torch.no_grad():
                error = float(loss(watched))
            if error < best[0]:
                best = error, {name: value.clone() for name, value in encoder.state_dict().items()}
    if best[1] is not None:
        encoder.load_state_dict(best[1])
    with torch.no_grad():
        codes = torch.cat([encoder(part) for part in x.split(8192)]).numpy()
    return time.perf_counter() - started, codes, []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("work", choices=["published", "mtrn"])
    parser.add_argument("--steps", type=int, required=True, help="passes over the rows for `published`")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = read(options.folder)
    if options.work == "published":
        seconds, latents, curve = published(data, options.steps)
    else:
        seconds, latents, curve = mtrn(data, options.steps, options.seed)
    np.save(options.out, latents.astype(np.float32))
    print(json.dumps({"seconds": seconds, "curve": curve}))


if __name__ == "__main__":
    main()
