"""The published networks of pdGMM in PyTorch on a data set folder. `autoencoder` trains the first stage and writes the codes of
all rows; `stacks` takes steps of the second stage on them as it was published, every row through every layer. Prints one JSON
object."""
import argparse
import json
import os
import time

import numpy as np
import torch
from nets import leaky, mlp
from torch import nn

SLOPE, RISE, START, FLOOR = 0.02, 0.1, 25, 1e4
BUDGET, PRIMAL, DUAL, BETAS, EPS = 0.01, 1e-4, 5e-5, (0.9, 0.999), 1e-8


def read(folder):
    with open(os.path.join(folder, "dataset.json")) as file:
        card = json.load(file)
    x = np.load(os.path.join(folder, card["inputs"]["file"])).astype(np.float64)
    return torch.from_numpy(((x - x.mean(0)) / x.std(0)).astype(np.float32))


def batches(x, size, generator):
    """Mixed rows without end."""
    size = min(size, len(x))
    while True:
        order = torch.randperm(len(x), generator=generator)
        for at in range(0, len(x) - size + 1, size):
            yield x[order[at : at + size]]


def autoencoder(x, k, steps, batch, rate, schedule, seed):
    n = x.shape[1]
    sizes = [n, 50 * k, 100 * k, 100 * k, 50 * k, k]
    encoder = nn.Sequential(mlp(sizes, leaky(SLOPE)), nn.BatchNorm1d(k))
    decoder = mlp(sizes[::-1], leaky(SLOPE))
    parameters = [*encoder.parameters(), *decoder.parameters()]
    adam = torch.optim.Adam(parameters, lr=rate, fused=True)
    cycle = None
    if schedule == "one-cycle":
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            adam, rate, total_steps=steps, pct_start=RISE, div_factor=START, final_div_factor=FLOOR, cycle_momentum=False
        )
    rows = batches(x, batch, torch.Generator().manual_seed(seed))
    for _ in range(steps):
        part = next(rows)
        code = encoder(part)
        loss = (decoder(code) - part).square().mean() + 0.5 * code.square().sum(1).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        if cycle:
            cycle.step()
    encoder.eval()
    with torch.no_grad():
        return torch.cat([encoder(part) for part in x.split(4096)]).numpy()


class ExtraAdam:
    """Adam whose steps look ahead; all tensors at once, which is PyTorch's fastest way."""

    def __init__(self, parameters, rate):
        self.parameters, self.rate, self.steps = list(parameters), rate, 0
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def move(self, gradients, start, sign):
        self.steps += 1
        torch._foreach_lerp_(self.first, gradients, 1 - BETAS[0])
        torch._foreach_mul_(self.second, BETAS[1])
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - BETAS[1])
        size = torch._foreach_sqrt(self.second)
        torch._foreach_div_(size, (1 - BETAS[1] ** self.steps) ** 0.5)
        torch._foreach_add_(size, EPS)
        torch._foreach_copy_(self.parameters, start)
        torch._foreach_addcdiv_(self.parameters, self.first, size, sign * self.rate / (1 - BETAS[0] ** self.steps))


def stacks(codes, steps, batch, seed):
    n = codes.shape[1]
    sizes = [n, 10 * n, *[50 * n] * 4, 10 * n, n]
    encoder, decoder = nn.Sequential(mlp(sizes, nn.Identity), nn.BatchNorm1d(n)), mlp(sizes, nn.Identity)
    multiplier = torch.zeros(1)
    primal, dual = ExtraAdam([*encoder.parameters(), *decoder.parameters()], PRIMAL), ExtraAdam([multiplier], DUAL)
    rows, seconds = batches(codes, batch, torch.Generator().manual_seed(seed)), []
    for _ in range(steps):
        began, part = time.perf_counter(), next(rows)
        start, before = [p.detach().clone() for p in primal.parameters], multiplier.clone()
        for _ in ("ahead", "back"):
            z = encoder(part)
            defect = z.abs().mean() - BUDGET
            loss = (decoder(z) - part).square().mean() + multiplier[0] * defect
            primal.move(torch.autograd.grad(loss, primal.parameters), start, -1)
            dual.move([defect.detach().reshape(1)], [before], 1)
            multiplier.clamp_(min=0)
        seconds.append(time.perf_counter() - began)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("work", choices=["autoencoder", "stacks"])
    parser.add_argument("--latents", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch", type=int, default=6144)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--schedule", choices=["one-cycle", "constant"], default="constant")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    x = read(given.folder)
    if given.work == "stacks":
        print(json.dumps({"seconds": stacks(x, given.steps, given.batch, given.seed)}))
        return
    began = time.perf_counter()
    codes = autoencoder(x, given.latents, given.steps, given.batch, given.rate, given.schedule, given.seed)
    fit_seconds = time.perf_counter() - began
    np.save(given.out, codes)
    print(json.dumps({"fitSeconds": fit_seconds}))


main()
