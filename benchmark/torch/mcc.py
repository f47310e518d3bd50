"""MCC by NumPy and SciPy: requests {"kind", "rows", "columns", "truth": ".f64", "estimate": ".f64", "seconds"}, answers
{"value", "us": [...]}."""
import json
import sys
import time

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata


def mcc(kind, truth, estimate):
    if kind == "spearman":
        truth, estimate = rankdata(truth, axis=0), rankdata(estimate, axis=0)
    d = truth.shape[1]
    correlation = np.abs(np.corrcoef(truth, estimate, rowvar=False)[:d, d:])
    pairs = linear_sum_assignment(correlation, maximize=True)
    return correlation[pairs].mean()


for line in sys.stdin:
    request = json.loads(line)
    shape = request["rows"], request["columns"]
    truth, estimate = (np.fromfile(request[name], dtype="<f8").reshape(shape) for name in ("truth", "estimate"))
    us, end = [], time.perf_counter() + request["seconds"]
    while not us or time.perf_counter() < end:
        began = time.perf_counter()
        value = mcc(request["kind"], truth, estimate)
        us.append((time.perf_counter() - began) * 1e6)
    print(json.dumps({"value": float(value), "us": us}), flush=True)
