"""Linear assignment by SciPy: requests {"n": 100, "file": ".f64", "seconds": 0.3}, answers {"cost", "us": [...]}."""
import json
import sys
import time

import numpy as np
from scipy.optimize import linear_sum_assignment

for line in sys.stdin:
    request = json.loads(line)
    matrix = np.fromfile(request["file"], dtype="<f8").reshape(request["n"], request["n"])
    us, end = [], time.perf_counter() + request["seconds"]
    while not us or time.perf_counter() < end:
        began = time.perf_counter()
        pairs = linear_sum_assignment(matrix)
        us.append((time.perf_counter() - began) * 1e6)
    print(json.dumps({"cost": float(matrix[pairs].sum()), "us": us}), flush=True)
