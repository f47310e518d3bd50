"""Loss terms and gradients of the VAE and the beta-VAE by NumPy in double precision, from their formulas.

    python golden/vae.py        # writes golden/vae.json

Needs numpy alone. Networks and complex steps are those of ivae_environments.py; the divergence from N(0, I) is written out as the
expectation of log q - log p under q, from the moments of q.
"""

import json
import pathlib

import numpy as np

from ivae_environments import HIDDEN, INPUTS, LATENTS, ROWS, STEP, VARIANCE, draw_network, network, rounded

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20131220)


def terms_of(p, beta, x, noise):
    mean, log_variance = network(p, "encoder.mean", x), network(p, "encoder.logVariance", x)
    z = mean + np.exp(log_variance / 2) * noise
    # E (z - m)^2 / v = 1 and E z^2 = m^2 + v; the constants of both densities cancel.
    log_q = -(log_variance + 1) / 2
    log_p = -(mean**2 + np.exp(log_variance)) / 2
    return {
        "reconstruction": ((x - network(p, "decoder", z)) ** 2).sum(1).mean() / (2 * VARIANCE),
        "kl": beta * (log_q - log_p).sum(1).mean(),
    }


def gradients_of(parameters, *arguments):
    gradients = {}
    for name, value in parameters.items():
        gradients[name] = []
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += 1j * STEP
            gradients[name].append(sum(terms_of({**parameters, name: moved}, *arguments).values()).imag / STEP)
    return gradients


def case(beta, decoder):
    parameters = {
        **draw_network("encoder.mean", INPUTS, LATENTS, HIDDEN),
        **draw_network("encoder.logVariance", INPUTS, LATENTS, HIDDEN),
        **draw_network("decoder", LATENTS, INPUTS, HIDDEN if decoder == "mlp" else []),
    }
    x, noise = rounded(rng.normal(size=(ROWS, INPUTS))), rounded(rng.normal(size=(ROWS, LATENTS)))
    options = {"method": "vae", "beta": beta, "latentDim": LATENTS, "hidden": HIDDEN, "decoderVariance": VARIANCE}
    return {
        "options": {**options, "decoder": decoder},
        "inputs": x.tolist(),
        "targets": [],
        "tasks": [],
        "environments": [],
        "noise": noise.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "terms": terms_of(parameters, beta, x, noise),
        "gradients": gradients_of(parameters, beta, x, noise),
    }


if __name__ == "__main__":
    cases = [case(1, "mlp"), case(4, "linear")]
    (HERE / "vae.json").write_text(json.dumps(cases) + "\n")
