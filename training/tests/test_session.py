import hashlib
import json

import numpy as np
import pytest
import torch

from phosphene_train.population import random_population
from phosphene_train.random_bundle import flat_stimuli, random_cortex, tiny_options, to_picture
from phosphene_train.session import write_session
from phosphene_train.verify import open_graph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("session")
    generator = np.random.default_rng(0)
    stimuli, cortex = flat_stimuli(tiny_options()[0], 16), random_cortex(8, 16, generator)
    driven = cortex.rates(torch.stack([to_picture(s.picture) for s in stimuli])).numpy()
    write_session(out, "tiny", stimuli, driven, random_population(8, generator), cortex)
    return out


def test_the_encoding_model_gives_the_rates_of_every_stimulus(folder):
    session = json.loads((folder / "session.json").read_text())
    graph = open_graph(folder / session["encoding"]["file"], 1)
    stored = np.frombuffer((folder / session["rates"]["file"]).read_bytes(), "<f4").reshape(4, 8)
    for row, stimulus in zip(stored, flat_stimuli(tiny_options()[0], 16), strict=True):
        rates = graph.run(None, {"image": to_picture(stimulus.picture)[None].numpy()})[0][0]
        assert np.abs(rates - row).max() < 0.1
    assert stored.std(0).mean() > 3


def test_digests_are_of_the_files(folder):
    session = json.loads((folder / "session.json").read_text())
    for entry in (session["rates"], session["encoding"]):
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_golden_rates_show_a_response_an_adapted_one_and_a_tail(folder):
    cases = json.loads((folder / "golden.json").read_text())["cases"]
    session = json.loads((folder / "session.json").read_text())
    baseline = session["population"]["baselineHz"]
    assert sum(abs(case["rateHz"] - baseline[case["unit"]]) > 1 for case in cases) >= 6
    assert {"stimulus", "previous", "beforePrevious", "unit", "tauMs", "rateHz"} == set(cases[0])
    assert any(case["previous"] != case["beforePrevious"] for case in cases)
