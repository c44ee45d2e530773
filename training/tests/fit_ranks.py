"""Training on data that differ by rank; run by torchrun, each rank writes what it ends with (test_fit_ranks.py)."""

import json
import sys

import torch

from phosphene_train.multi_session import MultiSession
from phosphene_train.ranks import rank, start_ranks
from phosphene_train.train_vae import VaeTraining, train_sessions
from phosphene_train.vae import VaeOptions
from phosphene_train.vae_loss import VaeBatch


def trained() -> list[float]:
    """All weights after a few steps. Ranks start from unequal weights: rank 0's must win."""
    torch.manual_seed(rank())
    model = MultiSession([VaeOptions(units, 2, (("a", 2),), (), hidden=8) for units in (4, 5)])

    def batch(session: int, step: int) -> VaeBatch:
        window = torch.randn(16, 2, (4, 5)[session]) + rank()
        return VaeBatch(window, {}, torch.ones(16))

    done = train_sessions(model, batch, VaeTraining(6, rate=0.01, count=100), seed=1)
    return torch.cat([p.flatten() for p in done.parameters()]).tolist()


if __name__ == "__main__":
    start_ranks()
    torch.set_num_threads(1)
    with open(f"{sys.argv[1]}/{rank()}.json", "w") as file:
        json.dump(trained(), file)
