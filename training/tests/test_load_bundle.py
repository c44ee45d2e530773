import json
from pathlib import Path

import numpy as np
import pytest
import torch

from phosphene_train.denoiser import weighted
from phosphene_train.diffusion import ddim
from phosphene_train.golden import decode_array
from phosphene_train.load_bundle import load_bundle
from phosphene_train.random_bundle import tiny_options, write_random_bundle

TINY = Path(__file__).parents[2] / "test/fixtures/tiny-bundle"


@pytest.fixture(params=["shipped", "fresh"])
def folder(request, tmp_path):
    if request.param == "shipped":
        return TINY
    write_random_bundle(tmp_path, tiny_options(), "fresh", seed=7)
    return tmp_path


@torch.no_grad()
def test_a_loaded_bundle_computes_its_golden_outputs(folder):
    bundle = load_bundle(folder)
    units, bins = bundle.vae.options.units, bundle.vae.options.window
    side = bundle.denoiser.options.image
    for case in json.loads((folder / "golden.json").read_text())["cases"]:
        window = bundle.normalisation.apply(decode_array(case["counts"], bins, units))
        mu, logvar, expected, *readouts = bundle.vae(torch.from_numpy(window)[None])
        assert_close(mu, case["mu"])
        assert_close(logvar, case["logvar"])
        assert_close(expected, case["expected"])
        for readout, got in zip(bundle.vae.options.readouts, readouts, strict=True):
            assert_close(got, case["readouts"][readout.name])
        noise = torch.from_numpy(decode_array(case["noise"], 1, 3, side, side))
        for k, times in bundle.manifest["schedule"]["timesteps"].items():
            assert_close(ddim(weighted(bundle.denoiser, case["guidance"]), noise, mu, times), case["images"][k])


def assert_close(got: torch.Tensor, wanted: str) -> None:
    np.testing.assert_allclose(got.numpy().ravel(), decode_array(wanted, -1), atol=2e-5, rtol=1e-5)


def test_another_network_is_refused_by_the_name_of_what_is_missing(tmp_path):
    write_random_bundle(tmp_path, tiny_options(), "fresh")
    (tmp_path / "step.onnx").write_bytes((tmp_path / "encode.onnx").read_bytes())
    with pytest.raises(ValueError, match=r"expected a constant 'patches\.bias'"):
        load_bundle(tmp_path)
