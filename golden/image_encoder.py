"""Codes, images and gradients of the image networks by NumPy in double precision, from the definition of a convolution.

    python golden/image_encoder.py        # writes golden/image_encoder.json

Needs numpy alone. A convolution is a sum over every window of the padded image, its transpose puts every entry back into the window that
it came from. Every gradient is a complex step, Im f(p + ih) / h with h = 1e-30.
"""

import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
ROWS, SLOPE, STEP = 2, 0.1, 1e-30
rng = np.random.default_rng(20190612)


def rounded(values):
    """Values with few digits, so that the file stays small; both sides begin with the same numbers."""
    return np.round(np.asarray(values, dtype=np.float64), 4)


def leaky(x):
    return np.where(x.real > 0, x, SLOPE * x)


def convolution(x, kernel, bias):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    n, _, height, width = x.shape
    out = np.zeros((n, len(kernel), height // 2, width // 2), complex)
    for i in range(height // 2):
        for j in range(width // 2):
            window = padded[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
            out[:, :, i, j] = np.tensordot(window, kernel, ((1, 2, 3), (1, 2, 3))) + bias
    return out


def transposed(x, kernel, bias, size):
    n, _, height, width = x.shape
    padded = np.zeros((n, kernel.shape[1], size[0] + 2, size[1] + 2), complex)
    for i in range(height):
        for j in range(width):
            padded[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += np.tensordot(x[:, :, i, j], kernel, (1, 0))
    return padded[:, :, 1:-1, 1:-1] + bias[:, None, None]


def dense(p, name, x, activate_last):
    layers = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in p)
    for layer in range(layers):
        x = x @ p[f"{name}.{layer}.weight"] + p[f"{name}.{layer}.bias"]
        if activate_last or layer + 1 < layers:
            x = leaky(x)
    return x


def encode(p, images, stages):
    x = images.reshape(len(images), *stages[0])
    for i in range(len(stages) - 1):
        x = leaky(convolution(x, p[f"encoder.convolution.{i}.weight"], p[f"encoder.convolution.{i}.bias"]))
    return dense(p, "encoder.dense", x.reshape(len(x), -1), False)


def decode(p, codes, stages):
    back = stages[::-1]
    x = dense(p, "decoder.dense", codes, True).reshape(len(codes), *back[0])
    for i in range(len(back) - 1):
        x = transposed(x, p[f"decoder.convolution.{i}.weight"], p[f"decoder.convolution.{i}.bias"], back[i + 1][1:])
        if i + 2 < len(back):
            x = leaky(x)
    return x.reshape(len(x), -1)


def objective(p, images, codes, stages):
    return (encode(p, images, stages) ** 2).sum() + (decode(p, codes, stages) ** 2).sum()


def draw_dense(name, sizes):
    drawn = {}
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        drawn[f"{name}.{layer}.weight"] = rounded(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in))
        drawn[f"{name}.{layer}.bias"] = rounded(0.3 * rng.normal(size=fan_out))
    return drawn


def draw_convolutions(name, stages, down):
    drawn = {}
    for i, (a, b) in enumerate(zip(stages, stages[1:])):
        shape = (b[0], a[0], 4, 4) if down else (a[0], b[0], 4, 4)
        drawn[f"{name}.{i}.weight"] = rounded(rng.normal(size=shape) / np.sqrt(16 * a[0]))
        drawn[f"{name}.{i}.bias"] = rounded(0.3 * rng.normal(size=b[0]))
    return drawn


def case(image, channels, hidden, code):
    side, times = min(image[1:]), 0
    while times < 4 and side >> (times + 1) >= 2:
        times += 1
    stages = [image] + [(channels, image[1] >> i, image[2] >> i) for i in range(1, times + 1)]
    flat = int(np.prod(stages[-1]))
    p = {
        **draw_convolutions("encoder.convolution", stages, True),
        **draw_dense("encoder.dense", [flat, *hidden, code]),
        **draw_dense("decoder.dense", [code, *hidden[::-1], flat]),
        **draw_convolutions("decoder.convolution", stages[::-1], False),
    }
    images, codes = rounded(rng.normal(size=(ROWS, int(np.prod(image))))), rounded(rng.normal(size=(ROWS, code)))
    gradients = {}
    for name, value in p.items():
        gradients[name] = []
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += 1j * STEP
            gradients[name].append(objective({**p, name: moved}, images, codes, stages).imag / STEP)
    return {
        "image": image,
        "channels": channels,
        "hidden": hidden,
        "code": code,
        "slope": SLOPE,
        "halvings": times,
        "images": images.tolist(),
        "codes": codes.tolist(),
        "encoded": encode(p, images, stages).real.tolist(),
        "decoded": decode(p, codes, stages).real.tolist(),
        "parameters": {name: value.ravel().tolist() for name, value in p.items()},
        "gradients": gradients,
    }


if __name__ == "__main__":
    cases = [case((2, 9, 11), 3, [5, 4], 2), case((1, 4, 7), 2, [3], 3)]
    (HERE / "image_encoder.json").write_text(json.dumps(cases) + "\n")
