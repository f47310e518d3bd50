"""What the output of VaDE's decoder does to its latents: `vade` as it is by default, in PyTorch, ending linearly or in a sigmoid.

    disentangle simulate silent-world --latents 5 --rows 60000 --seed 7001 --out world
    python benchmark/torch/vade.py world

Written from the formulas of the paper (https://arxiv.org/abs/1611.05148). Inputs are standardised, as `vade` takes them; the first 80 % of the
rows are trained on, the rest is scored. Prints a line for each output: MCC, R2 of the true latents on the latents found, and the share of the
inputs' variance that the decoder gives back. Needs numpy, scipy, torch.
"""

import argparse
import math
import pathlib

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

STEPS, BATCH, RATE, HIDDEN, PER_LATENT = 3000, 256, 1e-3, 256, 5


def network(inputs, outputs):
    return nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs)
    )


class Vade(nn.Module):
    def __init__(self, inputs, latents, output):
        super().__init__()
        components = PER_LATENT * latents
        self.encoder, self.decoder = network(inputs, 2 * latents), network(latents, inputs)
        self.output = output
        self.logits = nn.Parameter(torch.zeros(components))
        self.mean = nn.Parameter(torch.randn(components, latents))
        self.log_variance = nn.Parameter(torch.randn(components, latents))

    def decode(self, z):
        x = self.decoder(z)
        return torch.sigmoid(x) if self.output == "sigmoid" else x

    def loss(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        reconstruction = ((x - self.decode(z)) ** 2).sum(1)
        prior = torch.log_softmax(self.logits, 0)

        def joint(first, second):
            squares = second[:, None, :] - 2 * first[:, None, :] * self.mean + self.mean**2
            return prior - 0.5 * (squares * torch.exp(-self.log_variance) + self.log_variance).sum(2)

        responsibilities = torch.log_softmax(joint(z, z**2), 1)
        expected = joint(mean, mean**2 + torch.exp(log_variance))
        kl = (responsibilities.exp() * (responsibilities - expected)).sum(1) - 0.5 * (1 + log_variance).sum(1)
        return (reconstruction + kl).mean()


def fitted(x, latents, output, seed):
    torch.manual_seed(seed)
    model = Vade(x.shape[1], latents, output)
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    rate = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: max(1e-3, 0.5 + 0.5 * math.cos(math.pi * step / STEPS)))
    for _ in range(STEPS):
        loss = model.loss(x[torch.randint(len(x), (BATCH,))])
        adam.zero_grad()
        loss.backward()
        adam.step()
        rate.step()
    return model


def scores(z, found):
    k = z.shape[1]
    correlation = np.abs(np.nan_to_num(np.corrcoef(z, found, rowvar=False)[:k, k:]))
    rows, columns = linear_sum_assignment(-correlation)
    centred, target = found - found.mean(0), z - z.mean(0)
    residual = target - centred @ np.linalg.lstsq(centred, target, rcond=1e-9)[0]
    return correlation[rows, columns].mean(), (1 - (residual**2).sum(0) / (target**2).sum(0)).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    x = np.load(options.world / "inputs.npy").astype(np.float64)
    z = np.load(options.world / "truth" / "latents.npy").astype(np.float64)
    x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
    training = int(0.8 * len(x))
    for output in ["linear", "sigmoid"]:
        model = fitted(x[:training], z.shape[1], output, options.seed)
        with torch.no_grad():
            found = model.encoder(x[training:])[:, : z.shape[1]]
            explained = 1 - ((x[training:] - model.decode(found)) ** 2).mean() / x[training:].var()
        mcc, r2 = scores(z[training:], found.double().numpy())
        print(f"{output}: MCC {mcc:.3f}, R2 {r2:.3f}, reconstruction {explained:.3f}")


if __name__ == "__main__":
    main()
