"""Golden numbers of crates/numerics/src/multimodal, by NumPy in double precision, row by row, sharing no code with it.

Writes golden/multimodal.json: a density of three modalities at random parameters, the set of causes of every latent in every row, minus its
log density with the parts of it; and the loss of an autoencoder. Parameters are slices, laid out as the Rust sources say.

python3 golden/multimodal.py
"""

import json
import pathlib

import numpy as np

ROWS = 32
MODALITIES = [(3, 2), (2, 1), (1, 1)]  # numbers of the code, latents among them
LAYERS, UNITS, MECHANISM_UNITS, MOST = 2, 5, 4, 2
draw = np.random.default_rng(20261)


class Slice:
    """Parameters in order."""

    def __init__(self):
        self.values = []

    def take(self, *shape, scale=1.0):
        new = scale * draw.standard_normal(shape)
        self.values.append(new.reshape(-1))
        return new


def leaky(values):
    return np.where(values > 0, values, 0.1 * values)


def network(taken, widths):
    layers = [(taken.take(a, b, scale=0.7 / np.sqrt(a)), taken.take(b, scale=0.2)) for a, b in zip(widths, widths[1:])]

    def run(row):
        for number, (weights, bias) in enumerate(layers):
            row = row @ weights + bias
            row = leaky(row) if number + 1 < len(layers) else row
        return row

    return run


def flow(taken, width):
    maps = [np.eye(width) + taken.take(width, width, scale=0.4) for _ in range(LAYERS + 1)]
    taken.values[-(LAYERS + 1):] = [one.reshape(-1) for one in maps]
    shift = taken.take(width, scale=0.3)
    stay = (width + 1) // 2
    nets = [network(taken, [stay, UNITS, UNITS, 2 * (width - stay)]) for _ in range(LAYERS)] if width > stay else []

    def run(row):
        log_det = sum(np.log(abs(np.linalg.det(one))) for one in maps)
        for layer in range(LAYERS):
            row = row @ maps[layer]
            if nets:
                made = nets[layer](row[:stay])
                scale, move = 2 * np.tanh(made[: width - stay] / 2), made[width - stay :]
                row = np.concatenate([row[:stay], row[stay:] * np.exp(scale) + move])
                log_det += scale.sum()
        return row @ maps[LAYERS] + shift, log_det

    return run


taken = Slice()
flows = [flow(taken, width) for width, _ in MODALITIES]
d = sum(latents for _, latents in MODALITIES)
mechanisms = [None] + [network(taken, [2 * i, MECHANISM_UNITS, MECHANISM_UNITS, 1]) for i in range(1, d)]
base = taken.take(d, scale=0.3)
sets = [[s for s in range(2**i) if bin(s).count("1") <= MOST] for i in range(d)]
tables = [taken.take(len(of), scale=0.3) for of in sets]

codes = [draw.standard_normal((width, ROWS)) for width, _ in MODALITIES]
choice = np.stack([draw.integers(0, len(of), ROWS) for of in sets])
losses, log_dets, privates = np.zeros((d, ROWS)), np.zeros(ROWS), np.zeros(ROWS)
for row in range(ROWS):
    z = []
    for run, code, (_, latents) in zip(flows, codes, MODALITIES):
        out, log_det = run(code[:, row])
        z.extend(out[:latents])
        log_dets[row] += log_det
        privates[row] += (0.5 * out[latents:] ** 2 + 0.5 * np.log(2 * np.pi)).sum()
    for i in range(d):
        gates = np.array([sets[i][choice[i, row]] >> j & 1 for j in range(i)], float)
        mean = mechanisms[i](np.concatenate([gates * z[:i], gates]))[0] if gates.any() else 0.0
        log_sd = base[i] + tables[i][choice[i, row]]
        losses[i, row] = 0.5 * ((z[i] - mean) / np.exp(log_sd)) ** 2 + log_sd + 0.5 * np.log(2 * np.pi)

whitening, variances = 0.6 * draw.standard_normal((2, 5)), np.array([1.3, 0.4])
other = Slice()
encoder, decoder = network(other, [5, 6, 6, 2]), network(other, [2, 6, 6, 5])
inputs = draw.standard_normal((ROWS, 5))
code = np.stack([x @ whitening.T + encoder(x) for x in inputs])
back = np.stack([c @ (whitening * variances[:, None]) + decoder(c) for c in code])

golden = {
    "about": "python3 golden/multimodal.py, NumPy " + np.__version__,
    "rows": ROWS,
    "modalities": MODALITIES,
    "layers": LAYERS,
    "units": UNITS,
    "mechanismUnits": MECHANISM_UNITS,
    "mostCauses": MOST,
    "parameters": np.concatenate(taken.values).tolist(),
    "codes": [code.reshape(-1).tolist() for code in codes],
    "choice": choice.reshape(-1).tolist(),
    "losses": losses.reshape(-1).tolist(),
    "value": float((losses.sum(0) + privates - log_dets).mean()),
    "autoencoder": {
        "whitening": whitening.reshape(-1).tolist(),
        "variances": variances.tolist(),
        "units": 6,
        "parameters": np.concatenate(other.values).tolist(),
        "inputs": inputs.reshape(-1).tolist(),
        "codes": code.T.reshape(-1).tolist(),
        "left": float(((back - inputs) ** 2).sum() / (inputs**2).sum()),
    },
}
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(golden) + "\n")
