"""Bytes to messages and back: plain MessagePack, checked to the last key. Nothing is evaluated."""

from typing import Any, get_args

import msgpack

from .answers import Adapted, Dropped, ErrorMessage, Event, Noted, Pong, Presented, Steered, Switched
from .errors import Malformed, ParameterInvalid, Unsupported
from .frames import Frame, Latents, Spikes
from .hello import Hello
from .keys import read
from .status import Status

PROTOCOL = "phosphene.v1"
TOPICS = ("frame", "latents", "spikes", "event", "status")
MAX_SERVER_BYTES = 16_777_216
"""Size above which a message of the server is refused."""
MAX_CLIENT_BYTES = 65_536
"""The daemon closes a connection that sends more."""
_MAX_DEPTH = 8

Answer = Steered | Switched | Adapted | Noted | Presented | Pong
Message = Hello | Frame | Latents | Spikes | Event | Status | Dropped | ErrorMessage | Answer
MESSAGES: dict[str, type[Message]] = {cls.type: cls for cls in get_args(Message)}


def decode(data: bytes | str) -> Message:
    """The message in `data`. `Malformed` names the key that is wrong; `Unsupported`: a type to be ignored."""
    value = unpack(data)
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise Malformed("message", "a map with a string `type`", value if kind is None else kind)
    if kind not in MESSAGES:
        raise Unsupported(kind)
    return read(MESSAGES[kind], value, kind)


def encode(kind: str, body: dict[str, Any]) -> bytes:
    """Bytes of a client's message."""
    data = msgpack.packb({"type": kind, **body}, use_bin_type=True)
    if len(data) > MAX_CLIENT_BYTES:
        raise ParameterInvalid(kind, f"a message of at most {MAX_CLIENT_BYTES} bytes", len(data))
    return data


def unpack(data: bytes | str) -> Any:
    """One plain MessagePack value: string keys, no extensions, at most 8 levels, nothing after it."""
    if not isinstance(data, bytes):
        raise Malformed("message", "a binary frame", data)
    if len(data) > MAX_SERVER_BYTES:
        raise Malformed("message", f"at most {MAX_SERVER_BYTES} bytes", len(data))
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True, ext_hook=_refuse, timestamp=0)
    except Malformed:
        raise
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise Malformed("message", "one plain MessagePack value", str(error) or type(error).__name__) from error
    _check_plain(value, 1)
    return value


def _refuse(code: int, _: bytes) -> None:
    raise Malformed("message", "plain MessagePack", f"an extension of type {code}")


def _check_plain(value: Any, depth: int) -> None:
    if isinstance(value, msgpack.Timestamp):
        raise Malformed("message", "plain MessagePack", "a timestamp extension")
    if not isinstance(value, dict | list):
        return
    if depth > _MAX_DEPTH:
        raise Malformed("message", f"at most {_MAX_DEPTH} levels", "more")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise Malformed("message", "string keys", name)
    for item in value.values() if isinstance(value, dict) else value:
        _check_plain(item, depth + 1)
