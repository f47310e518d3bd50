"""How far latents are those of the truth."""
import numpy as np


def mcc(truth, estimate):
    from scipy.optimize import linear_sum_assignment  # Not part of a fit: its import must not be timed with it.

    k = truth.shape[1]
    correlation = np.abs(np.corrcoef(truth.T, estimate.T)[:k, k:])
    return float(correlation[linear_sum_assignment(-correlation)].mean())
