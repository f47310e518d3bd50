"""Loss terms and gradients of iVAE and iCaRL conditioned on environments, by NumPy in double precision, from their formulas.

    python golden/ivae_environments.py        # writes golden/ivae_environments.json

Needs numpy alone. Every gradient is a complex step, Im f(p + ih) / h with h = 1e-30: exact to rounding, and without any rule of
differentiation that could share a mistake with the code under test. What the objective detaches is left unperturbed.
"""

import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
ROWS, INPUTS, LATENTS, HIDDEN, VARIANCE, ENVIRONMENTS, STATISTICS = 13, 4, 3, [6, 5], 0.05, 4, 7
STEP = 1e-30
rng = np.random.default_rng(20201104)


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
            x = np.where(x.real > 0, x, 0.1 * x)
    return x


def density(p, u, z):
    """log p(z | u) without its normaliser, its gradient in z and the diagonal of its Hessian, by hand."""
    natural = network(p, "prior.natural", u)
    linear, precision = natural[:, :LATENTS], np.exp(natural[:, LATENTS:])
    w, t = p["statistics.weight"], np.tanh(z @ p["statistics.weight"] + p["statistics.bias"])
    coefficients = network(p, "prior.coefficients", u)
    value = (coefficients * t).sum(1) + (linear * z - precision * z**2 / 2).sum(1)
    first, second = 1 - t**2, -2 * t * (1 - t**2)
    gradient = (coefficients * first) @ w.T + linear - precision * z
    return value, gradient, (coefficients * second) @ (w**2).T - precision


def terms_of(p, frozen, family, x, u, noise):
    """The terms; `frozen` are the parameters where the objective does not see them move."""
    mean, log_variance = network(p, "encoder.mean", x), network(p, "encoder.logVariance", x)
    z = mean + np.exp(log_variance / 2) * noise
    terms = {"reconstruction": ((x - network(p, "decoder", z)) ** 2).sum(1).mean() / (2 * VARIANCE)}
    if family == "gaussian":
        location, scale = network(p, "prior.mean", u), network(p, "prior.logVariance", u)
        divergence = scale - log_variance + (np.exp(log_variance) + (mean - location) ** 2) / np.exp(scale) - 1
        terms["kl"] = divergence.sum(1).mean() / 2
    else:
        prior = {name: frozen[name] for name in p}
        terms["prior"] = -(density(prior, u, z)[0] + log_variance.sum(1) / 2).mean()
        still = network(frozen, "encoder.mean", x) + np.exp(network(frozen, "encoder.logVariance", x) / 2) * noise
        _, gradient, slopes = density(p, u, still)
        terms["score-matching"] = (slopes + gradient**2 / 2).sum(1).mean()
    return terms


def gradients_of(parameters, *arguments):
    gradients = {}
    for name, value in parameters.items():
        gradients[name] = []
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += 1j * STEP
            total = sum(terms_of({**parameters, name: moved}, parameters, *arguments).values())
            gradients[name].append(total.imag / STEP)
    return gradients


def check_density(parameters, u, z):
    """The derivatives by hand against central differences."""
    value, gradient, slopes = density(parameters, u, z)
    h = 1e-4
    for j in range(LATENTS):
        step = np.zeros(LATENTS)
        step[j] = h
        above, below = density(parameters, u, z + step)[0], density(parameters, u, z - step)[0]
        assert np.allclose((above - below) / (2 * h), gradient[:, j], atol=1e-6)
        assert np.allclose((above - 2 * value + below) / h**2, slopes[:, j], atol=1e-5)


def case(family, decoder):
    nodes = np.concatenate([np.arange(ENVIRONMENTS), rng.integers(0, ENVIRONMENTS, ROWS - ENVIRONMENTS)])
    u = np.eye(ENVIRONMENTS)[nodes]
    parameters = {
        **draw_network("encoder.mean", INPUTS, LATENTS, HIDDEN),
        **draw_network("encoder.logVariance", INPUTS, LATENTS, HIDDEN),
        **draw_network("decoder", LATENTS, INPUTS, HIDDEN if decoder == "mlp" else []),
    }
    if family == "gaussian":
        parameters |= draw_network("prior.mean", ENVIRONMENTS, LATENTS, HIDDEN)
        parameters |= draw_network("prior.logVariance", ENVIRONMENTS, LATENTS, HIDDEN)
    else:
        parameters["statistics.weight"] = rounded(rng.normal(size=(LATENTS, STATISTICS)))
        parameters["statistics.bias"] = rounded(rng.normal(size=STATISTICS))
        parameters |= draw_network("prior.coefficients", ENVIRONMENTS, STATISTICS, HIDDEN)
        parameters |= draw_network("prior.natural", ENVIRONMENTS, 2 * LATENTS, HIDDEN)
        check_density(parameters, u, rng.normal(size=(ROWS, LATENTS)))
    x, noise = rounded(rng.normal(size=(ROWS, INPUTS))), rounded(rng.normal(size=(ROWS, LATENTS)))
    options = {
        "method": "ivae" if family == "gaussian" else "icarl",
        "latentDim": LATENTS,
        "hidden": HIDDEN,
        "decoderVariance": VARIANCE,
        "decoder": decoder,
    }
    options |= {"statistics": STATISTICS} if family != "gaussian" else {}
    return {
        "options": options,
        "inputs": x.tolist(),
        "targets": [],
        "tasks": [],
        "environments": nodes.tolist(),
        "noise": noise.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "terms": terms_of(parameters, parameters, family, x, u, noise),
        "gradients": gradients_of(parameters, family, x, u, noise),
    }


if __name__ == "__main__":
    cases = [case("gaussian", "mlp"), case("exponential", "linear")]
    (HERE / "ivae_environments.json").write_text(json.dumps(cases) + "\n")
