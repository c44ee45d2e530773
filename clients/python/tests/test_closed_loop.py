"""The experiment of examples/closed-loop, the Python one, through a real daemon and an interactive rig."""

import json
import os
import subprocess
import sys

from daemon import ROOT

SCRIPT = ROOT / "examples/closed-loop/python/closed_loop.py"


def test_a_few_trials_end_with_a_curve(guarded, tokens, tmp_path):
    env = {**os.environ, "PHOSPHENE_TOKEN": tokens[1]["operator"]}
    args = [sys.executable, SCRIPT, "--url", guarded, "--trials", "20", "--out", tmp_path]
    done = subprocess.run(args, capture_output=True, text=True, timeout=240, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    # One generation of 24 and its two probes, then ten rounds of three.
    assert result["trials"] == len(result["records"]) == 56
    assert len(result["means"]) == 1
    stimuli = [record["stimulus"] for record in result["records"]]
    assert len(set(stimuli)) == 56
    assert all(record["respondedMs"] > record["shownMs"] > 0 for record in result["records"])
    assert (tmp_path / "curve.svg").read_text().count("<circle") == 56
