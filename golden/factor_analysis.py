"""Factor analysis by scikit-learn: noise variances, loadings before and after varimax, posterior means, log-likelihoods.

    python golden/factor_analysis.py        # writes golden/factor_analysis.json

Needs numpy and scikit-learn. Columns have other means and units than one, so that an offset that is forgotten is seen. Factors have no
order and no sign in scikit-learn's answer: here they come by the rule of the implementation under test.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import FactorAnalysis
from sklearn.decomposition._factor_analysis import _ortho_rotation

rng = np.random.default_rng(19040401)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def ordered(loadings, weights):
    """Columns from the largest weight down, the largest entry of each positive."""
    loadings = loadings[:, np.argsort(-weights)]
    return loadings * np.sign(loadings[np.abs(loadings).argmax(0), np.arange(loadings.shape[1])])


def posterior(loadings, noise, centred):
    precision = np.eye(loadings.shape[1]) + loadings.T @ (loadings / noise[:, None])
    return np.linalg.solve(precision, loadings.T @ (centred / noise).T).T


def case(rows, inputs, factors, held):
    loadings = rng.uniform(-1, 1, (inputs, factors))
    x = rng.normal(size=(rows + held, factors)) @ loadings.T + rng.uniform(0.5, 0.9, inputs) * rng.normal(size=(rows + held, inputs))
    x = rounded(x * rng.uniform(0.5, 3, inputs) + rng.uniform(-4, 4, inputs))
    train, test = x[:rows], x[rows:]
    # Its default tolerance, 0.01 of a log-likelihood, would stop far from the maximum.
    model = FactorAnalysis(factors, svd_method="lapack", tol=1e-10, max_iter=20_000).fit(train)
    noise, free = model.noise_variance_, model.components_.T
    unrotated = ordered(free, np.linalg.eigvalsh(free.T @ (free / noise[:, None]))[::-1])
    rotated = _ortho_rotation(free, method="varimax", tol=1e-15, max_iter=100_000).T
    rotated = ordered(rotated, (rotated**2).sum(0))
    ours, theirs = posterior(free, noise, train - model.mean_), model.transform(train)
    assert np.allclose(ours, theirs, atol=1e-9)
    assert (noise > 0.05 * train.var(0)).all(), "a Heywood case is no example"
    return {
        "train": train.tolist(),
        "test": test.tolist(),
        "factors": factors,
        "noise": noise.tolist(),
        "none": {"loadings": unrotated.tolist(), "latents": posterior(unrotated, noise, train - model.mean_).tolist()},
        "varimax": {"loadings": rotated.tolist(), "latents": posterior(rotated, noise, train - model.mean_).tolist()},
        "logLikelihood": model.score(train),
        "heldOut": model.score(test),
    }


# The last has fewer rows than inputs.
golden = [case(150, 7, 2, 40), case(400, 10, 3, 50), case(24, 30, 2, 20)]
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
