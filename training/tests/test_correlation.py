import math

import torch

from phosphene_train.correlation import partial_correlation


def log_normal(x, mean, logvar):
    return -0.5 * ((x - mean) ** 2 / math.exp(logvar) + logvar + math.log(2 * math.pi))


def brute_force(z, mu, logvar, sizes, count):
    """The estimate written out with loops over samples, groups and dimensions."""
    batch, total = len(z), 0.0
    edges = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    for i in range(batch):
        joint, groups = 0.0, [0.0] * len(sizes)
        for j in range(batch):
            weight = 1 / count if i == j else (count - 1) / (count * (batch - 1))
            terms = [log_normal(float(z[i, d]), float(mu[j, d]), float(logvar[j, d])) for d in range(z.shape[1])]
            joint += weight * math.exp(sum(terms))
            for g in range(len(sizes)):
                groups[g] += weight * math.exp(sum(terms[edges[g] : edges[g + 1]]))
        total += math.log(joint) - sum(math.log(value) for value in groups)
    return total / batch


def test_partial_correlation_equals_the_loops():
    torch.manual_seed(0)
    mu, logvar = torch.randn(7, 5), torch.randn(7, 5) * 0.3 - 1
    z = mu + torch.randn_like(mu) * torch.exp(logvar / 2)
    ours = partial_correlation(z.double(), mu.double(), logvar.double(), [2, 3], 40)
    assert math.isclose(float(ours), brute_force(z, mu, logvar, [2, 3], 40), abs_tol=1e-6)


def test_groups_that_repeat_each_other_depend_more_than_independent_ones():
    torch.manual_seed(0)
    a, b = torch.randn(256, 2), torch.randn(256, 2)
    logvar = torch.full((256, 4), -2.0)
    same, apart = torch.cat([a, a], 1), torch.cat([a, b], 1)
    estimate = [partial_correlation(mu, mu, logvar, [2, 2], 256) for mu in (same, apart)]
    assert estimate[0] > estimate[1] + 0.5
