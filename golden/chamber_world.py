"""Golden numbers of crates/data/src/simulate/chamber_world.rs: the same sensors from the published formula, with NumPy.

The constants are those of the package causalchamber 0.2.8 (model F3 of the light tunnel) and of the data set lt_crl_benchmark_v1,
both MIT; the streams are those of tree_world.py. Latents come from the inverse of I - W, standard deviations from their covariance.
Run: python golden/chamber_world.py    (blake3 1.0.11, numpy 2.4.6)
"""

import json
from pathlib import Path

import numpy as np

from tree_world import SEED, Stream

POINTS = 4
W = np.zeros((5, 5))  # cause, effect
W[0, 1], W[4, 1], W[1, 2], W[4, 2], W[0, 3] = 0.71943922, 0.67726298, 0.89303215, 0.98534901, 0.84868401
VAR = np.array([1.3855493, 1.16426732, 1.00502177, 1.95646855, 1.27482347])
MEAN_DO = np.array([1.16920556, 1.47496736, -1.60596209, -1.96578519, 1.0117071])
VAR_DO = np.array([1.94878138, 1.35886756, 1.57343313, 1.1021785, 1.30511067])
S = np.array([[4.34165202, 2.8594438, 1.91565691], [0.89410569, 1.58679242, 2.68477163]])
TS, TP, TC = np.array([[0.42685688, 0.41231782, 0.46652526], [0.2909342, 0.29624314, 0.30526271],
                       [0.00431032, 0.01447611, 0.02041075]])
Q = np.array([0.12834946, 0.12870338, 0.13078523])


def latents():
    total = np.linalg.inv(np.eye(5) - W)
    sd = np.sqrt(np.diag(total.T @ np.diag(VAR) @ total))
    rows = []
    for u in range(6):
        source = Stream("chamber-world/noise", u)
        e = np.array([[source.normal() for _ in range(5)] for _ in range(POINTS)]) * np.sqrt(VAR)
        w = W.copy()
        if u:
            w[:, u - 1] = 0
            e[:, u - 1] = MEAN_DO[u - 1] + e[:, u - 1] / np.sqrt(VAR[u - 1]) * np.sqrt(VAR_DO[u - 1])
        rows.append(e @ np.linalg.inv(np.eye(5) - w))
    return np.clip(np.vstack(rows) / sd, -5, 5), W * sd[:, None] / sd[None, :]


def sensors(z):
    a = z * [25.5, 25.5, 25.5, 18, 18] + [127.5, 127.5, 127.5, 0, 0]
    rgb, p1, p2 = a[:, :3].T, a[:, 3], a[:, 4]
    first = S @ rgb
    second = S @ np.diag(TS) @ ((0.1 / 0.17) ** 2 * rgb)
    third = (0.1 / 0.25) ** 2 * rgb
    third = S @ (np.diag(TP - TC) @ (np.cos(np.deg2rad(p1 - p2)) ** 2 * third) + np.diag(TC) @ third)
    return np.column_stack([
        first[0] * 32, first[1] * 16, second[0] * 32, second[1] * 16, third[0] * 32, third[1] * 16,
        Q @ rgb + 58.13307318503893, 1.42261211 * p1 + 506.8049747171294, 1.42261211 * p2 + 510.98343062775430,
    ])


def main():
    z, graph = latents()
    changed = np.vstack([np.zeros(5), np.eye(5)])
    numbers = {"inputs": sensors(z), "latents": z, "graph": graph, "interventions": changed}
    world = {"config": {"seed": SEED, "pointsPerEnvironment": POINTS},
             **{name: np.ravel(values).astype(float).tolist() for name, values in numbers.items()}}
    Path(__file__).with_suffix(".json").write_text(json.dumps([world], indent=1) + "\n")


if __name__ == "__main__":
    main()
