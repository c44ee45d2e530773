"""What the tests share."""

import re

import pytest
from daemon import daemon, free_ports, phosphene, rig

ROLES = ("operator", "viewer")


@pytest.fixture(scope="session")
def url():
    """A daemon without tokens, with a rig that plays the tiny session."""
    port = free_ports()
    with rig(port), daemon(port) as address:
        yield address


@pytest.fixture(scope="session")
def tokens(tmp_path_factory):
    """A token file with an operator and a viewer: (file, {name: token})."""
    file = tmp_path_factory.mktemp("access") / "tokens"
    printed = {role: phosphene("token", "add", "--role", role, "--name", role, "--file", str(file)) for role in ROLES}
    return file, {role: re.search(r"^\s*([A-Za-z0-9_-]{20,})\s*$", text, re.M)[1] for role, text in printed.items()}


@pytest.fixture(scope="session")
def guarded(tokens):
    """A daemon that wants tokens, and a rig that shows pictures."""
    port = free_ports(3)
    present = {"endpoint": f"tcp://127.0.0.1:{port + 2}"}
    access = {"tokensFile": str(tokens[0])}
    with rig(port, "--interactive"), daemon(port, present=present, access=access) as url:
        yield url
