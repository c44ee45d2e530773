"""What examples/psychopy_view.py does beside drawing: texture, lineage, shown. Without a window, with a real daemon."""

import ast
import csv
import io
from dataclasses import replace

import golden
import numpy as np
import pytest
from daemon import EXAMPLES

from phosphene_client import Client, local_ms
from phosphene_client.codec import decode
from phosphene_client.display import Display, columns, lineage_row, stale_after_ms, texture


class Recording:
    """The client's side of a display, that keeps what it is told: server time is local time + 1000."""

    def __init__(self):
        self.hello = decode(golden.data("server-hello"))
        self.told = []

    def server_ms(self, at_ms):
        return at_ms + 1000

    def shown(self, seq, at_ms=None):
        self.told.append((seq, at_ms))


def some_frame(**changes):
    return replace(decode(golden.data("server-frame")), **changes)


def test_the_texture_is_what_psychopy_takes():
    rows = np.arange(4 * 3 * 3, dtype=np.uint8).reshape(4, 3, 3) * 7
    made = texture(some_frame(image=rows, height=4, width=3))
    assert (made.dtype, made.shape, made.flags.c_contiguous) == (np.float32, (4, 3, 3), True)
    # The bottom row first, 0 to 1.
    assert np.array_equal(made[0], rows[3].astype(np.float32) / np.float32(255))
    assert np.array_equal(np.round(made[::-1] * 255).astype(np.uint8), rows)
    white = texture(some_frame(image=np.full((1, 2, 3), 255, np.uint8)))
    assert white.min() == white.max() == 1.0


def test_a_row_of_the_log_is_the_lineage_of_the_frame():
    frame = some_frame()
    row = dict(zip(columns(["form", "colour"]), lineage_row(frame, "s", 2048.5), strict=True))
    assert (row["session"], row["seq"], row["shown_ms"], row["closed_ms"]) == ("s", 41, 2048.5, 2020.5)
    assert (row["bin_first"], row["bin_last"], row["source_start_s"], row["source_end_s"]) == (96, 100, 1.92, 2.02)
    assert (row["event_n"], row["event_text"], row["held_seq"]) == (12, "stimulus apple-3", None)
    assert (row["bits_form"], row["bits_colour"], row["gamma_form"], row["gamma_colour"]) == (1.5, 0.0625, 0.0, -2.5)
    assert (row["bundle"], row["seed"], row["steps"], row["solver"]) == ("sha256:00ff", 4_294_967_295, 2, "ddim")


def test_what_a_bundle_cannot_tell_is_an_empty_column():
    row = dict(zip(columns(["form", "colour"]), lineage_row(some_frame(bits=()), "s", 0), strict=True))
    assert (row["bits_form"], row["bits_colour"], row["gamma_colour"]) == (None, None, -2.5)


def test_after_a_switch_values_stay_under_the_names_of_their_groups():
    client, log = Recording(), io.StringIO()
    display = Display(client, log)
    group = client.hello.bundle.latents.groups[1]
    latents = replace(client.hello.bundle.latents, groups=(replace(group, name="other"), group))
    bundle = replace(client.hello.bundle, digest="sha256:0a", latents=latents)
    old = some_frame(seq=1)
    display.take(old)
    client.hello = replace(client.hello, bundle=bundle)
    display.flipped()
    display.take(some_frame(seq=2, bundle="sha256:0a", bits=(7.0, 8.0), steering=(0.5, 0.25)))
    display.flipped()
    first, second = csv.DictReader(io.StringIO(log.getvalue()))
    assert (first["bits_form"], first["bits_colour"], first["gamma_colour"]) == ("1.5", "0.0625", "-2.5")
    assert (second["bits_form"], second["bits_colour"], second["gamma_form"]) == ("", "8.0", "")
    assert (second["gamma_colour"], second["bundle"]) == ("0.25", "sha256:0a")


def test_a_frame_is_shown_at_its_first_flip_and_once():
    client, log = Recording(), io.StringIO()
    display = Display(client, log)
    display.flipped(1.0)
    assert display.take(some_frame(seq=5), at_ms=2.0)
    assert not display.take(None)
    display.flipped(10.0)
    display.flipped(20.0)
    # Two frames before one flip: the first was never on the screen.
    display.take(some_frame(seq=6), at_ms=21.0)
    display.take(some_frame(seq=7), at_ms=22.0)
    display.flipped(30.0)
    assert client.told == [(5, 1010.0), (7, 1030.0)]
    rows = list(csv.DictReader(io.StringIO(log.getvalue())))
    assert [(row["seq"], row["shown_ms"]) for row in rows] == [("5", "1010.0"), ("7", "1030.0")]
    assert display.flips == 4


def test_only_a_picture_of_now_is_drawn_as_a_picture():
    client = Recording()
    display = Display(client, io.StringIO())
    # Three bins of 20 ms and the budget of 50.
    assert stale_after_ms(client.hello) == 110
    assert display.content(0.0) == "waiting"
    display.take(some_frame(), at_ms=0.0)
    assert (display.content(110.0), display.content(111.0)) == ("picture", "stale")
    display.take(some_frame(state="held"), at_ms=200.0)
    assert display.content(200.0) == "picture"
    display.take(some_frame(state="no-reconstruction"), at_ms=200.0)
    assert (display.content(200.0), display.content(400.0)) == ("no-reconstruction", "stale")


def test_flips_become_glass_latency_of_the_daemon(url):
    log = io.StringIO()
    with Client(url, topics=["status"]) as client:
        statuses = client.statuses()
        before = next(iter(statuses)).latency.glass.n
        display, flips = Display(client, log), 3
        for _ in range(flips):
            assert display.take(client.next_frame(timeout=30))
            display.flipped(local_ms())
        status = next(found for found in statuses if found.latency.glass.n > before)
        while status.latency.glass.n < before + flips:
            status = next(iter(statuses))
        assert status.latency.glass.n == before + flips
        rows = list(csv.DictReader(io.StringIO(log.getvalue())))
        assert len(rows) == flips
        assert all(float(row["shown_ms"]) >= float(row["closed_ms"]) for row in rows)
        assert {row["bundle"] for row in rows} == {client.hello.bundle.digest}


def test_the_example_needs_psychopy_only_when_it_runs():
    tree = ast.parse((EXAMPLES / "psychopy_view.py").read_text())
    top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    top |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert top == {"os", "sys", "phosphene_client", "phosphene_client.display"}


@pytest.mark.parametrize("name", ["watch", "steer", "event", "close_loop"])
def test_examples_are_short(name):
    body = (EXAMPLES / f"{name}.py").read_text().split("def main")[1].split("if __name__")[0].strip().splitlines()
    assert len(body) <= 11
