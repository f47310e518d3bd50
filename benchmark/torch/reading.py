"""Reading matrices with NumPy: requests {"file": "a.csv", "seconds": 0.5}, answers {"sum", "us": [...]}."""
import json
import sys
import time

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    us, end = [], time.perf_counter() + request["seconds"]
    while not us or time.perf_counter() < end:
        began = time.perf_counter()
        if request["file"].endswith(".npy"):
            # The same work as ours: single precision, in memory of its own, and known to be finite.
            matrix = np.load(request["file"]).astype(np.float32)
            assert np.isfinite(matrix).all()
        else:
            matrix = np.loadtxt(request["file"], dtype=np.float32, delimiter=",", skiprows=1)
        us.append((time.perf_counter() - began) * 1e6)
    print(json.dumps({"sum": float(matrix.sum(dtype=np.float64)), "us": us}), flush=True)
