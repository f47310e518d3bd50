"""Golden numbers of crates/numerics/src/single_change.rs and crates/methods/src/interventional.rs, with NumPy and SciPy.

The objective here is the one before the changed rows are solved for: noise rows B and changed rows C are both free, the value comes
from `slogdet` of every M_u, and SciPy minimizes it with numerical gradients.
Run: python golden/interventional.py    (numpy 2.4.6, scipy 1.17.1)
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

K, TARGETS = 3, [None, 2, 0, 1, 0]
ROWS = [400, 150, 200, 250, 100]


def nll(b, c, means, covariances, shares):
    value = 0
    for j in range(K):
        keep = [u for u, t in enumerate(TARGETS) if t != j]
        w = shares[keep].sum()
        mean = shares[keep] @ means[keep] / w
        v = sum(shares[u] / w * (covariances[u] + np.outer(means[u] - mean, means[u] - mean)) for u in keep)
        value += 0.5 * w * np.log(b[j] @ v @ b[j])
    for u, t in enumerate(TARGETS):
        m = b.copy()
        if t is not None:
            m[t] = c[u]
            value += 0.5 * shares[u] * np.log(c[u] @ covariances[u] @ c[u])
        value -= shares[u] * np.linalg.slogdet(m)[1]
    return value


def main():
    r = np.random.default_rng(3)
    mix = r.normal(size=(K, K))
    w = np.array([[0, 0.8, 0], [0, 0, -0.7], [0, 0, 0]])
    means, covariances = [], []
    for rows, t in zip(ROWS, TARGETS):
        e, kept = r.normal(size=(rows, K)), np.ones(K)
        if t is not None:
            e[:, t], kept[t] = r.uniform(1, 2) + r.uniform(0.5, 1.5) * e[:, t], 0
        y = e @ np.linalg.inv(np.eye(K) - w * kept) @ mix
        means.append(y.mean(0)), covariances.append(np.cov(y.T, bias=True))
    means, covariances, shares = np.array(means), np.array(covariances), np.array(ROWS) / sum(ROWS)
    free = 0.5 * sum(p * np.linalg.slogdet(c)[1] for p, c in zip(shares, covariances))
    changed = [u for u, t in enumerate(TARGETS) if t is not None]

    def at(x):
        b, c = x[: K * K].reshape(K, K), np.zeros((len(ROWS), K))
        c[changed] = x[K * K :].reshape(-1, K)
        return nll(b, c, means, covariances, shares) - free

    best = min(
        (minimize(at, r.normal(size=K * K + K * len(changed)), method="BFGS", options={"gtol": 1e-7, "maxiter": 5000})
         for _ in range(8)),
        key=lambda found: found.fun,
    )
    b = best.x[: K * K].reshape(K, K)
    c = np.zeros((len(ROWS), K))
    c[changed] = best.x[K * K :].reshape(-1, K)
    sd = np.sqrt(np.einsum("ja,ab,jb->j", b, covariances[0], b))
    b = b / sd[:, None]
    b *= np.sign(b[np.arange(K), np.abs(b).argmax(1)])[:, None]
    unit = np.zeros_like(c)
    for u in changed:
        unit[u] = c[u] / np.sqrt(c[u] @ covariances[0] @ c[u])
        unit[u] *= np.sign(unit[u][np.abs(unit[u]).argmax()])
    Path(__file__).with_suffix(".json").write_text(json.dumps({
        "rows": ROWS, "targets": TARGETS, "means": means.tolist(), "covariances": covariances.tolist(),
        "gap": best.fun, "noises": b.tolist(), "changed": unit.tolist(),
    }, indent=1) + "\n")
    print(best.fun)


if __name__ == "__main__":
    main()
