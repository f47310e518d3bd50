"""Training steps (forward, backward, Adam) of small networks in PyTorch. Reads requests, one JSON object a line:
{"sizes": [16, 64, 5], "batch": 64, "threads": 1, "setting": "eager", "seconds": 0.3}; answers {"us": [time of each block]}."""
import json
import sys
import time

import torch
from torch import nn

BLOCK_SECONDS = 2e-3


def network(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers[:-1])


def stepper(sizes, batch, setting):
    torch.manual_seed(1)
    net = network(sizes)
    x, target = torch.randn(batch, sizes[0]), torch.randn(batch, sizes[-1])
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=setting != "eager")

    def loss():
        return (net(x) - target).square().mean()

    if setting == "compiled":
        loss = torch.compile(loss)

    def step():
        adam.zero_grad()
        loss().backward()
        adam.step()

    return step


made = {}


def blocks(sizes, batch, threads, setting, seconds):
    torch.set_num_threads(threads)
    key = (tuple(sizes), batch, threads, setting)
    if key not in made:
        made[key] = stepper(sizes, batch, setting)
        for _ in range(10):
            made[key]()
    step = made[key]
    began = time.perf_counter()
    step()
    repeats = max(1, min(500, int(BLOCK_SECONDS / (time.perf_counter() - began))))
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(repeats):
            step()
        times.append((time.perf_counter() - began) / repeats * 1e6)
    return times


for line in sys.stdin:
    try:
        print(json.dumps({"us": blocks(**json.loads(line))}), flush=True)
    except Exception as error:  # A setting that does not work here is an answer, not the end of the benchmark.
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}), flush=True)
