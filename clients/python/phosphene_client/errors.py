"""What can go wrong, as exceptions: each is a `PhospheneError` with a `code` of docs/errors.md or of this client."""


class PhospheneError(Exception):
    """One sentence that names the thing, what was expected and what came; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code
        """Code of docs/errors.md, or of this client: `CLIENT_...`."""
        self.message = message


class Malformed(PhospheneError):
    """A message that does not follow docs/protocol.md; `path` is the key, for example `frame.stamps.closed`."""

    def __init__(self, path: str, expected: str, got: object) -> None:
        super().__init__("PROTOCOL_MALFORMED", f"{path}: expected {expected}, got {_short(got)}")
        self.path = path


class Unsupported(PhospheneError):
    """A message of a type that this client does not know: to be ignored."""

    def __init__(self, kind: str) -> None:
        super().__init__("PROTOCOL_UNSUPPORTED", f"type: expected one that this client knows, got {_short(kind)}")


class ParameterInvalid(PhospheneError):
    """A call with a value outside its range."""

    def __init__(self, name: str, expected: str, got: object) -> None:
        super().__init__("PARAMETER_INVALID", f"{name}: expected {expected}, got {_short(got)}")


class Refused(PhospheneError):
    """The daemon's `error` message that answers a request of ours (PROTOCOL_FORBIDDEN, PRESENT_UNAVAILABLE, ...)."""


class HandshakeRefused(PhospheneError):
    """The upgrade was answered with a plain HTTP status: 401 token, 403 Origin or Host, 404 path, 503 full."""

    def __init__(self, status: int, detail: str = "") -> None:
        meaning = _STATUS.get(status, "the upgrade to a WebSocket")
        super().__init__("CLIENT_REFUSED", f"daemon: expected {meaning}, got HTTP {status}{detail and f' ({detail})'}")
        self.status = status

    @property
    def final(self) -> bool:
        """True where trying again cannot help."""
        return 400 <= self.status < 500


class Disconnected(PhospheneError):
    """The connection is down; `close_code` is the WebSocket's, None when it broke without one."""

    def __init__(self, message: str, close_code: int | None = None, code: str = "CLIENT_DISCONNECTED") -> None:
        super().__init__(code, message)
        self.close_code = close_code


class DaemonStopping(Disconnected):
    """Close code 1001: the daemon stops."""


class Expelled(Disconnected):
    """Close code 1008: too many messages per second, or the token was taken away; the text says which."""


class MessageTooLarge(Disconnected):
    """Close code 1009: a message of ours was over the daemon's limit."""


class TooSlow(Disconnected):
    """Close code 1013: 256 state messages waited and we did not read."""


class NoAnswer(PhospheneError, TimeoutError):
    """The daemon did not answer a request in time."""

    def __init__(self, request: str, seconds: float) -> None:
        super().__init__("CLIENT_TIMEOUT", f"{request}: expected an answer within {seconds:g} s, got none")


class Closed(PhospheneError):
    """The client was closed by its owner."""

    def __init__(self) -> None:
        super().__init__("CLIENT_CLOSED", "client: expected to be open, got a call after it was closed")


_STATUS = {
    400: "the subprotocol phosphene.v1 to be known",
    401: "the token to be known",
    403: "this Host and Origin to be allowed",
    404: "a stream at this path",
    503: "room for another viewer",
}
_CLOSES: dict[int | None, tuple[type[Disconnected], str]] = {
    1001: (DaemonStopping, "the daemon stops"),
    1008: (Expelled, "too many messages, or the token was taken away"),
    1009: (MessageTooLarge, "a message over the daemon's limit"),
    1013: (TooSlow, "state messages waited and were not read"),
}


def closed(close_code: int | None, reason: str) -> Disconnected:
    """The exception for a close code; `reason` is the text that came with it."""
    kind, meaning = _CLOSES.get(close_code, (Disconnected, "the connection broke" if close_code is None else "closed"))
    said = f": {reason}" if reason else ""
    return kind(f"connection: expected to stay open, got close code {close_code} ({meaning}){said}", close_code)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
