"""What the tests share."""

import pytest
from daemon import daemon, free_ports, rig


@pytest.fixture(scope="session")
def url():
    """A daemon without tokens, with a rig that plays the tiny session."""
    port = free_ports()
    with rig(port), daemon(port) as address:
        yield address
