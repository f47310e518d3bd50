"""Golden numbers of crates/data/src/stream.rs: standard normal numbers of named streams, from their definition with 40 digits.

Philox4x32-10 and Box-Muller are written out again here, from the papers.
Run: python golden/normals.py    (blake3 1.0.11, mpmath 1.3.0)
"""

import json
from pathlib import Path

import blake3
import mpmath

mpmath.mp.dps = 40
MASK = 0xFFFFFFFF
CASES = [(0, "init", 0), (7, "batches", 3), (2**40 + 5, "noise", 2**31)]
COUNT = 64


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def uniform(high, low):
    return mpmath.mpf((high << 21) | (low >> 11)) / 2**53


def normals(seed, name, step):
    word = int.from_bytes(blake3.blake3(name.encode()).digest()[:4], "little")
    numbers = []
    for element in range(COUNT // 2):
        a, b, c, d = philox((element, 0, step, word), (seed & MASK, seed >> 32))
        radius = mpmath.sqrt(-2 * mpmath.log(1 - uniform(a, b)))
        angle = 2 * mpmath.pi * uniform(c, d)
        numbers += [float(radius * mpmath.cos(angle)), float(radius * mpmath.sin(angle))]
    return numbers


golden = [
    {"seed": seed, "stream": stream, "step": step, "normals": normals(seed, stream, step)} for seed, stream, step in CASES
]
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
