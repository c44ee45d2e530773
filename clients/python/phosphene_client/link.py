"""One WebSocket to the daemon: opening it, and what its end means."""

import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from .codec import MAX_SERVER_BYTES, PROTOCOL
from .errors import Disconnected, HandshakeRefused, ParameterInvalid, closed

STREAM_PATH = "/v1/stream"
# A daemon's machine that was unplugged says nothing. Patient, because a program that computes for seconds in its event
# loop reads no answers meanwhile, and that is no loss.
PING_INTERVAL_S = 2.0
PING_TIMEOUT_S = 10.0
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where the daemon is and how it is entered. Not printed: it holds the token."""

    url: str
    token: str | None
    tls: ssl.SSLContext | None
    open_timeout_s: float


def stream_url(url: str) -> str:
    """`http://127.0.0.1:8787`, `ws://...` or the whole `ws://.../v1/stream` as the address of the stream."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.netloc:
        raise ParameterInvalid("url", "ws://, wss://, http:// or https:// and a host", url)
    if parts.path not in ("", "/", STREAM_PATH):
        raise ParameterInvalid("url", f"no path, or {STREAM_PATH}", parts.path)
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc}{STREAM_PATH}"


def check_token(token: str | None) -> str | None:
    """Tokens are base64url; anything else could break out of the header."""
    if token is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,512}=*", token):
        raise ParameterInvalid("token", "base64url characters", f"{len(token)} others")
    return token


async def open_link(address: Address) -> ClientConnection:
    """A connection that speaks phosphene.v1. HandshakeRefused or Disconnected when there is none."""
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else None
    # Not `ssl=None`: for wss:// that would mean none at all, instead of the system's certificates.
    trust: dict[str, Any] = {} if address.tls is None else {"ssl": address.tls}
    try:
        return await connect(
            address.url,
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers=headers,
            # Pictures do not compress, and a proxy between a rig and its decoder is a mistake.
            compression=None,
            proxy=None,
            open_timeout=address.open_timeout_s,
            close_timeout=1,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_size=MAX_SERVER_BYTES,
            **trust,
        )
    except InvalidStatus as error:
        raise HandshakeRefused(error.response.status_code, _sentence(error.response.body)) from error
    except (InvalidHandshake, OSError, TimeoutError, EOFError) as error:
        where = urlsplit(address.url).netloc
        raise Disconnected(f"daemon at {where}: expected an answer, got {error or type(error).__name__}") from error


def ending(error: ConnectionClosed) -> Disconnected:
    """What the end of a connection means."""
    return closed(error.rcvd.code, error.rcvd.reason) if error.rcvd else closed(None, str(error.sent or ""))


def _sentence(body: bytes | bytearray | None) -> str:
    return bytes(body or b"")[:200].decode("utf-8", "replace").strip()
