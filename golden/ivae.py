"""Loss terms and gradients of iVAE, iCaRL and their multi-task forms by PyTorch in double precision, from their formulas.

    python golden/ivae.py        # writes golden/ivae.json and golden/icarl.json

Needs numpy and torch (CPU). The derivatives of score matching come from one Hessian-vector product per latent, and the
divergence of Gaussians from torch.distributions: neither from the closed forms that are under test.
"""

import json
import pathlib

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

HERE = pathlib.Path(__file__).parent
ROWS, INPUTS, LATENTS, HIDDEN, VARIANCE, TASKS, TASK_DIM, STATISTICS = 11, 4, 3, [6, 5], 0.05, 3, 2, 7
rng = np.random.default_rng(20200604)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw_network(name, inputs, outputs, hidden):
    sizes = [inputs, *hidden, outputs]
    drawn = {}
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        drawn[f"{name}.{layer}.weight"] = rounded(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in))
        drawn[f"{name}.{layer}.bias"] = rounded(0.3 * rng.normal(size=fan_out))
    return drawn


def network(parameters, name, x):
    layers = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in parameters)
    for layer in range(layers):
        x = x @ parameters[f"{name}.{layer}.weight"] + parameters[f"{name}.{layer}.bias"]
        if layer + 1 < layers:
            x = torch.nn.functional.leaky_relu(x, 0.1)
    return x


def log_density(parameters, u, z, detached=False):
    p = {name: value.detach() for name, value in parameters.items()} if detached else parameters
    u = u.detach() if detached else u
    statistics = torch.tanh(z @ p["statistics.weight"] + p["statistics.bias"])
    natural = network(p, "prior.natural", u)
    linear, precision = natural[:, :LATENTS], torch.exp(natural[:, LATENTS:])
    return (statistics * network(p, "prior.coefficients", u)).sum(1) + (linear * z - 0.5 * precision * z**2).sum(1)


def score_matching(parameters, u, z):
    z = z.detach().requires_grad_()
    (score,) = torch.autograd.grad(log_density(parameters, u, z).sum(), z, create_graph=True)
    slopes = [torch.autograd.grad(score[:, j].sum(), z, create_graph=True)[0][:, j] for j in range(LATENTS)]
    return (torch.stack(slopes, 1) + 0.5 * score**2).sum(1).mean()


def terms_of(parameters, family, x, u, noise):
    mean, log_variance = network(parameters, "encoder.mean", x), network(parameters, "encoder.logVariance", x)
    sd = torch.exp(0.5 * log_variance)
    z = mean + sd * noise
    decoded = network(parameters, "decoder", z)
    # Without the constant of the density.
    terms = {"reconstruction": (0.5 * (x - decoded) ** 2 / VARIANCE).sum(1).mean()}
    if family == "gaussian":
        prior = Normal(torch.zeros_like(mean), torch.exp(0.5 * network(parameters, "prior.logVariance", u)))
        terms["kl"] = kl_divergence(Normal(mean, sd), prior).sum(1).mean()
    else:
        terms["prior"] = -(log_density(parameters, u, z, detached=True) + 0.5 * log_variance.sum(1)).mean()
        terms["score-matching"] = score_matching(parameters, u, z)
    return terms


def case(family, multitask, decoder):
    targets = rounded(rng.normal(size=(ROWS, 1 if multitask else 2)))
    if not multitask:
        targets[3, 1] = np.nan
    tasks = rng.integers(0, TASKS, ROWS) if multitask else np.array([], dtype=int)
    conditions = 1 + TASK_DIM if multitask else targets.shape[1]
    parameters = {
        **draw_network("encoder.mean", INPUTS, LATENTS, HIDDEN),
        **draw_network("encoder.logVariance", INPUTS, LATENTS, HIDDEN),
        **draw_network("decoder", LATENTS, INPUTS, HIDDEN if decoder == "mlp" else []),
    }
    if multitask:
        parameters["tasks"] = rounded(rng.normal(size=(TASKS, TASK_DIM)))
    if family == "gaussian":
        parameters |= draw_network("prior.logVariance", conditions, LATENTS, HIDDEN)
    else:
        parameters["statistics.weight"] = rounded(rng.normal(size=(LATENTS, STATISTICS)))
        parameters["statistics.bias"] = rounded(rng.normal(size=STATISTICS))
        parameters |= draw_network("prior.coefficients", conditions, STATISTICS, HIDDEN)
        parameters |= draw_network("prior.natural", conditions, 2 * LATENTS, HIDDEN)
    x, noise = rounded(rng.normal(size=(ROWS, INPUTS))), rounded(rng.normal(size=(ROWS, LATENTS)))
    p = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    y = torch.tensor(np.nan_to_num(targets))
    u = torch.cat([y, p["tasks"][torch.tensor(tasks)]], 1) if multitask else y
    terms = terms_of(p, family, torch.tensor(x), u, torch.tensor(noise))
    sum(terms.values()).backward()
    name = ("mt-" if multitask else "") + ("ivae" if family == "gaussian" else "icarl")
    options = {"method": name, "latentDim": LATENTS, "hidden": HIDDEN, "decoderVariance": VARIANCE, "decoder": decoder}
    options |= {"taskDim": TASK_DIM} if multitask else {}
    options |= {"statistics": STATISTICS} if family != "gaussian" else {}
    return {
        "options": options,
        "inputs": x.tolist(),
        "targets": [[None if np.isnan(v) else v for v in row] for row in targets],
        "tasks": tasks.tolist(),
        "noise": noise.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "terms": {name: value.item() for name, value in terms.items()},
        "gradients": {name: value.grad.ravel().tolist() for name, value in p.items()},
    }


for family, file in [("gaussian", "ivae"), ("exponential", "icarl")]:
    cases = [case(family, False, "mlp"), case(family, True, "linear")]
    (HERE / f"{file}.json").write_text(json.dumps(cases) + "\n")
