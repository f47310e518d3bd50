"""The codes of an untrained encoder by PyTorch in double precision, scaled to unit variance.

    python golden/random_encoder.py        # writes golden/random_encoder.json

Needs numpy and torch (CPU).
"""

import json
import pathlib

import numpy as np
import torch

ROWS, SIZES = 30, [4, 6, 5, 3]
rng = np.random.default_rng(20071203)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


inputs = rounded(rng.normal(size=(ROWS, SIZES[0])))
code, parameters = torch.tensor(inputs), {}
for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
    weight, bias = rounded(rng.normal(size=(fan_in, fan_out))), rounded(rng.normal(size=fan_out))
    parameters |= {f"encoder.{layer}.weight": weight.ravel().tolist(), f"encoder.{layer}.bias": bias.tolist()}
    code = torch.nn.functional.linear(code, torch.tensor(weight).T, torch.tensor(bias))
    if layer + 2 < len(SIZES):
        code = torch.nn.functional.leaky_relu(code, 0.01)
golden = {
    "inputs": inputs.tolist(),
    "hidden": SIZES[1:-1],
    "parameters": parameters,
    "latents": (code / code.std(0, correction=0)).tolist(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
