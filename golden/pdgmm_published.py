"""The published procedure of pdGMM by PyTorch in double precision: the autoencoder of stage 1, and stage 2 with every layer of
its stacks run on every row, its Lagrangian and three steps of ExtraAdam.

    python golden/pdgmm_published.py        # writes golden/pdgmm_published.json

Needs numpy and torch (CPU).
"""

import json
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
BETAS, EPS = (0.9, 0.999), 1e-8
torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20260413)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return torch.tensor(np.asarray(values, dtype=np.float32).astype(np.float64))


def layers(sizes, slope):
    """Dense layers whose signal neither grows nor fades; LeakyReLU between them unless the slope is 1."""
    modules = []
    for a, b in zip(sizes, sizes[1:]):
        layer = nn.Linear(a, b)
        layer.weight.data = rounded(rng.standard_normal((b, a)) / np.sqrt(a))
        layer.bias.data = rounded(0.3 * rng.standard_normal(b))
        modules += [layer] if slope == 1 else [layer, nn.LeakyReLU(slope)]
    return nn.Sequential(*(modules if slope == 1 else modules[:-1]))


def norm(n):
    module = nn.BatchNorm1d(n)
    module.weight.data, module.bias.data = rounded(rng.uniform(0.5, 1.5, n)), rounded(rng.standard_normal(n))
    return module


def named(parts):
    """Parameters by the names of this project."""
    out = {}
    for name, part in parts.items():
        if isinstance(part, nn.BatchNorm1d):
            out |= {f"{name}.scale": part.weight, f"{name}.shift": part.bias}
            continue
        for i, layer in enumerate(m for m in part if isinstance(m, nn.Linear)):
            out |= {f"{name}.{i}.weight": layer.weight, f"{name}.{i}.bias": layer.bias}
    return out


def flat(tensor):
    """Row-major in this project's order: weights lie as (inputs, outputs)."""
    return [float(v) for v in (tensor.T if tensor.dim() == 2 else tensor).detach().ravel()]


def values(parameters, pick=lambda p: p):
    return {name: flat(pick(p)) for name, p in parameters.items()}


def statistics(module):
    return {"mean": flat(module.running_mean), "variance": flat(module.running_var)}


def autoencoder(rows=9, inputs=3, latents=2, width=2):
    sizes = [inputs, *(width * latents * t for t in (1, 2, 2, 1)), latents]
    encoder, decoder, code_norm = layers(sizes, 0.02), layers(sizes[::-1], 0.02), norm(latents)
    parts = {"autoencoder.encoder": encoder, "autoencoder.decoder": decoder, "autoencoder.norm": code_norm}
    parameters = named(parts)
    x = rounded(rng.standard_normal((rows, inputs)))
    before = values(parameters)
    code = code_norm(encoder(x))
    terms = {
        "reconstruction": (decoder(code) - x).square().mean(),
        "prior": 0.5 * code.square().sum(1).mean(),
    }
    sum(terms.values()).backward()
    code_norm.eval()
    return {
        "inputs": x.tolist(),
        "latents": latents,
        "width": width,
        "parameters": before,
        "terms": {name: term.item() for name, term in terms.items()},
        "gradients": values(parameters, lambda p: p.grad),
        "statistics": statistics(code_norm),
        "codes": code_norm(encoder(x)).tolist(),
    }


class Adam:
    """One direction of Adam for a list of tensors; every call counts as a step."""

    def __init__(self, count):
        self.first, self.second, self.steps = [0.0] * count, [0.0] * count, 0

    def directions(self, gradients):
        self.steps += 1
        out = []
        for i, g in enumerate(gradients):
            self.first[i] = BETAS[0] * self.first[i] + (1 - BETAS[0]) * g
            self.second[i] = BETAS[1] * self.second[i] + (1 - BETAS[1]) * g * g
            mean = self.first[i] / (1 - BETAS[0] ** self.steps)
            out.append(mean / ((self.second[i] / (1 - BETAS[1] ** self.steps)) ** 0.5 + EPS))
        return out


def extra_adam(parameters, evaluate, lr, multiplier_lr, steps):
    """Gradients at the point, a look ahead, gradients there, and the move from the point; the multiplier climbs alike."""
    primal, dual, multiplier, history = Adam(len(parameters)), Adam(1), 0.0, []
    for _ in range(steps):
        origin = [p.detach().clone() for p in parameters], multiplier
        for _ in ("ahead", "back"):
            loss, violation = evaluate()
            gradients = torch.autograd.grad(loss + multiplier * violation, parameters)
            moves = primal.directions(gradients)
            (climb,) = dual.directions([violation.detach()])
            with torch.no_grad():
                for p, start, move in zip(parameters, origin[0], moves):
                    p.copy_(start - lr * move)
            multiplier = max(0.0, origin[1] + multiplier_lr * climb.item())
        history.append({"loss": loss.item(), "violation": violation.item(), "multiplier": multiplier})
    return history


def stacks(rows=12, n=2, width=5, budget=0.25, multiplier=0.7):
    sizes = [n, width // 5 * n, *[width * n] * 4, width // 5 * n, n]
    g, f, code_norm = layers(sizes, 1), layers(sizes, 1), norm(n)
    parameters = named({"stacks.encoder": g, "stacks.decoder": f, "stacks.norm": code_norm})
    codes = rounded(rng.standard_normal((rows, n)))
    before = values(parameters)

    def evaluate():
        z = code_norm(g(codes))
        return (f(z) - codes).square().mean(), z.abs().mean() - budget

    reconstruction, sparsity = evaluate()
    (reconstruction + multiplier * sparsity).backward()
    gradients = values(parameters, lambda p: p.grad)
    code_norm.eval()
    origin = code_norm(g(torch.zeros(1, n)))
    merged = {"map": (code_norm(g(torch.eye(n))) - origin).T.tolist(), "offset": flat(origin[0])}
    first = statistics(code_norm)
    code_norm.train()
    code_norm.reset_running_stats()
    lr, multiplier_lr = 1e-2, 5e-2
    history = extra_adam(list(parameters.values()), evaluate, lr, multiplier_lr, 3)
    return {
        "codes": codes.tolist(),
        "width": width,
        "budget": budget,
        "parameters": before,
        "multiplier": multiplier,
        "terms": {"reconstruction": reconstruction.item(), "sparsity": sparsity.item()},
        "gradients": gradients,
        "statistics": first,
        "merged": merged,
        "descent": {
            "learningRate": lr,
            "multiplierLearningRate": multiplier_lr,
            "history": history,
            "parameters": values(parameters),
            "statistics": statistics(code_norm),
        },
    }


golden = {"autoencoder": autoencoder(), "stacks": stacks()}
(HERE / "pdgmm_published.json").write_text(json.dumps(golden) + "\n")
