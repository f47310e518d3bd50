"""Golden numbers of crates/data/src/simulate/tree_world.rs: the same world from its definition, in plain Python.

Philox4x32-10, named streams, Box-Muller and the world's equations are written out again here, from the papers.
Run: python golden/tree_world.py    (blake3 1.0.11)
"""

import json
import math
from pathlib import Path

import blake3

MASK = 0xFFFFFFFF
DEPTH, POINTS, INPUTS, LATENTS, CHANGES, SEED = 2, 3, 4, 3, 2, 11
NOISE, CHANGE_SD = 0.1, 0.5


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


class Stream:
    def __init__(self, name, step=0):
        word = int.from_bytes(blake3.blake3(name.encode()).digest()[:4], "little")
        self.words = (
            w
            for element in iter(range(2**32))
            for w in philox([element, 0, step, word], [SEED & MASK, SEED >> 32])
        )
        self.spare = None

    def uniform(self):
        high, low = next(self.words), next(self.words)
        return ((high << 21) | (low >> 11)) / 2**53

    def below(self, n):
        while True:
            product = next(self.words) * n
            if product & MASK >= (2**32 - n) % n:
                return product >> 32

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        angle = 2 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def permutation(self, n):
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


def main():
    nodes = 2 ** (DEPTH + 1) - 1
    root, mapping = Stream("tree-world/root"), Stream("tree-world/map")
    w = [[mapping.normal() for _ in range(LATENTS)] for _ in range(INPUTS)]
    changes = [[0.0] * LATENTS for _ in range(nodes)]
    heads = [[root.normal() for _ in range(LATENTS)]]
    for node in range(1, nodes):
        stream = Stream("tree-world/changes", node)
        for place in stream.permutation(LATENTS)[:CHANGES]:
            changes[node][place] = CHANGE_SD * stream.normal()
        heads.append([a + b for a, b in zip(heads[(node - 1) // 2], changes[node])])
    inputs, latents, expected, targets = [], [], [], []
    for node in range(1, nodes):
        xs, zs, ys = (Stream(f"tree-world/{name}", node) for name in ("inputs", "latent-noise", "target-noise"))
        for _ in range(POINTS):
            x = [xs.normal() for _ in range(INPUTS)]
            mean = [math.tanh(sum(x[i] * w[i][j] for i in range(INPUTS))) for j in range(LATENTS)]
            z = [m + NOISE * zs.normal() for m in mean]
            inputs += x
            expected += mean
            latents += z
            targets.append(sum(h * v for h, v in zip(heads[node], z)) + NOISE * ys.normal())
    config = {
        "seed": SEED,
        "depth": DEPTH,
        "pointsPerEnvironment": POINTS,
        "inputs": INPUTS,
        "latents": LATENTS,
        "changes": CHANGES,
        "noise": NOISE,
        "changeSd": CHANGE_SD,
    }
    flat = {"heads": sum(heads, []), "changes": sum(changes, [])}
    world = {"config": config, "inputs": inputs, "latents": latents, "expected": expected, "targets": targets, **flat}
    Path(__file__).with_suffix(".json").write_text(json.dumps(world, indent=1) + "\n")


if __name__ == "__main__":
    main()
