"""The configuration: defaults by size, every fault at once, and the folder that keeps to its options."""

from pathlib import Path

import pytest

from phosphene_train.cli import main
from phosphene_train.fit.config import SIZES, FitConfig
from phosphene_train.fit.folder import claim, whole_folder
from phosphene_train.fit.read_config import ConfigError, parse, read_config

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIGS.glob("*.toml")))
def test_shipped_configurations_are_good(name):
    config = read_config(CONFIGS / name)
    assert config.data.file.endswith(".h5")


def test_a_size_gives_defaults_that_the_file_overrides():
    config, faults = parse({"size": "smoke", "data": {"file": "x"}, "vae": {"steps": 7}})
    assert faults == []
    assert config.vae.steps == 7
    assert config.vae.batch == SIZES["smoke"]["vae"]["batch"]
    assert config.denoiser.image == 16
    assert parse({"size": "full", "data": {"file": "x"}})[0].denoiser == FitConfig().denoiser


def test_every_fault_is_named_at_once(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        'colour = 1\nsize = "huge"\n[window]\nbins = 0\nbin_ms = "x"\n[vae]\nstepz = 1\ncompare = 1\ndropout = 2\n'
        '[denoiser]\nimage = 60\npatch = 8\n[latents]\ngroups = [{name = "a b", size = 0, supervise = "c", x = 1}]\n'
    )
    with pytest.raises(ConfigError) as found:
        read_config(path)
    text = str(found.value)
    for part in (
        "colour: unknown",
        "size: expected one of smoke, small, full, got 'huge'",
        "window.bins: expected at least 1, got 0",
        "window.bin_ms: expected a number, got 'x'",
        "vae.stepz: unknown",
        "vae.compare: expected true or false, got 1",
        "vae.dropout: expected at most 0.95, got 2",
        "denoiser.patch: expected a divisor of image = 60, got 8",
        "latents.groups[0].name",
        "latents.groups[0].size",
        "latents.groups[0].x: unknown",
        "data.file: expected",
    ):
        assert part in text
    assert all(line.startswith(str(path)) for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "sentence"), [("[vae", "expected TOML"), ("vae = 3", r"vae: expected a section \[vae\], got 3")]
)
def test_what_is_no_configuration_is_refused(tmp_path, text, sentence):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        read_config(path)


def test_dry_run_prints_the_resolved_options_and_makes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["fit", str(CONFIGS / "smoke.toml"), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert '"hidden": 64' in printed and '"response_share": 0.6' in printed
    assert list(tmp_path.iterdir()) == []


def test_a_missing_configuration_is_one_sentence(tmp_path, capsys):
    assert main(["fit", str(tmp_path / "none.toml")]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'none.toml'}: expected a configuration, found no such file\n"


def test_a_run_folder_refuses_other_options(tmp_path):
    data = tmp_path / "data.h5"
    data.write_bytes(b"one")
    config, _ = parse({"data": {"file": "data.h5"}})
    claim(tmp_path / "run", config, data)
    claim(tmp_path / "run", config, data)
    other, _ = parse({"data": {"file": "data.h5"}, "vae": {"steps": 5}})
    with pytest.raises(ConfigError, match=r"got others for vae\.steps; choose another --out"):
        claim(tmp_path / "run", other, data)
    data.write_bytes(b"two")
    with pytest.raises(ConfigError, match="dataSha256"):
        claim(tmp_path / "run", config, data)


def test_a_folder_is_whole_or_as_it_was(tmp_path):
    with whole_folder(tmp_path / "bundle") as draft:
        (draft / "a").write_text("1")
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "bundle") as draft:
        (draft / "a").write_text("2")
        raise RuntimeError
    assert [(p.name, (p / "a").read_text()) for p in tmp_path.iterdir()] == [("bundle", "1")]
