"""Tokens, roles, and a rig that shows pictures: both clients and a real daemon."""

import asyncio
import re
import shutil
import ssl
import subprocess

import numpy as np
import pytest
from daemon import daemon, free_ports, phosphene, rig, run_example

from phosphene_client import Client, Disconnected, HandshakeRefused, LinkDown, Refused, connect


def test_without_a_known_token_there_is_no_connection(guarded):
    for token in (None, "x" * 43):
        with pytest.raises(HandshakeRefused) as error, Client(guarded, token=token):
            pass
        assert error.value.status == 401


def test_a_viewer_watches_and_does_nothing_else(guarded, tokens):
    with Client(guarded, token=tokens[1]["viewer"]) as client:
        assert client.hello.role == "viewer"
        assert client.next_frame(timeout=30) is not None
        forbidden = [
            lambda: client.steer({}),
            lambda: client.event("onset"),
            lambda: client.present(np.zeros((2, 2, 3), np.uint8)),
        ]
        for ask in forbidden:
            with pytest.raises(Refused) as error:
                ask()
            assert error.value.code == "PROTOCOL_FORBIDDEN"


def test_examples_take_the_token_from_the_environment(guarded, tokens):
    assert "onset" in run_example("event.py", guarded, "onset", PHOSPHENE_TOKEN=tokens[1]["operator"])


def test_a_picture_goes_to_the_subject_and_comes_back_decoded(guarded, tokens):
    async def show():
        async with connect(guarded, token=tokens[1]["operator"]) as client:
            events, frames = client.events(), client.frames(depth=64)
            assert client.hello.present
            picture = np.zeros((16, 16, 3), np.uint8)
            picture[:8, :, 0] = 255
            shown = await client.present(picture)
            assert re.fullmatch(r"live-\d+", shown.stimulus)
            async for event in events:
                if event.stimulus is not None and event.stimulus.id == shown.stimulus:
                    break
            async for frame in frames:
                if frame.event is not None and frame.event.n == event.n:
                    assert frame.event.text == f"stimulus {shown.stimulus}"
                    break

    asyncio.run(show())


def test_a_token_that_is_taken_away_ends_the_client(guarded, tokens):
    file, known = tokens
    with Client(guarded, token=known["viewer"], chance=lambda: 0.0) as client:
        links, frames = client.links(), client.frames()
        phosphene("token", "remove", "--name", "viewer", "--file", str(file))
        down = next(iter(links))
        assert isinstance(down, LinkDown)
        assert (down.error.code, down.error.close_code) == ("CLIENT_DISCONNECTED", 1008)
        with pytest.raises(HandshakeRefused) as error:
            list(frames)
        assert error.value.status == 401


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_over_tls_with_a_certificate_of_ones_own(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", "req", "-x509", *kind, *names], check=True, capture_output=True)
    key.chmod(0o600)
    port = free_ports()
    server = {"port": 0, "tls": {"cert": str(cert), "key": str(key)}}
    with rig(port), daemon(port, server=server) as url:
        assert url.startswith("https://")
        with Client(url, tls=ssl.create_default_context(cafile=cert)) as client:
            assert client.next_frame(timeout=30) is not None
        # A certificate that nobody has vouched for is no daemon of ours.
        with pytest.raises(Disconnected, match="certificate"), Client(url):
            pass
