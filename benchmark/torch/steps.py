"""Training steps (forward, backward, Adam), products and draws in PyTorch and NumPy. Reads requests, one JSON object a
line: {"net": {"kind": "dense", "sizes": [16, 64, 5]}, "batch": 64, "threads": 1, "setting": "eager", "seconds": 0.3}, and "device":
"cuda" for networks on a GPU; answers {"us": [time of each block]}."""
import json
import sys
import time

import numpy as np
import torch
from nets import loss_of
from torch.nn import functional

BLOCK_SECONDS = 2e-3
WARM_UP_SECONDS = 0.5
WARM_UP_STEPS = 10


def stepper(net, batch, setting):
    modules, loss = loss_of(net, batch)
    adam = torch.optim.Adam(modules.parameters(), lr=1e-3, fused=setting != "eager")
    if setting == "compiled":
        loss = torch.compile(loss)

    def step():
        adam.zero_grad()
        loss().backward()
        adam.step()

    return step


def product(rows, inner, cols, setting):
    x, w, b = torch.randn(rows, inner), torch.randn(inner, cols), torch.zeros(cols)
    if setting == "mm":
        out = torch.empty(rows, cols)
        return lambda: torch.mm(x, w, out=out)
    weight = w.T.contiguous()
    return torch.no_grad()(lambda: functional.linear(x, weight, b))


def draw(count, setting):
    if setting == "randn":
        return lambda: torch.randn(count)
    generator = np.random.Generator(np.random.Philox(1))
    return lambda: generator.standard_normal(count, dtype=np.float32)


def work(net, batch, setting, device):
    torch.manual_seed(1)
    torch.set_default_device(device)
    kind, rest = net["kind"], {key: value for key, value in net.items() if key != "kind"}
    if kind == "product":
        return product(**rest, setting=setting)
    if kind == "normals":
        return draw(**rest, setting=setting)
    return stepper(net, batch, setting)


made = {}


def blocks(net, batch, threads, setting, seconds, device="cpu"):
    torch.set_num_threads(threads)
    # A device computes on after it was asked.
    settle = torch.cuda.synchronize if device == "cuda" else lambda: None
    key = (threads, setting, device)
    if key not in made:
        made[key] = work(net, batch, setting, device)
        made[key]()  # Compiles.
        end = time.perf_counter() + WARM_UP_SECONDS
        for _ in range(WARM_UP_STEPS):
            made[key]()
            if time.perf_counter() > end:
                break
    step = made[key]
    settle()
    began = time.perf_counter()
    step()
    settle()
    repeats = max(1, min(500, int(BLOCK_SECONDS / (time.perf_counter() - began))))
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(repeats):
            step()
        settle()
        times.append((time.perf_counter() - began) / repeats * 1e6)
    return times


for line in sys.stdin:
    try:
        print(json.dumps({"us": blocks(**json.loads(line))}), flush=True)
    except Exception as error:  # A setting that does not work here is an answer, not the end of the benchmark.
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}), flush=True)
