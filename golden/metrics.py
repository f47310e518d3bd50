"""Golden numbers of crates/metrics: NumPy, SciPy, scikit-learn and statsmodels on small seeded cases.

python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy scikit-learn statsmodels
/tmp/venv/bin/python golden/metrics.py    # writes golden/metrics.json
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata
from sklearn.cross_decomposition import CCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, r2_score
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20)
warnings.simplefilter("error")


def correlation(kind, a, b):
    if kind == "spearman":
        a, b = (np.apply_along_axis(rankdata, 0, m) for m in (a, b))
    return np.corrcoef(a, b, rowvar=False)[: a.shape[1], a.shape[1] :]


def mcc(kind, z, zhat):
    c = correlation(kind, z, zhat)
    rows, columns = linear_sum_assignment(-np.abs(c))
    matching = [None] * z.shape[1]
    for i, j in zip(rows, columns):
        matching[i] = int(j)
    strength = [0.0 if j is None else abs(c[i, j]) for i, j in enumerate(matching)]
    return {"correlation": c.tolist(), "matching": matching, "perLatent": strength, "value": float(np.mean(strength))}


def weak(z, zhat):
    k = min(z.shape[1], zhat.shape[1])
    # Iterative, so its own tolerance is set far below the one that the test uses.
    variates = CCA(n_components=k, max_iter=100_000, tol=1e-14).fit_transform(z, zhat)
    canonical = [float(np.corrcoef(variates[0][:, i], variates[1][:, i])[0, 1]) for i in range(k)]
    # Rows that are equal have variates that differ by rounding: they share a rank.
    scaled = [np.round(v / v.std(axis=0), 9) for v in variates]
    return {"value": mcc("spearman", *scaled)["value"], "canonical": canonical}


def r2(outputs, inputs):
    fitted = LinearRegression().fit(inputs, outputs).predict(inputs)
    each = r2_score(outputs, fitted, multioutput="raw_values")
    return {"value": float(r2_score(outputs, fitted)), "perLatent": each.tolist()}


def latents(n, d, e, noise, ties):
    z = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)))
    zhat = np.tanh(z @ rng.normal(size=(d, e))) + noise * rng.normal(size=(n, e))
    return (np.round(2 * z), np.round(3 * zhat)) if ties else (z, zhat)


def case(name, n, d, e, noise=0.5, ties=False):
    z, zhat = latents(n, d, e, noise, ties)
    return {
        "name": name,
        "truth": z.tolist(),
        "latents": zhat.tolist(),
        "pearson": mcc("pearson", z, zhat),
        "spearman": mcc("spearman", z, zhat),
        "weak": weak(z, zhat),
        "r2": r2(z, zhat),
        "r2Reverse": r2(zhat, z),
    }


def assignment(name, cost):
    rows, columns = linear_sum_assignment(cost)
    return {"name": name, "cost": cost.tolist(), "total": float(cost[rows, columns].sum())}


def repeated_columns():
    x = rng.normal(size=(30, 3))
    x = np.column_stack([x, x[:, 0] - 2 * x[:, 1], np.full(30, 4.0)])
    y = x[:, :3] @ rng.normal(size=(3, 2)) + rng.normal(size=(30, 2))
    centred = x - x.mean(axis=0)
    coefficients, _, rank, _ = np.linalg.lstsq(centred, y - y.mean(axis=0), rcond=1e-12)
    return {
        "inputs": x.tolist(),
        "outputs": y.tolist(),
        "fitted": (centred @ coefficients + y.mean(axis=0)).tolist(),
        "rank": int(rank),
        "r2": r2(y, x)["value"],
    }


def regression():
    x = rng.normal(size=(25, 3)) * [1, 100, 0.01] + [5, -3, 1]
    y = rng.normal(size=(25, 2)) + x @ rng.normal(size=(3, 2))
    fit = LinearRegression().fit(x, y)
    return {
        "inputs": x.tolist(),
        "outputs": y.tolist(),
        "intercept": fit.intercept_.tolist(),
        "coefficients": fit.coef_.T.tolist(),
    }


def effects():
    n, d, environments = 240, 3, 6
    z = rng.normal(size=(n, d)) * [1, 3, 0.2]
    zhat = np.column_stack([-2 * z[:, 2], 5 * z[:, 0], z[:, 1]]) + 0.1 * rng.normal(size=(n, d)) + 7
    codes = rng.integers(0, environments, size=n)
    y = (z * rng.normal(size=(environments, d))[codes]).sum(axis=1) + 0.1 * rng.normal(size=n)
    matching = mcc("pearson", z, zhat)["matching"]
    a, b = (StandardScaler().fit_transform(m) for m in (z, zhat))
    values = []
    for e in range(environments):
        own = codes == e
        true, found = (np.abs(LinearRegression().fit(m[own], y[own]).coef_) for m in (a, b))
        values.append(float(np.mean((true - found[matching]) ** 2)))
    return {
        "truth": z.tolist(),
        "latents": zhat.tolist(),
        "codes": codes.tolist(),
        "target": y.tolist(),
        "matching": matching,
        "ate": values,
    }


def changes():
    nodes, d = 20, 4
    delta = rng.normal(size=(nodes, d)) * (rng.random((nodes, d)) < 0.3)
    matching = [2, 0, 3, 1]
    called = (delta != 0) ^ (rng.random((nodes, d)) < 0.15)
    observed = rng.random(nodes) < 0.8
    real = np.zeros((nodes, d), bool)
    real[:, matching] = called
    precision, recall, f1, _ = precision_recall_fscore_support(
        (delta != 0)[observed].ravel(), called[observed].ravel(), average="binary"
    )
    return {
        "truth": delta.tolist(),
        "real": real.tolist(),
        "observed": observed.tolist(),
        "matching": matching,
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def partial(a, b, given):
    """Partial correlation the long way: correlation of the residuals of two regressions."""
    if given.shape[1] > 0:
        a, b = (v - LinearRegression().fit(given, v).predict(given) for v in (a, b))
    return float(np.corrcoef(a, b)[0, 1])


def fisher_z(values, i, j, given):
    r = partial(values[:, i], values[:, j], values[:, given])
    z = np.sqrt(len(values) - len(given) - 3) * np.arctanh(r)
    return {"a": i, "b": j, "given": given, "correlation": r, "p": float(2 * stats.norm.sf(abs(z)))}


def independence():
    d = 6
    weights = np.tril(rng.normal(size=(d, d)), -1) * (rng.random((d, d)) < 0.5)
    values = rng.normal(size=(80, d)) @ np.linalg.inv(np.eye(d) - weights).T * [1, 50, 0.01, 1, 1, 3] + [0, 9, 0, -4, 0, 0]
    values[:, 5] = values[:, 4] + 0.1 * values[:, 5]
    sets = [[], [2], [2, 3], [4, 2, 3]]
    tests = [fisher_z(values, i, j, given) for i, j in [(0, 1), (1, 5), (5, 0)] for given in sets]
    return {"values": values.tolist(), "tests": [*tests, fisher_z(values, 4, 5, [0, 1, 2, 3]), fisher_z(values, 4, 5, [])]}


def corrections():
    cases = [rng.random(12) ** 3, np.array([0.01, 0.04, 0.03, 0.04, 0.005, 0.5, 0.04]), np.array([0.2]), np.ones(3)]
    return [
        {
            "p": p.tolist(),
            "benjamini-hochberg": stats.false_discovery_control(p).tolist(),
            "holm": multipletests(p, method="holm")[1].tolist(),
        }
        for p in cases
    ]


def by_task():
    d, tasks = 4, 5
    codes = rng.integers(0, tasks, size=100)
    z = rng.normal(size=(100, d))
    order = [rng.permutation(d) for _ in range(tasks)]
    zhat = np.array([row[order[t]] for row, t in zip(z, codes)]) + 0.4 * rng.normal(size=(100, d))
    scores = {
        kind: [mcc(kind, z[codes == t], zhat[codes == t])["value"] for t in range(tasks)]
        for kind in ("pearson", "spearman")
    }
    return {"truth": z.tolist(), "latents": zhat.tolist(), "codes": codes.tolist(), "perTask": scores}


def causes():
    tasks, d = 30, 5
    truth = rng.random((tasks, d)) < 0.4
    called = truth ^ (rng.random((tasks, d)) < 0.1)
    matching = [3, 1, 4, 0, 2]
    columns = np.zeros((tasks, d), bool)
    columns[:, matching] = called
    precision, recall, _, _ = precision_recall_fscore_support(truth.ravel(), called.ravel(), average="binary")
    return {
        "truth": truth.tolist(),
        "called": columns.tolist(),
        "matching": matching,
        "accuracy": float(accuracy_score(truth.ravel(), called.ravel())),
        "exact": float(accuracy_score(truth, called)),
        "precision": float(precision),
        "recall": float(recall),
    }


def silence():
    n, d = 40, 4
    truth = rng.random((n, d)) < 0.6
    called = truth ^ (rng.random((n, d)) < 0.15)
    matching = [2, 0, 3, 1]
    columns = np.zeros((n, d), bool)
    columns[:, matching] = called
    precision, recall, f1, _ = precision_recall_fscore_support(truth.ravel(), called.ravel(), average="binary")
    everything = precision_recall_fscore_support(truth.ravel(), np.ones(n * d, bool), average="binary")
    return {
        "truth": truth.tolist(),
        "called": columns.tolist(),
        "matching": matching,
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "f1OfAll": float(everything[2]),
    }


def indicator_check():
    n, causal = 400, [0, 3, 4]
    z = rng.normal(size=(n, 6))
    y = z[:, causal] @ [1.5, -1.0, 0.8] + rng.normal(size=n)
    for j, gamma in [(1, 0.9), (2, -0.5), (5, 0.7)]:
        z[:, j] = gamma * y + 0.5 * rng.normal(size=n)
    values, alpha = np.column_stack([z, y]), 0.05
    pairs = [(i, j) for i in range(6) for j in range(i + 1, 6)]
    families = {}
    for name, given in [("target", [6]), ("nothing", [])]:
        tests = [fisher_z(values, i, j, given) for i, j in pairs]
        reject, corrected, _, _ = multipletests([t["p"] for t in tests], alpha=alpha, method="fdr_bh")
        families[name] = {
            "correlation": [t["correlation"] for t in tests],
            "p": [t["p"] for t in tests],
            "adjusted": corrected.tolist(),
            "dependent": reject.tolist(),
        }
    return {
        "latents": z.tolist(),
        "target": y.tolist(),
        "causal": [j in causal for j in range(6)],
        "alpha": alpha,
        "least": float(np.tanh(stats.norm.ppf(1 - alpha / 2) / np.sqrt(n - 4))),
        "families": families,
    }


def blocks(name, sizes, e, leak):
    n, d = 30, sum(sizes)
    block_of = np.repeat(np.arange(len(sizes)), sizes)
    z = rng.normal(size=(n, d)) @ (np.eye(d) + 0.2 * rng.normal(size=(d, d)))
    places = rng.permutation(d)
    own = block_of[:, None] == block_of[places][None, :]
    mixing = rng.normal(size=(d, d)) * np.where(own, 1.0, leak)
    zhat = (z @ np.column_stack([mixing, rng.normal(size=(d, max(0, e - d)))]))[:, :e] + 0.3 * rng.normal(size=(n, e))
    explained = np.column_stack([r2(zhat, z[:, block_of == b])["perLatent"] for b in range(len(sizes))])
    slots, latents = linear_sum_assignment(explained[:, block_of].T, maximize=True)
    given = [sorted(int(j) for slot, j in zip(slots, latents) if block_of[slot] == b) for b in range(len(sizes))]

    def share(b, columns):
        return r2(z[:, block_of == b], columns)["value"] if columns.shape[1] else 0.0

    def others(b):
        return [j for other, latents in enumerate(given) if other != b for j in latents]

    pairs = [(j, b, other) for b, latents in enumerate(given) for j in latents for other in range(len(sizes))]
    return {
        "name": name,
        "truth": z.tolist(),
        "latents": zhat.tolist(),
        "blocks": [np.flatnonzero(block_of == b).tolist() for b in range(len(sizes))],
        "given": given,
        "explained": explained.tolist(),
        "r2": [share(b, zhat[:, given[b]]) for b in range(len(sizes))],
        "leakage": [share(b, zhat[:, others(b)]) for b in range(len(sizes))],
        "dependence": [share(b, z[:, block_of != b]) for b in range(len(sizes))],
        "within": float(np.mean([explained[j, b] for j, b, other in pairs if other == b])),
        "across": float(np.mean([explained[j, other] for j, b, other in pairs if other != b])),
    }


golden = {
    "versions": {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
    },
    "cases": [
        case("square", 60, 3, 3),
        case("more estimated than true", 60, 3, 5),
        case("fewer estimated than true", 60, 4, 2),
        case("ties", 60, 3, 3, ties=True),
        case("close", 60, 4, 4, noise=0.05),
        case("one", 60, 1, 1),
    ],
    "assignments": [
        assignment("uniform", rng.random((12, 12))),
        assignment("wide", rng.normal(size=(7, 15))),
        assignment("tall", rng.normal(size=(15, 7))),
        assignment("tied integers", rng.integers(0, 4, size=(20, 20)).astype(float)),
        assignment("huge and tiny", 10.0 ** rng.integers(-8, 9, size=(10, 10))),
        assignment("machol-wien", np.multiply.outer(np.arange(1.0, 26.0), np.arange(1.0, 26.0))),
    ],
    "repeatedColumns": repeated_columns(),
    "regression": regression(),
    "effects": effects(),
    "changes": changes(),
    "independence": independence(),
    "corrections": corrections(),
    "byTask": by_task(),
    "causes": causes(),
    "indicatorCheck": indicator_check(),
    "silence": silence(),
    "blocks": [
        blocks("as many", [1, 3, 2], 6, 0.1),
        blocks("more estimated than true", [2, 2], 6, 0.2),
        blocks("fewer estimated than true", [2, 1, 2], 3, 0.1),
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes")
