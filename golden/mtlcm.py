"""MTLCM by SciPy and PyTorch in double precision, from the paper's model: nothing is profiled out in closed form here.

    python golden/mtlcm.py        # writes golden/mtlcm.json

Needs numpy, scipy and torch (CPU).
"""

import json
import pathlib

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

HERE = pathlib.Path(__file__).parent
TASKS, ROWS, LATENTS, CAUSES, SPURIOUS, OBSERVED = 24, 30, 4, 2, 0.1, 0.01
# Variance of codes given latents, where a density is asked for with noise.
CODE_NOISE = 0.09
rng = np.random.default_rng(20230614)


def rounded(values):
    """Values that single precision holds exactly, so that both sides begin with the same numbers."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def world():
    mixing = rng.standard_normal((LATENTS, LATENTS))
    codes, targets = np.zeros((TASKS, ROWS, LATENTS)), np.zeros((TASKS, ROWS))
    for t in range(TASKS):
        causal = rng.choice(LATENTS, CAUSES, replace=False)
        z = rng.standard_normal((ROWS, LATENTS))
        y = z[:, causal] @ rng.standard_normal(CAUSES) + rng.uniform(2, 3) * rng.standard_normal(ROWS)
        for i in set(range(LATENTS)) - set(causal.tolist()):
            z[:, i] = rng.uniform(-1, 1) * y + SPURIOUS * rng.standard_normal(ROWS)
        codes[t], targets[t] = z @ mixing.T, y
    return rounded(codes), rounded(targets)


codes, targets = world()
centred = codes - codes.mean(1, keepdims=True)
y = targets - targets.mean(1, keepdims=True)


def task_nll(theta, mixing, h, y, observed=0.0):
    """Minus the mean log density of one task: theta = (c, g), g = gamma (1 - c)."""
    c, g = theta[:LATENTS], theta[LATENTS:]
    sigma = mixing @ np.diag(SPURIOUS**2 * (1 - c) + c) @ mixing.T + observed**2 * np.eye(LATENTS)
    return -multivariate_normal(np.zeros(LATENTS), sigma).logpdf(h - np.outer(y, mixing @ g)).mean()


def profile(mixing):
    """The likelihood of A with c and gamma of every task found numerically."""
    total = 0.0
    for h, target in zip(centred, y):
        bounds = [(0, 1)] * LATENTS + [(None, None)] * LATENTS
        runs = [
            minimize(task_nll, np.r_[np.full(LATENTS, c), np.zeros(LATENTS)], (mixing, h, target), bounds=bounds,
                     options={"maxiter": 5000, "maxfun": 200_000, "ftol": 1e-15, "gtol": 1e-9})
            for c in (0.05, 0.5, 0.95)
        ]
        total += min(run.fun for run in runs)
    return total / TASKS


def residuals():
    out = []
    for h, target in zip(centred, y):
        beta = h.T @ target / (target @ target)
        e = h - np.outer(target, beta)
        out.append(e.T @ e / len(target))
    return torch.tensor(np.array(out))


def solve(starts=12):
    """The map by L-BFGS on all its entries, gradient by autograd."""
    r_t = residuals()

    def value(flat):
        b = torch.tensor(flat.reshape(LATENTS, LATENTS), requires_grad=True)
        r = torch.einsum("ia,tab,ib->ti", b, r_t, b)
        v = r.detach().clamp(SPURIOUS**2, 1.0)
        # Inside the bounds v = r, whose derivative of log v + r / v is that with v held fixed.
        f = 0.5 * (v.log() + r / v).sum() / TASKS - torch.linalg.slogdet(b)[1]
        f.backward()
        return f.item(), b.grad.numpy().ravel()

    white = np.linalg.inv(np.linalg.cholesky(np.cov(centred.reshape(-1, LATENTS).T)))
    runs = []
    for _ in range(starts):
        q = np.linalg.qr(rng.standard_normal((LATENTS, LATENTS)))[0]
        runs.append(minimize(value, (q @ white).ravel(), jac=True, method="L-BFGS-B",
                             options={"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-9}))
    best = min(runs, key=lambda run: run.fun)
    return best.x.reshape(LATENTS, LATENTS), best.fun


def marginal():
    """Loss and gradient of the published procedure on one batch."""
    a = torch.tensor(0.5 * rng.standard_normal((LATENTS, LATENTS)), requires_grad=True)
    logits = torch.tensor(rng.standard_normal((TASKS, LATENTS)), requires_grad=True)
    gamma = torch.tensor(rng.standard_normal((TASKS, LATENTS)), requires_grad=True)
    batch = rng.choice(TASKS * ROWS, 100, replace=False)
    loss = 0.0
    for pair in batch:
        t, s = divmod(int(pair), ROWS)
        c = torch.sigmoid(logits[t])
        mean = a @ (float(y[t, s]) * gamma[t] * (1 - c))
        sigma = a @ torch.diag(SPURIOUS**2 * (1 - c) + c) @ a.T + OBSERVED**2 * torch.eye(LATENTS, dtype=torch.float64)
        density = torch.distributions.MultivariateNormal(mean, sigma)
        loss = loss - density.log_prob(torch.tensor(centred[t, s])) / len(batch)
    loss.backward()
    parts = [a, logits, gamma]
    flat = lambda pick: [float(v) for p in parts for v in pick(p).detach().ravel()]
    return {"batch": batch.tolist(), "parameters": flat(lambda p: p), "loss": loss.item(),
            "gradient": flat(lambda p: p.grad), "observed": OBSERVED}


def evidence(b):
    """Log-likelihood ratios, regressions and a log density of shifted rows, at the map b."""
    z = centred @ b.T
    ratios, weights, explained, density, noisy = [], [], [], [], []
    causal = [[0, 2], [1], [], [0, 1, 2, 3]]
    for t in range(TASKS):
        row = []
        for i in range(LATENTS):
            slope = np.polyfit(y[t], z[t, :, i], 1)[0]
            e = z[t, :, i] - slope * y[t]
            row.append(float((norm.logpdf(e, scale=1.0) - norm.logpdf(e, scale=SPURIOUS)).sum()))
        ratios.append(row)
        chosen = causal[t % 4]
        w = np.zeros(LATENTS)
        if chosen:
            w[chosen] = np.linalg.lstsq(z[t][:, chosen], y[t], rcond=None)[0]
        weights.append(w.tolist())
        explained.append(float(1 - ((y[t] - z[t] @ w) ** 2).sum() / (y[t] ** 2).sum()))
        c = 0.1 + 0.8 * ((np.arange(LATENTS) + t) % LATENTS) / LATENTS
        a = np.linalg.inv(b)
        sigma = a @ np.diag(SPURIOUS**2 * (1 - c) + c) @ a.T
        slopes = z[t].T @ y[t] / (y[t] @ y[t])
        mean = codes[t].mean(0) + np.outer(y[t], a @ slopes)
        density.append([multivariate_normal(np.zeros(LATENTS), sigma).logpdf(codes[t] - mean).mean(), c.tolist()])
        noise = CODE_NOISE * np.eye(LATENTS)
        noisy.append(multivariate_normal(np.zeros(LATENTS), sigma + noise).logpdf(codes[t] - mean).mean())
    return {"logRatios": ratios, "weights": weights, "explained": explained, "causal": causal,
            "density": float(np.mean([d[0] for d in density])), "noise": CODE_NOISE,
            "noisyDensity": float(np.mean(noisy)), "indicators": [d[1] for d in density]}


somewhere = rounded(np.linalg.inv(rng.standard_normal((LATENTS, LATENTS)) + 2 * np.eye(LATENTS)))
best, objective = solve()
result = {
    "spurious": SPURIOUS,
    "codes": codes.reshape(-1, LATENTS).tolist(),
    "targets": targets.tolist(),
    "profile": {"map": somewhere.tolist(), "value": profile(np.linalg.inv(somewhere))},
    "solution": {"map": best.tolist(), "objective": objective, "likelihood": profile(np.linalg.inv(best))},
    "marginal": marginal(),
    "evidence": {"map": somewhere.tolist(), **evidence(somewhere)},
}
(HERE / "mtlcm.json").write_text(json.dumps(result) + "\n")
