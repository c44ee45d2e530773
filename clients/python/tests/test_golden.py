"""The same bytes and JSON as the daemon and the TypeScript client: every message, every key."""

import dataclasses
import inspect

import golden
import msgpack
import numpy as np
import pytest

from phosphene_client import answers, codec, frames, hello, stages, status
from phosphene_client.asking import adapt_body, event_body, picture_body, steer_body, switch_body
from phosphene_client.codec import MESSAGES, TOPICS, decode, encode


def test_every_message_has_a_pair_and_every_pair_a_message():
    assert golden.names("server") == sorted(MESSAGES)
    assert golden.names("client") == ["adapt", "event", "ping", "present", "shown", "steer", "subscribe", "switch"]


@pytest.mark.parametrize("name", golden.names("server"))
def test_bytes_of_the_server_mean_what_the_json_says(name):
    told = golden.meaning(f"server-{name}")
    kept = golden.to_wire(decode(golden.data(f"server-{name}")))
    assert golden.like(kept, told) == told


@pytest.mark.parametrize("name", golden.names("client"))
def test_bytes_to_the_server_mean_what_the_json_says(name):
    told = golden.meaning(f"client-{name}")
    ours = encode(name, {key: value for key, value in told.items() if key != "type"})
    assert msgpack.unpackb(ours) == told == msgpack.unpackb(golden.data(f"client-{name}"))


def test_requests_are_built_as_in_the_pairs():
    greeting = decode(golden.data("server-hello"))
    steer = {"type": "steer", "id": 8, **steer_body({"colour": -2.5}, 1.5, greeting)}
    assert steer == golden.meaning("client-steer")
    event = {"type": "event", "id": 9, **event_body("reward, left lever", 2011)}
    assert event == golden.meaning("client-event")
    picture = np.array([[[0, 127, 255], [1, 2, 3]]], dtype=np.uint8)
    assert {"type": "present", "id": 10, **picture_body(picture)} == golden.meaning("client-present")
    assert {"type": "switch", "id": 11, **switch_body("it-demo-linear")} == golden.meaning("client-switch")
    assert {"type": "adapt", "id": 12, **adapt_body(True, False)} == golden.meaning("client-adapt")
    assert golden.meaning("client-subscribe")["topics"] == list(TOPICS)


def test_a_frame_is_read_only_arrays_of_the_stated_shapes():
    frame = decode(golden.data("server-frame"))
    assert (frame.image.dtype, frame.image.shape) == (np.uint8, (1, 2, 3))
    assert frame.image.tolist() == [[[0, 127, 255], [1, 2, 3]]]
    assert frame.mu.dtype == frame.logvar.dtype == np.dtype("<f4")
    assert frame.mu.tolist() == [0.5, -1.25, np.float32(3.0e-7), 2.0]
    assert frame.readouts["position"].tolist() == [-3.5]
    for array in (frame.image, frame.mu, frame.logvar, frame.readouts["category"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_what_a_decoder_cannot_tell_is_nothing_and_no_number():
    told = golden.meaning("server-frame") | {"bits": [], "logvar": b"", "explained": None, "atypicality": None}
    frame = decode(msgpack.packb(told))
    assert (frame.bits, frame.logvar.size, frame.explained, frame.atypicality) == ((), 0, None, None)
    bare = decode(msgpack.packb(told | {"mu": b""}))
    assert (bare.mu.size, bare.logvar.size) == (0, 0)
    greeting = golden.meaning("server-hello")
    greeting["bundle"]["latents"] = {"dimension": 0, "groups": []}
    greeting["bundle"]["evidence"] |= {"bitsThreshold": None, "missing": {"bits": "no posterior"}}
    bundle = decode(msgpack.packb(greeting)).bundle
    assert (bundle.evidence.bits_threshold, bundle.evidence.missing.bits) == (None, "no posterior")
    assert bundle.evidence.missing.explained is None


def test_every_key_says_what_it_is():
    for module in (answers, frames, hello, stages, status):
        for _, cls in inspect.getmembers(module, dataclasses.is_dataclass):
            for field in dataclasses.fields(cls):
                assert field.metadata["doc"], f"{cls.__name__}.{field.name}"
                assert f"{field.name}: {field.metadata['doc']}" in cls.__doc__


def test_a_type_of_a_later_version_is_told_apart_from_a_mistake():
    with pytest.raises(codec.Unsupported):
        decode(msgpack.packb({"type": "weather", "now": 1}))
    assert decode(msgpack.packb({"type": "pong", "id": 1, "nowMs": 2, "later": 3})).now_ms == 2.0


def test_a_source_of_which_nothing_was_heard_yet():
    told = golden.meaning("server-status")
    told["source"]["clock"] = {"offsetMs": float("nan"), "uncertaintyMs": float("inf")}
    clock = decode(msgpack.packb(told)).source.clock
    assert np.isnan(clock.offset_ms)
    assert clock.uncertainty_ms == float("inf")
