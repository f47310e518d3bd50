"""Golden numbers of crates/data/src/dendrogram: principal components by NumPy's SVD, linkage by SciPy.

Run: python golden/dendrogram.py    (NumPy 2.4.6, SciPy 1.17.1)
"""

import json
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform


def merges(distances):
    """Each merge as [sorted leaves, height]: what a dendrogram is, whatever the numbering of its nodes."""
    leaves = len(squareform(distances))
    members = [[i] for i in range(leaves)]
    result = []
    for a, b, height, _ in linkage(distances, method="complete"):
        members.append(sorted(members[int(a)] + members[int(b)]))
        result.append([members[-1], float(height)])
    return result


def dendrogram(x, codes, components):
    x = x.astype(np.float64)
    sd = x.std(0)
    z = np.where(sd > 0, (x - x.mean(0)) / np.where(sd > 0, sd, 1), 0)
    _, _, axes = np.linalg.svd(z, full_matrices=False)
    axes = axes[:components]
    leading = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), leading])[:, None]
    scores = z @ axes.T
    means = np.array([scores[codes == code].mean(0) for code in range(codes.max() + 1)])
    return merges(pdist(means, "correlation"))


def world(rng, n, d, e):
    codes = np.concatenate([np.arange(e), rng.integers(0, e, n - e)])
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + 1.5 * rng.normal(size=(e, d))[codes] + rng.normal(size=d)
    return x.astype(np.float32), codes


def main():
    rng = np.random.default_rng(0)
    cases = []
    for name, n, d, e, components in [
        ("more rows than columns", 60, 8, 6, 4),
        ("more columns than rows", 14, 30, 5, 10),
        ("all components", 40, 5, 9, 5),
    ]:
        x, codes = world(rng, n, d, e)
        if name == "all components":
            x = np.insert(x, 2, np.float32(0.1), axis=1)  # a constant column takes no part
        cases.append(
            {
                "name": name,
                "rows": x.shape[0],
                "columns": x.shape[1],
                "inputs": [float(v) for v in x.ravel()],
                "codes": codes.tolist(),
                "components": components,
                "merges": dendrogram(x, codes, components),
            }
        )
    distances = rng.uniform(0, 2, 25 * 24 // 2)
    linkages = {"distances": squareform(distances).tolist(), "merges": merges(distances)}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"cases": cases, "linkage": linkages}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
