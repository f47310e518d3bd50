"""Golden graphs of crates/metrics: causal-learn's PC (stable, Fisher's z) on random linear Gaussian graphs.

python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy causal-learn
/tmp/venv/bin/python golden/pc.py    # writes golden/pc.json

Correlations are stored instead of rows: they are all that the tests see. causal-learn settles colliders that contradict
each other by one of five rules; a case is `agreed` when all five give the same graph, and only then is there one answer.
"""

import importlib.metadata
import json
import pathlib

import numpy as np
from causallearn.graph.GraphClass import CausalGraph
from causallearn.graph.SHD import SHD
from causallearn.search.ConstraintBased.PC import pc
from causallearn.utils.cit import CIT
from causallearn.utils.DAG2CPDAG import dag2cpdag
from causallearn.utils.PCUtils import Meek, SkeletonDiscovery, UCSepset
from causallearn.graph.Dag import Dag
from causallearn.graph.GraphNode import GraphNode

rng = np.random.default_rng(6)


def edges(graph):
    """causal-learn marks an arrow i -> j by graph[i, j] = -1 and graph[j, i] = 1, a line by -1 and -1, conflicts by 1, 1."""
    n = len(graph)
    arrows = [[i, j] for i in range(n) for j in range(n) if graph[i, j] == -1 and graph[j, i] == 1]
    lines = [[i, j] for i in range(n) for j in range(i + 1, n) if graph[i, j] == -1 and graph[j, i] == -1]
    both = [[i, j] for i in range(n) for j in range(i + 1, n) if graph[i, j] == 1 and graph[j, i] == 1]
    return {"nodes": n, "arrows": arrows, "lines": lines}, both


def cpdag_of(weights):
    n = len(weights)
    nodes = [GraphNode(f"X{i + 1}") for i in range(n)]
    dag = Dag(nodes)
    for i, j in zip(*np.nonzero(weights)):
        dag.add_directed_edge(nodes[i], nodes[j])
    return dag2cpdag(dag)


def random_dag(n, edges_wanted):
    order = rng.permutation(n)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    weights = np.zeros((n, n))
    for k in rng.permutation(len(pairs))[:edges_wanted]:
        i, j = pairs[k]
        weights[order[i], order[j]] = rng.uniform(0.3, 1.0) * rng.choice([-1, 1])
    return weights


def sample(weights, rows):
    n = len(weights)
    return rng.normal(size=(rows, n)) @ np.linalg.inv(np.eye(n) - weights)


def case(name, weights, rows, alpha, depth=-1):
    values = sample(weights, rows)
    found = []
    for priority in range(5):
        test = CIT(values, "fisherz")
        cg = SkeletonDiscovery.skeleton_discovery(
            values, alpha, test, stable=True, show_progress=False, max_k=None if depth < 0 else depth
        )
        skeleton = cg
        cg = Meek.meek(UCSepset.uc_sepset(cg, priority))
        found.append(cg)
    graphs = [edges(cg.G.graph) for cg in found]
    n = len(weights)
    separations = [
        {"first": i, "second": j, "members": sorted({int(v) for s in skeleton.sepset[i, j] for v in s})}
        for i in range(n)
        for j in range(i + 1, n)
        if not skeleton.G.is_adjacent_to(skeleton.G.nodes[i], skeleton.G.nodes[j])
    ]
    agreed = all(g == graphs[0] for g in graphs) and not graphs[0][1]
    truth = cpdag_of(weights)
    return {
        "name": name,
        "rows": rows,
        "alpha": alpha,
        "depth": None if depth < 0 else depth,
        "correlation": np.corrcoef(values, rowvar=False).tolist(),
        "dag": (weights != 0).astype(float).tolist(),
        "cpdag": edges(truth.graph)[0],
        "separations": separations,
        "skeleton": sorted([*map(sorted, graphs[0][0]["arrows"]), *graphs[0][0]["lines"], *graphs[0][1]]),
        "agreed": agreed,
        "graph": graphs[2][0] if agreed else None,
        "shd": SHD(truth, found[2].G).get_shd() if agreed else None,
        # The distance that each of causal-learn's five rules ends at, for comparison.
        "shdOfRules": [SHD(truth, cg.G).get_shd() for cg in found],
    }


def by_hand(arrows, n):
    weights = np.zeros((n, n))
    for i, j in arrows:
        weights[i, j] = 0.8
    return weights


random_cases = [
    (n, k, rows, alpha)
    for n, k, rows, alpha in [
        (3, 2, 200, 0.05), (3, 3, 500, 0.05), (4, 3, 200, 0.05), (4, 4, 1000, 0.01), (5, 4, 500, 0.05), (5, 5, 2000, 0.01),
        (5, 7, 2000, 0.01), (6, 6, 1000, 0.05), (7, 7, 2000, 0.01), (8, 6, 2000, 0.01), (8, 8, 5000, 0.01),
        (8, 12, 5000, 0.01), (10, 8, 2000, 0.01), (10, 10, 5000, 0.01), (10, 10, 5000, 0.05), (10, 15, 5000, 0.01),
        (12, 10, 5000, 0.01), (12, 12, 5000, 0.01), (15, 12, 5000, 0.01), (15, 20, 5000, 0.01), (20, 15, 5000, 0.01),
        (20, 20, 5000, 0.01), (20, 20, 5000, 0.05), (20, 30, 5000, 0.01),
    ]
]
cases = [case(f"random n={n} edges={k} alpha={a}", random_dag(n, k), rows, a) for n, k, rows, a in random_cases]
cases += [
    case("depth 1", random_dag(8, 12), 2000, 0.05, depth=1),
    case("depth 0", random_dag(6, 6), 2000, 0.05, depth=0),
    case("no edges", np.zeros((5, 5)), 500, 0.01),
    case("chain", by_hand([(0, 1), (1, 2), (2, 3)], 4), 3000, 0.01),
    case("collider", by_hand([(0, 2), (1, 2), (2, 3)], 4), 3000, 0.01),
    case("diamond", by_hand([(0, 1), (0, 2), (1, 3), (2, 3)], 4), 3000, 0.01),
]
golden = {
    "versions": {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "causal-learn")},
    "cases": cases,
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes;", sum(c["agreed"] for c in cases), "of", len(cases), "agreed")
for c in cases:
    print(c["name"], c["agreed"], c["shdOfRules"])
