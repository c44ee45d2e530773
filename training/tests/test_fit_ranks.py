"""Several processes train as one: torchrun on the CPU (gloo), two ranks, the same commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fit_ranks import trained

from phosphene_train.cli import main
from phosphene_train.verify import verify_bundle

HERE = Path(__file__).parent


def torchrun(*words) -> subprocess.CompletedProcess:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*launcher, *map(str, words)], env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def test_ranks_end_with_the_same_weights_and_not_with_one_rank_s(tmp_path):
    done = torchrun(HERE / "fit_ranks.py", tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == pytest.approx(second, abs=1e-7)
    assert first != pytest.approx(trained(), abs=1e-3)


def test_fit_under_torchrun_writes_one_bundle(tmp_path):
    assert main(["import", "synthetic", str(tmp_path / "synthetic.h5"), "--units", "8", "--sessions", "1"]) == 0
    text = (HERE.parent / "configs/smoke.toml").read_text()
    few = "[vae]\nsteps = 6\ncompare = false\n[denoiser]\nsteps = 4\n[student]\nsteps = 3\ntrajectories = 16\n"
    (tmp_path / "few.toml").write_text(text + few)
    done = torchrun("-m", "phosphene_train", "fit", tmp_path / "few.toml", "--out", tmp_path / "run", "--device", "cpu")
    assert done.returncode == 0, done.stderr[-2000:]
    assert all(check.ok for check in verify_bundle(tmp_path / "run/bundle"))
    assert done.stdout.count("verified; figures") == 1
    assert len((tmp_path / "run/vae.jsonl").read_text().splitlines()) == 6
