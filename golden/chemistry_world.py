"""Golden numbers of crates/data/src/simulate/chemistry_world.rs: the same worlds from their definition, with NumPy.

Latents are those of shift_world.py. Pictures are rendered in another way than there: within each column of pixels the part of
a shape between its lower and its upper edge is cut at the pixels' edges, and averaged over 4,000 places (midpoint rule: edges are
straight, an error of (1 / 4,000)^2 at their kinks); colors come from Python's colorsys.
Run: python golden/chemistry_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import colorsys
import json
from pathlib import Path

import numpy as np

import shift_world

WORLDS = [
    {"environments": 1, "pointsPerEnvironment": 2, "size": 50},
    {"environments": 3, "pointsPerEnvironment": 2, "size": 16, "link": "mixed", "place": "inside", "coefficientLeast": 0.2,
     "coefficientMost": 2, "gain": 2, "signs": "positive"},
    {"environments": 2, "pointsPerEnvironment": 3, "size": 13, "unshifted": [2], "unshiftedTerm": "added",
     "unshiftedLink": "sin", "unshiftedGain": 3, "noiseMean": 4, "noiseScaleLeast": 1, "noiseScaleMost": 3},
]

SAMPLES = 4_000


def interval(size, low, high):
    """Share of each pixel along one side that lies between two coordinates."""
    pixels = np.arange(size)
    return np.maximum(0, np.minimum(pixels + 1, high) - np.maximum(pixels, low))


def shapes(size):
    """Shares of the pixels (row from the top, column) of diamond, triangle and square."""
    cell = size / 5
    x = (np.arange(size * SAMPLES) + 0.5) / SAMPLES
    rows = np.arange(size)[:, None]

    def between(top, bottom):
        inside = np.minimum(bottom, rows + 1) - np.maximum(top, rows)
        return np.maximum(0, inside).reshape(size, size, SAMPLES).mean(2)

    half = cell / 2 - np.abs(x - 1.5 * cell)
    diamond = between(1.5 * cell - half, 1.5 * cell + half)
    height = cell - 2 * np.abs(x - 3.5 * cell)
    triangle = between(2 * cell - height, np.where(height > 0, 2 * cell, -1))
    square = np.outer(interval(size, 3 * cell, 4 * cell), interval(size, 2 * cell, 3 * cell))
    return [diamond, triangle, square]


def world(config):
    size = config["size"]
    causes = {**shift_world.DEFAULTS, **config, "latents": 3, "inputs": 3, "mixing": "identity"}
    numbers = shift_world.world(causes)
    masks, pictures = shapes(size), []
    for z in np.reshape(numbers["latents"], (-1, 3)):
        picture = np.zeros((3, size, size))
        for mask, value in zip(masks, z):
            color = colorsys.hsv_to_rgb(300 / 360 * (0.5 + np.arctan(value / 2) / np.pi), 1, 1)
            picture += mask * np.reshape(color, (3, 1, 1))
        pictures += [round(v, 9) for v in picture.ravel().tolist()]
    return {**numbers, "config": {"seed": shift_world.SEED, **config}, "inputs": pictures}


def main():
    Path(__file__).with_suffix(".json").write_text(json.dumps([world(config) for config in WORLDS]) + "\n")


if __name__ == "__main__":
    main()
