"""The published variational autoencoder of latent additive noise models in PyTorch, on a data set folder: the networks, batches and
optimizer of `algorithm: "paper"`. Prints one JSON object with the MCC on all rows on the way."""
import argparse
import json
import os
import time

import numpy as np
import torch
from measures import mcc
from torch import nn

UNITS, SLOPE, VARIANCE, SPARSITY, BATCH, RATE, CLIP = 128, 0.2, 0.01, 1e-3, 512, 1e-3, 5.0
POINTS = 10


def read(folder):
    with open(os.path.join(folder, "dataset.json")) as file:
        card = json.load(file)
    load = lambda part: np.load(os.path.join(folder, part["file"]))
    environments = load(card["labels"]["environment"]).astype(np.int64).ravel()
    return load(card["inputs"]), environments, load(card["truth"]["latents"])


def network(inputs, outputs):
    layers = [nn.Linear(inputs, UNITS), nn.LeakyReLU(SLOPE), nn.Linear(UNITS, UNITS), nn.LeakyReLU(SLOPE)]
    net = nn.Sequential(*layers, nn.Linear(UNITS, outputs))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    return net


def log_normal(x, mean, log_variance):
    return -0.5 * (np.log(2 * np.pi) + log_variance + (x - mean) ** 2 * torch.exp(-log_variance)).sum(1)


class Published(nn.Module):
    def __init__(self, inputs, k, environments):
        super().__init__()
        self.k, self.pairs = k, k * (k - 1) // 2
        self.mean, self.log_variance, self.decoder = network(inputs, k), network(inputs, k), network(k, inputs)
        self.posterior = nn.ModuleList([network(i, 1) for i in range(1, k)])
        self.prior = nn.ModuleList([network(i, 1) for i in range(1, k)])
        self.posterior_scales = nn.Parameter(0.1 * torch.randn(1, self.pairs))
        self.environments = network(environments, self.pairs + 2 * k)
        self.register_buffer("indicators", torch.eye(environments))

    def scales(self, table, i):
        first = i * (i - 1) // 2
        return table[:, first : first + i]

    def chain(self, noise):
        z = noise[:, :1]
        for i in range(1, self.k):
            mean = self.posterior[i - 1](self.scales(self.posterior_scales, i) * z)
            z = torch.cat([z, mean + noise[:, i : i + 1]], 1)
        return z

    def loss(self, x, u):
        mean, log_variance = self.mean(x), self.log_variance(x)
        noise = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        z = self.chain(noise)
        told = self.environments(self.indicators)
        scales, centers, spreads = told.split([self.pairs, self.k, self.k], 1)
        rows, expected = scales[u], [centers[u][:, :1]]
        for i in range(1, self.k):
            expected.append(self.prior[i - 1](self.scales(rows, i) * z[:, :i]) + centers[u][:, i : i + 1])
        prior = log_normal(z, torch.cat(expected, 1), spreads[u])
        fit = ((x - self.decoder(z)) ** 2).sum(1) / (2 * VARIANCE)
        penalty = SPARSITY * (scales.abs().sum(1).mean() + self.posterior_scales.abs().sum())
        return (fit - prior + log_normal(noise, mean, log_variance)).mean() + penalty


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("folder")
    flags.add_argument("--steps", type=int, required=True)
    flags.add_argument("--threads", type=int, default=1)
    flags.add_argument("--seed", type=int, default=0)
    given = flags.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    x, u, z = read(given.folder)
    rng = np.random.default_rng(given.seed)
    # Half of the rows are for training, as there.
    train = torch.from_numpy(np.sort(rng.permutation(len(x))[: len(x) // 2]))
    x = torch.from_numpy((x - x.mean(0)) / x.std(0)).float()
    u = torch.from_numpy(u)
    model = Published(x.shape[1], z.shape[1], int(u.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    seconds, curve = 0.0, []
    order, at = train[torch.randperm(len(train))], 0
    for point in range(POINTS):
        began = time.perf_counter()
        steps = given.steps * (point + 1) // POINTS - given.steps * point // POINTS
        for _ in range(steps):
            if at + BATCH > len(order):
                order, at = train[torch.randperm(len(train))], 0
            rows, at = order[at : at + BATCH], at + BATCH
            loss = model.loss(x[rows], u[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
        seconds += time.perf_counter() - began
        with torch.no_grad():
            codes = model.chain(model.mean(x)).numpy()
        curve.append({"step": given.steps * (point + 1) // POINTS, "seconds": seconds, "mcc": mcc(z, codes)})
    print(json.dumps({"fitSeconds": seconds, "mcc": curve[-1]["mcc"], "curve": curve}))


if __name__ == "__main__":
    main()
