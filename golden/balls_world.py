"""Golden numbers of crates/data/src/simulate/balls_world.rs: the same worlds from their definition, with NumPy.

The streams are those of tree_world.py. Pictures are rendered in another way than there: within each column of pixels the chords
of a disc are cut at the pixels' edges, and their lengths averaged over 20,000 places (midpoint rule, error below 1e-7: about
(1 / 20,000)^1.5 at the square root where a chord begins). All numbers are then the same to single precision.
Run: python golden/balls_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

WORLDS = [
    {"rows": 1},
    {"rows": 4, "size": 12, "radius": 0.2, "balls": 6},
    {"rows": 5, "size": 10, "radius": 0.23, "balls": 2, "frozen": "coordinates", "frozenProbability": 0.4, "centers": "exact"},
    {"rows": 1, "size": 16, "radius": 0.12, "balls": 12, "meanDistance": 0.05, "centers": "exact", "frozenProbability": 0.5},
]

DEFAULTS = {
    "seed": SEED, "balls": 2, "size": 64, "radius": 0.1, "frozen": "balls", "frozenProbability": 0.1, "centers": "whole",
    "meanDistance": 0.2,
}

COLORS = [
    (2, 156, 154), (222, 100, 100), (149, 59, 123), (74, 114, 179), (27, 159, 119), (218, 95, 2), (117, 112, 180),
    (232, 41, 139), (102, 167, 30), (231, 172, 2), (167, 118, 29), (102, 102, 102),
]

SAMPLES = 20_000


def stream(name):
    return Stream(f"balls-world/{name}")


def means(count, distance):
    source, found = stream("means"), []
    while len(found) < count:
        for _ in range(100):
            mean = np.array([0.3 + 0.4 * source.uniform() for _ in range(2)])
            if all(np.linalg.norm(mean - other) > distance for other in found):
                found.append(mean)
                break
        else:
            found = []
    return found


def coverage(size, x, y, radius):
    """Share of each pixel (row from the top, column) that a disc covers; y upwards."""
    y = size - y
    places = (np.arange(size * SAMPLES) + 0.5) / SAMPLES
    half = np.sqrt(np.maximum(0, radius**2 - (places - x) ** 2))
    rows = np.arange(size)[:, None]
    chords = np.minimum(y + half, rows + 1) - np.maximum(y - half, rows)
    return np.maximum(0, chords).reshape(size, size, SAMPLES).mean(2)


def world(config):
    size, whole = config["size"], config["centers"] == "whole"
    places, freezes = stream("places"), stream("frozen")
    fixed = means(config["balls"], config["meanDistance"])
    radius = config["radius"] * size
    inputs, latents, silent = [], [], []
    for _ in range(config["rows"]):
        picture = np.ones((3, size, size))
        for mean, color in zip(fixed, COLORS):
            while True:
                place = mean + 0.1 * np.array([places.normal(), places.normal()])
                if place.min() >= 0.05 and place.max() < 0.95:
                    break
            still = np.array([freezes.uniform() < config["frozenProbability"]])
            if config["frozen"] == "coordinates":
                still = np.append(still, freezes.uniform() < config["frozenProbability"])
            still = np.broadcast_to(still, 2)
            place = np.where(still, mean, place)
            latents += place.tolist()
            silent += still.astype(float).tolist()
            at = np.floor(size * place) + 0.5 if whole else size * place
            share = coverage(size, *at, np.floor(radius) if whole else radius)
            picture = share * np.reshape(color, (3, 1, 1)) / 255 + (1 - share) * picture
        inputs += picture.ravel().tolist()
    numbers = {"inputs": inputs, "latents": latents, "silent": silent}
    if config["frozen"] == "balls":
        numbers["blocks"] = np.repeat(np.eye(config["balls"]), 2, axis=1).ravel().tolist()
    return {"config": config, **{name: [round(v, 9) for v in values] for name, values in numbers.items()}}


def main():
    worlds = [world({**DEFAULTS, **config}) for config in WORLDS]
    Path(__file__).with_suffix(".json").write_text(json.dumps(worlds) + "\n")


if __name__ == "__main__":
    main()
