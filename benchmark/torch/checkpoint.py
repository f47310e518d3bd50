"""Checkpoints by PyTorch: requests {"folder", "parameters", "times"}, answers {"us": [...]}. What is saved are parameters,
a best copy and two moments, as ours; written beside, synced and renamed, and the new name synced, as ours."""
import json
import os
import sys
import time

import torch

for line in sys.stdin:
    request = json.loads(line)
    state = {name: torch.full((request["parameters"],), 0.5) for name in ("trained", "good", "first", "second")}
    target = os.path.join(request["folder"], "checkpoint.pt")
    us = []
    for _ in range(request["times"]):
        began = time.perf_counter()
        with open(target + ".new", "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(target + ".new", target)
        folder = os.open(request["folder"], os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        us.append((time.perf_counter() - began) * 1e6)
    print(json.dumps({"us": us}), flush=True)
