"""The closed-form half of TBR's default recipe in NumPy: heads per environment, and the map that makes their differences
along the tree sparse. Written from the description in crates/numerics/src/rotation.rs, not from its code."""
import numpy as np

EPS_PATH = (1.0, 0.3, 0.1, 0.03, 0.01)
SWEEPS = 12


def heads(codes, target, environment, count):
    """Least-squares head of each environment, (count, k)."""
    k = codes.shape[1]
    order = np.argsort(environment, kind="stable")
    bounds = np.searchsorted(environment[order], np.arange(count + 1))
    h, y = codes[order].astype(np.float64), target[order].astype(np.float64)
    rows = [slice(a, b) for a, b in zip(bounds, bounds[1:])]
    gram = np.stack([h[r].T @ h[r] for r in rows])
    cross = np.stack([h[r].T @ y[r] for r in rows])
    ridge = 1e-9 * np.trace(gram.sum(0)) / k
    return np.linalg.solve(gram + ridge * np.eye(k), cross[..., None])[..., 0]


def sparse_rotation(differences, starts, rng):
    """(k, k) matrix Q such that differences @ Q is sparse."""
    count, k = differences.shape
    values, vectors = np.linalg.eigh(differences.T @ differences / count)
    whitening = (vectors / np.sqrt(values)).T
    x = differences @ whitening.T
    found = [descend(x, np.linalg.qr(rng.standard_normal((k, k)))[0]) for _ in range(starts)]
    best = min(found, key=lambda b: objective(x, b))
    return (best @ whitening).T


def descend(x, b):
    for eps in EPS_PATH:
        for _ in range(SWEEPS):
            for i in range(len(b)):
                weight = 1 / ((x @ b[i]) ** 2 + eps**2)
                v = (x * weight[:, None]).T @ x / len(x)
                row = np.linalg.solve(v, np.linalg.inv(b)[:, i])
                b[i] = row / np.sqrt(2 * row @ v @ row)
    return b


def objective(x, b):
    u = x @ b.T
    return np.log(u**2 + EPS_PATH[-1] ** 2).sum(1).mean() - np.linalg.slogdet(b)[1]
