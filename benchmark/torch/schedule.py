"""Learning rates, as shares of the peak."""
import numpy as np


def warm_cosine(step, steps, warmup, floor):
    """A linear rise over the share `warmup` of the steps, then half a cosine down to `floor`."""
    warm = warmup * steps
    if step < warm:
        return (step + 1) / warm
    return floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * (step - warm) / (steps - warm)))
