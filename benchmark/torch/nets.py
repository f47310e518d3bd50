"""The networks of the step benchmark: their modules and their loss on fixed data."""
import math

import torch
from torch import nn
from torch.nn import functional


def mlp(sizes, activation):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


def leaky(slope):
    return lambda: nn.LeakyReLU(slope)


def dense(batch, sizes):
    net = mlp(sizes, leaky(0.01))
    x, target = torch.randn(batch, sizes[0]), torch.randn(batch, sizes[-1])
    return [net], lambda: (net(x) - target).square().mean()


def pdgmm(batch, sizes):
    encoder = nn.Sequential(mlp(sizes, leaky(0.02)), nn.BatchNorm1d(sizes[-1]))
    decoder = mlp(sizes[::-1], leaky(0.02))
    x = torch.randn(batch, sizes[0])
    constant = 0.5 * sizes[-1] * math.log(2 * math.pi)

    def loss():
        code = encoder(x)
        return (decoder(code) - x).square().mean() + 0.5 * code.square().sum(1).mean() + constant

    return [encoder, decoder], loss


def log_normal(x, mean, log_variance):
    return -0.5 * (math.log(2 * math.pi) + log_variance + (x - mean).square() * torch.exp(-log_variance)).sum(1)


def ivae(batch, inputs, segments, hidden):
    def net(a, b):
        return mlp([a, hidden, hidden, b], leaky(0.1))

    mean, spread = net(inputs + segments, inputs), net(inputs + segments, inputs)
    prior, decoder = net(segments, inputs), net(inputs, inputs)
    x = torch.randn(batch, inputs)
    segment = functional.one_hot(torch.randint(segments, (batch,)), segments).float()
    both = torch.cat([x, segment], 1)
    zero, noise_level = torch.zeros(1, 1), torch.full((1, 1), math.log(0.01))

    def loss():
        m, s = mean(both), spread(both)
        z = m + torch.exp(0.5 * s) * torch.randn_like(m)
        observed = log_normal(x, decoder(z), noise_level)
        expected = log_normal(z, zero, prior(segment))
        return (log_normal(z, m, s) - observed - expected).mean()

    return [mean, spread, prior, decoder], loss


def mtrn(batch, sizes, tasks):
    encoder = mlp(sizes, nn.ReLU)
    heads, bias = nn.Embedding(tasks, sizes[-1]), nn.Embedding(tasks, 1)
    x, target = torch.randn(batch, sizes[0]), torch.randn(batch)
    codes = torch.randint(tasks, (batch,))

    def loss():
        out = (encoder(x) * heads(codes)).sum(1) + bias(codes).squeeze(1)
        return (out - target).square().mean()

    return [encoder, heads, bias], loss


def images(batch, channels, side, hidden, code):
    """Convolutions that halve the image while two pixels are left, dense layers, and their mirror."""
    sides = [side]
    while len(sides) < 5 and sides[-1] // 2 >= 2:
        sides.append(sides[-1] // 2)
    widths = [channels] + [32] * (len(sides) - 1)
    flat = 32 * sides[-1] ** 2
    down, up = [], []
    for a, b in zip(widths, widths[1:]):
        down += [nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.1)]
    for i in reversed(range(len(sides) - 1)):
        restored = sides[i] - 2 * sides[i + 1]
        up += [nn.ConvTranspose2d(32, widths[i], 4, 2, 1, output_padding=restored), nn.LeakyReLU(0.1)]
    encoder = nn.Sequential(*down, nn.Flatten(), mlp([flat, *hidden, code], leaky(0.1)))
    inner = nn.Sequential(mlp([code, *hidden[::-1], flat], leaky(0.1)), nn.LeakyReLU(0.1))
    decoder = nn.Sequential(inner, nn.Unflatten(1, (32, sides[-1], sides[-1])), *up[:-1])
    x = torch.randn(batch, channels, side, side)
    return [encoder, decoder], lambda: (decoder(encoder(x)) - x).square().mean()


def balls(batch):
    """The autoencoder of pdGMM's images of balls."""
    down = [(3, 32, 2), (32, 64, 2), (64, 64, 2), (64, 128, 2), (128, 128, 4)]
    up = [(128, 128, 2), (128, 64, 2), (64, 64, 2), (64, 32, 2), (32, 3, 4)]
    layers = []
    for a, b, pool in down:
        layers += [nn.Conv2d(a, b, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(pool)]
    for a, b, size in up:
        layers += [nn.ConvTranspose2d(a, b, size, size), nn.ReLU()]
    net = nn.Sequential(*layers[:-1], nn.Sigmoid())
    x = torch.randn(batch, 3, 64, 64)
    return [net], lambda: (net(x) - x).square().mean()


def loss_of(net, batch):
    recipes = {"dense": dense, "pdgmm": pdgmm, "ivae": ivae, "mtrn": mtrn, "images": images, "balls": balls}
    modules, loss = recipes[net["kind"]](batch, **{key: value for key, value in net.items() if key != "kind"})
    return nn.ModuleList(modules), loss
