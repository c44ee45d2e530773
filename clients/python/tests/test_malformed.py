"""What does not follow docs/protocol.md is refused with the key named, whatever it is."""

import random

import golden
import msgpack
import pytest

from phosphene_client.codec import MAX_SERVER_BYTES, decode, encode
from phosphene_client.errors import Malformed, ParameterInvalid, PhospheneError

WRONG = [
    ("frame", ("image",), b"\0" * 5, "frame.image"),
    ("frame", ("mu",), b"\0" * 6, "frame.mu"),
    ("frame", ("logvar",), b"\0" * 4, "frame.logvar"),
    ("frame", ("stamps", "closed"), "soon", "frame.stamps.closed"),
    ("frame", ("stamps", "stepped", 1), None, "frame.stamps.stepped[1]"),
    ("frame", ("state",), "fine", "frame.state"),
    ("frame", ("bins",), [1, 2, 3], "frame.bins"),
    ("frame", ("seq",), -1, "frame.seq"),
    ("frame", ("seq",), 1.5, "frame.seq"),
    ("frame", ("seq",), True, "frame.seq"),
    ("frame", ("deadlineMs",), float("nan"), "frame.deadlineMs"),
    ("frame", ("readouts", "category"), "x", "frame.readouts.category"),
    ("spikes", ("units",), b"\0" * 2, "spikes.offsetsMs"),
    ("hello", ("bundle", "latents", "groups", 1, "size"), "3", "hello.bundle.latents.groups[1].size"),
    ("hello", ("role",), "admin", "hello.role"),
    ("status", ("ledger", "frames"), None, "status.ledger.frames"),
    ("status", ("access", "refused", "token"), "many", "status.access.refused.token"),
    ("steered", ("gamma",), {"0": 1}, "steered.gamma"),
]


@pytest.mark.parametrize(("name", "path", "value", "told"), WRONG)
def test_a_wrong_value_is_named(name, path, value, told):
    message = golden.meaning(f"server-{name}")
    place = message
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Malformed) as error:
        decode(msgpack.packb(message))
    assert error.value.path == told
    assert error.value.code == "PROTOCOL_MALFORMED"


@pytest.mark.parametrize("name", golden.names("server"))
def test_every_key_that_is_missing_is_named(name):
    whole = golden.meaning(f"server-{name}")
    # Added to the protocol later: a daemon from before is understood.
    later = {"role", "viewer", "guidance", "present", "event", "n", "id", "access", "outputs"}
    later |= {"history", "decoders", "switches", "adaptation"}
    for key in set(whole) - {"type"} - (later if name in {"hello", "frame", "event", "error", "status"} else set()):
        if (name, key) == ("event", "event"):
            continue
        with pytest.raises(Malformed, match=rf"{name}\.{key}: expected the key"):
            decode(msgpack.packb({other: value for other, value in whole.items() if other != key}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgpack.packb([1, 2]),
        msgpack.packb({"type": 7}),
        msgpack.packb({b"type": "pong"}),
        msgpack.packb({"type": "pong", "id": 1, "nowMs": msgpack.ExtType(5, b"x")}),
        msgpack.packb({"type": "pong", "id": 1, "nowMs": msgpack.Timestamp(1)}),
        msgpack.packb({"type": "pong", "id": 1, "nowMs": 2.0}) + b"\0",
        msgpack.packb({"type": "pong", "id": 1, "nowMs": [[[[[[[[1]]]]]]]]}),
        b"\xdd\xff\xff\xff\xff",
        b"\xa4\xff\xff\xff\xff",
        b"\x91" * 2000 + b"\0",
        "text",
        b"\0" * (MAX_SERVER_BYTES + 1),
    ],
)
def test_bytes_that_are_no_message(data):
    with pytest.raises(Malformed):
        decode(data)


def test_damaged_bytes_give_a_message_or_an_error_with_a_code():
    """Every message with bytes overwritten, cut and doubled: nothing else may come out."""
    chance = random.Random(6)
    for name in golden.names("server"):
        data = golden.data(f"server-{name}")
        for _ in range(400):
            damaged = bytearray(data)
            for _ in range(chance.randrange(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            cut = chance.randrange(1, len(damaged) + 1) if chance.random() < 0.3 else len(damaged)
            try:
                decode(bytes(damaged[:cut]))
            except PhospheneError as error:
                assert error.code in {"PROTOCOL_MALFORMED", "PROTOCOL_UNSUPPORTED"}


def test_nothing_too_large_is_sent():
    with pytest.raises(ParameterInvalid):
        encode("event", {"text": "x" * 65_536})
