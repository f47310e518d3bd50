"""Loss terms and gradients of VaDE by PyTorch in double precision, from the formulas of the paper.

    python golden/vade.py        # writes golden/vade.json

Needs numpy and torch (CPU). The divergence of the joint posterior of latents and components is the expectation of
log-densities by torch.distributions, with the squared distance of a Gaussian from a Gaussian added by hand; neither the
expanded squares nor the log-sum-exp that are under test.
"""

import json
import pathlib

import numpy as np
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

HERE = pathlib.Path(__file__).parent
ROWS, INPUTS, LATENTS, COMPONENTS, HIDDEN, VARIANCE = 9, 4, 3, 5, [6, 7], 0.3
rng = np.random.default_rng(20170819)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw_network(name, sizes):
    drawn = {}
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        drawn[f"{name}.{layer}.weight"] = rounded(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in))
        drawn[f"{name}.{layer}.bias"] = rounded(0.3 * rng.normal(size=fan_out))
    return drawn


def network(parameters, name, x):
    for layer in range(len(HIDDEN) + 1):
        x = x @ parameters[f"{name}.{layer}.weight"] + parameters[f"{name}.{layer}.bias"]
        if layer < len(HIDDEN):
            x = torch.relu(x)
    return x


def terms_of(p, x, noise):
    moments = network(p, "encoder", x)
    mean, sd = moments[:, :LATENTS], torch.exp(0.5 * moments[:, LATENTS:])
    z = mean + sd * noise
    weights = Categorical(logits=p["mixture.logits"])
    components = Normal(p["mixture.mean"].T, torch.exp(0.5 * p["mixture.logVariance"].T))
    prior = MixtureSameFamily(weights, Independent(components, 1))
    joint = weights.logits + components.log_prob(z[:, None, :]).sum(-1)
    responsibilities = torch.exp(joint - prior.log_prob(z)[:, None])
    of_latents = kl_divergence(Normal(mean[:, None, :], sd[:, None, :]), components).sum(-1)
    of_components = torch.log(responsibilities) - weights.logits
    return {
        "reconstruction": ((x - network(p, "decoder", z)) ** 2 / (2 * VARIANCE)).sum(1).mean(),
        "kl": (responsibilities * (of_latents + of_components)).sum(1).mean(),
    }


parameters = {
    **draw_network("encoder", [INPUTS, *HIDDEN, 2 * LATENTS]),
    **draw_network("decoder", [LATENTS, *HIDDEN[::-1], INPUTS]),
    "mixture.logits": rounded(rng.normal(size=COMPONENTS)),
    "mixture.mean": rounded(rng.normal(size=(LATENTS, COMPONENTS))),
    "mixture.logVariance": rounded(rng.normal(size=(LATENTS, COMPONENTS))),
}
x, noise = rounded(rng.normal(size=(ROWS, INPUTS))), rounded(rng.normal(size=(ROWS, LATENTS)))
p = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
terms = terms_of(p, torch.tensor(x), torch.tensor(noise))
sum(terms.values()).backward()
golden = {
    "options": {"latentDim": LATENTS, "components": COMPONENTS, "hidden": HIDDEN, "decoderVariance": VARIANCE},
    "inputs": x.tolist(),
    "noise": noise.tolist(),
    "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
    "terms": {name: value.item() for name, value in terms.items()},
    "gradients": {name: value.grad.ravel().tolist() for name, value in p.items()},
}
(HERE / "vade.json").write_text(json.dumps(golden) + "\n")
