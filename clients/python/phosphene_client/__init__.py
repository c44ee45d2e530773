"""Client of the Phosphene daemon: decoded pictures as numpy arrays, and the way back. See README.md."""

from .answers import Adapted, Dropped, ErrorMessage, Event, Noted, Pong, Presented, Steered, Switched
from .blocking import Client, Reader
from .client import AsyncClient, connect
from .clock import local_ms
from .connection import LinkDown, LinkUp
from .errors import (
    Closed,
    DaemonStopping,
    Disconnected,
    Expelled,
    HandshakeRefused,
    Malformed,
    MessageTooLarge,
    NoAnswer,
    ParameterInvalid,
    PhospheneError,
    Refused,
    TooSlow,
    Unsupported,
)
from .frames import Frame, Latents, Spikes
from .hello import Hello
from .status import Status
from .streams import Stream

__all__ = [
    "Adapted",
    "AsyncClient",
    "Client",
    "Closed",
    "DaemonStopping",
    "Disconnected",
    "Dropped",
    "ErrorMessage",
    "Event",
    "Expelled",
    "Frame",
    "HandshakeRefused",
    "Hello",
    "Latents",
    "LinkDown",
    "LinkUp",
    "Malformed",
    "MessageTooLarge",
    "NoAnswer",
    "Noted",
    "ParameterInvalid",
    "PhospheneError",
    "Pong",
    "Presented",
    "Reader",
    "Refused",
    "Spikes",
    "Status",
    "Steered",
    "Stream",
    "Switched",
    "TooSlow",
    "Unsupported",
    "connect",
    "local_ms",
]  # fmt: skip
