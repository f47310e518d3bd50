"""Loss and gradients of multimodal contrastive learning by NumPy in double precision, pair by pair.

    python golden/mcl.py        # writes golden/mcl.json

Needs numpy alone. Scores are computed one pair at a time, the softmax as it is written; gradients are complex steps (see
ivae_environments.py).
"""

import json
import pathlib

import numpy as np

from ivae_environments import STEP, draw_network, network, rounded

HERE = pathlib.Path(__file__).parent
ROWS, VIEWS, LATENTS, HIDDEN = 7, [3, 4], 2, [6, 5]
rng = np.random.default_rng(20230316)


def loss_of(p, temperature, x):
    a = network(p, "encoder.0", x[:, : VIEWS[0]])
    b = network(p, "encoder.1", x[:, VIEWS[0] :])
    similar = np.array([[np.exp(-((a[i] - b[j]) ** 2).sum() / temperature) for j in range(ROWS)] for i in range(ROWS)])
    forward = [-np.log(similar[i, i] / (similar[i].sum() / ROWS)) for i in range(ROWS)]
    backward = [-np.log(similar[j, j] / (similar[:, j].sum() / ROWS)) for j in range(ROWS)]
    return (sum(forward) + sum(backward)) / (2 * ROWS)


def case(temperature):
    parameters = {
        **draw_network("encoder.0", VIEWS[0], LATENTS, HIDDEN),
        **draw_network("encoder.1", VIEWS[1], LATENTS, HIDDEN),
    }
    x = rounded(rng.normal(size=(ROWS, sum(VIEWS))))
    gradients = {}
    for name, value in parameters.items():
        gradients[name] = []
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += 1j * STEP
            gradients[name].append(loss_of({**parameters, name: moved}, temperature, x).imag / STEP)
    return {
        "options": {"latentDim": LATENTS, "hidden": HIDDEN, "temperature": temperature},
        "views": VIEWS,
        "inputs": x.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "contrast": loss_of(parameters, temperature, x),
        "gradients": gradients,
    }


if __name__ == "__main__":
    (HERE / "mcl.json").write_text(json.dumps([case(1), case(0.3)]) + "\n")
