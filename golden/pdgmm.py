"""Golden numbers of pdgmm: contrasts of planes, expectation maximisation of a spike and a slab, and the flow's loss, from their
formulas in PyTorch (double precision, gradients by autograd) and NumPy.

Writes golden/pdgmm.json. All inputs and parameters are single-precision numbers, so that both sides compute with the same ones.
"""

import json
from pathlib import Path

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(6)
K, ROWS, LAYERS, HIDDEN, NOISE = 3, 200, 2, 5, 0.2


def single(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def silent_rows():
    latents = rng.standard_normal((ROWS, K)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -0.4], [0.0, 0.0, 1.0]])
    latents[rng.random((ROWS, K)) < 0.5] = 0.3
    codes = latents @ rng.standard_normal((K, K))
    return single((codes - codes.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(codes.T)).T))


def with_gradient(value, *inputs):
    return [value.item(), *[g.tolist() for g in torch.autograd.grad(value, inputs)]]


def contrasts(x):
    w = single(rng.standard_normal((K, K)))
    w = torch.tensor(single(w / np.linalg.norm(w, axis=1, keepdims=True)), requires_grad=True)
    centres, sizes, widths = single([0.1, -0.2, 0.3]), single([0.7, 0.5, 0.9]), single([0.3, 0.05, 1.1])
    repulsion = 0.25
    y = torch.tensor(x) @ w.T
    d, h = (y - torch.tensor(centres)).abs(), torch.tensor(widths)
    rho = torch.where(d < h, 0.5 * (d**2 / h + h), d)
    volume = torch.linalg.slogdet(w)[1]
    value, gradient = with_gradient((rho.mean(0) / torch.tensor(sizes)).sum() - repulsion * volume, w)
    sharp = {"centres": centres.tolist(), "sizes": sizes.tolist(), "widths": widths.tolist()}
    sharp |= {"objective": value, "gradient": gradient}
    parts = {
        "spike": {"mean": [0.3, -0.1, 0.0], "sd": [0.1, 0.4, 0.2], "weight": [0.4, 0.6, 0.1]},
        "slab": {"mean": [0.0, 0.2, -0.5], "sd": [1.0, 1.2, 0.8]},
    }
    y = torch.tensor(x) @ w.T
    normal = lambda part: torch.distributions.Normal(torch.tensor(part["mean"]), torch.tensor(part["sd"])).log_prob(y)
    share = torch.tensor(parts["spike"]["weight"])
    density = torch.logaddexp(share.log() + normal(parts["spike"]), (1 - share).log() + normal(parts["slab"]))
    value, gradient = with_gradient(-density.mean(0).sum() - repulsion * torch.linalg.slogdet(w)[1], w)
    spikes = parts | {"objective": value, "gradient": gradient}
    return {"w": w.tolist(), "repulsion": repulsion, "sharp": sharp, "spikes": spikes}


def expectation_maximisation():
    values = np.concatenate([0.5 + 0.1 * rng.standard_normal(60), rng.standard_normal(90)])
    b, s, share, c, t, least = 0.2, 0.3, 0.35, 0.1, 1.3, 0.01
    normal = lambda m, sd: np.exp(-0.5 * ((values - m) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    spike, slab = share * normal(b, s), (1 - share) * normal(c, t)
    r = spike / (spike + slab)
    part = lambda q: [np.average(values, weights=q), np.sqrt(np.cov(values, aweights=q, ddof=0))]
    after = {"spike": [*part(r), r.mean()], "slab": part(1 - r)}
    before = {"spike": [b, s, share], "slab": [c, t], "least": least}
    return {"values": values.tolist(), "before": before, "after": after, "density": np.log(spike + slab).mean()}


def flow(x):
    """Two affine couplings in rotations that are undone, rows W, and a spike and a slab in each latent."""
    passing = K // 2
    shapes = {}
    for i in range(LAYERS):
        sizes = [passing, HIDDEN, HIDDEN, 2 * (K - passing)]
        for j, (a, b) in enumerate(zip(sizes, sizes[1:])):
            shapes |= {f"flow.{i}.{j}.weight": (a, b), f"flow.{i}.{j}.bias": (b,)}
    shapes |= {"planes.weight": (K, K), "planes.shift": (K,)}
    shapes |= {name: (K,) for name in ["slab.mean", "slab.logSd", "spike.logSd", "spike.logit"]}
    parameters = {name: single(0.5 * rng.standard_normal(shape)) for name, shape in shapes.items()}
    parameters["planes.weight"] = single(parameters["planes.weight"] + np.eye(K))
    parameters["spike.logSd"] = single([-2.0, -0.5, -0.1])  # The first lies below the least width.
    buffers = {f"flow.{i}.turn": single(np.linalg.qr(rng.standard_normal((K, K)))[0]) for i in range(LAYERS)}
    p = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    h, volume = torch.tensor(x), 0.0
    for i in range(LAYERS):
        u = h @ torch.tensor(buffers[f"flow.{i}.turn"])
        raw = u[:, :passing]
        for j in range(3):
            raw = raw @ p[f"flow.{i}.{j}.weight"] + p[f"flow.{i}.{j}.bias"]
            raw = torch.nn.functional.leaky_relu(raw, 0.02) if j < 2 else raw
        scale, shift = raw[:, : K - passing], raw[:, K - passing :]
        scale = 0.5 * torch.tanh(scale / 0.5)
        u = torch.cat([u[:, :passing], u[:, passing:] * scale.exp() + shift], 1)
        h, volume = u @ torch.tensor(buffers[f"flow.{i}.turn"]).T, volume + scale.sum(1)
    z = h @ p["planes.weight"].T + p["planes.shift"]
    normal = lambda mean, log_sd: torch.distributions.Normal(mean, log_sd.exp()).log_prob(z)
    least = torch.tensor(np.log(1.5 * NOISE))
    spike = torch.nn.functional.logsigmoid(p["spike.logit"]) + normal(
        torch.zeros(K), torch.maximum(p["spike.logSd"], least)
    )
    slab = torch.nn.functional.logsigmoid(-p["spike.logit"]) + normal(p["slab.mean"], p["slab.logSd"])
    volume = volume.mean() + torch.linalg.slogdet(p["planes.weight"])[1]
    density = -(torch.logaddexp(spike, slab).sum(1).mean() + volume)
    centred = z - z.mean(0)
    c = centred.T @ centred / ROWS + 1e-6 * torch.eye(K)
    correlation = -0.9 * 0.5 * (torch.diagonal(c).log().sum() - torch.linalg.slogdet(c)[1])
    gradients = torch.autograd.grad(density + correlation, list(p.values()))
    return {
        "layers": LAYERS,
        "hidden": HIDDEN,
        "noise": NOISE,
        "parameters": {name: np.ravel(value).tolist() for name, value in (parameters | buffers).items()},
        "terms": {"density": density.item(), "correlation": correlation.item()},
        "gradients": {name: g.flatten().tolist() for name, g in zip(p, gradients)},
    }


def main():
    x = silent_rows()
    golden = {"rows": x.tolist(), **contrasts(x), "mixture": expectation_maximisation(), "flow": flow(x)}
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
