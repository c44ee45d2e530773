"""Clock, back-off, queues, addresses, bodies: without a socket."""

import threading

import golden
import numpy as np
import pytest

from phosphene_client.asking import event_body, picture_body, steer_body, topics_list
from phosphene_client.clock import ServerClock, backoff_s
from phosphene_client.codec import decode
from phosphene_client.errors import Disconnected, ParameterInvalid, TooSlow, closed
from phosphene_client.inbox import Inbox
from phosphene_client.link import check_token, stream_url
from phosphene_client.streams import Mailbox


def test_the_clock_believes_the_quickest_of_the_newest_pings():
    clock = ServerClock()
    assert clock.to_server(0) is None
    clock.seed(100, 1000)
    assert (clock.to_server(200), clock.rtt_ms) == (1100, None)
    clock.add(200, 210, 1110)
    assert (clock.to_server(200), clock.rtt_ms) == (1105, 10)
    clock.add(300, 302, 1202)
    clock.add(400, 440, 1330)
    assert (clock.to_server(300), clock.rtt_ms) == (1201, 2)
    for at in range(12):
        clock.add(500 + at, 504 + at, 1402 + at)
    assert (clock.to_server(500), clock.rtt_ms) == (1400, 4)
    clock.seed(600, 0)
    assert clock.to_server(600) == 0


def test_backing_off_doubles_within_bounds():
    assert [backoff_s(attempt, 0.5) for attempt in range(7)] == [0.25, 0.5, 1, 2, 4, 4, 4]
    assert all(0.25 <= backoff_s(attempt) <= 4 for attempt in range(2000))


def test_a_full_mailbox_drops_the_oldest_and_counts_it():
    box = Mailbox(2)
    for item in range(5):
        box.put(item)
    assert (box.take(), box.take(), box.take(), box.dropped) == (3, 4, None, 3)
    with pytest.raises(ParameterInvalid):
        Mailbox(0)


def test_a_reader_gets_what_is_left_and_then_the_reason():
    box = Mailbox(1)
    box.put(7)
    box.fail(TooSlow("x", 1013))
    box.fail(Disconnected("later"))
    assert box.take() == 7
    with pytest.raises(TooSlow):
        box.take()


def test_a_blocked_reader_is_woken_from_another_thread():
    box = Mailbox(1)
    threading.Thread(target=box.put, args=(1,)).start()
    assert box.wait(30) == 1
    assert box.wait(0) is None


def test_close_codes_are_exceptions():
    kinds = {code: type(closed(code, "")).__name__ for code in (1001, 1008, 1009, 1013, 1011, None)}
    assert kinds == {
        1001: "DaemonStopping",
        1008: "Expelled",
        1009: "MessageTooLarge",
        1013: "TooSlow",
        1011: "Disconnected",
        None: "Disconnected",
    }
    assert "256 wait" in str(closed(1013, "256 wait"))
    assert closed(1013, "").close_code == 1013


def test_addresses():
    assert stream_url("http://127.0.0.1:8787") == "ws://127.0.0.1:8787/v1/stream"
    assert stream_url("https://rig.lab/") == "wss://rig.lab/v1/stream"
    assert stream_url("ws://[::1]:8787/v1/stream") == "ws://[::1]:8787/v1/stream"
    for wrong in ("127.0.0.1:8787", "ftp://x", "http://", "http://x/status"):
        with pytest.raises(ParameterInvalid):
            stream_url(wrong)


def test_a_token_cannot_break_out_of_its_header_and_is_not_in_the_error():
    assert check_token("abc-_9") == "abc-_9"
    with pytest.raises(ParameterInvalid) as error:
        check_token("secret\r\nHost: x")
    assert "secret" not in str(error.value)


def test_requests_are_checked_before_they_are_sent():
    hello = decode(golden.data("server-hello"))
    assert steer_body({}, None, hello) == {"gamma": [0.0, 0.0], "guidance": None}
    assert steer_body(np.array([1, 2]), None, hello)["gamma"] == [1.0, 2.0]
    for gamma in ({"shape": 1}, [1], [11, 0], [float("nan"), 0]):
        with pytest.raises(ParameterInvalid):
            steer_body(gamma, None, hello)
    for text in ("", "x" * 257, "\N{BRAIN}" * 129):
        with pytest.raises(ParameterInvalid):
            event_body(text, None)
    for picture in (np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((129, 1, 3), np.uint8)):
        with pytest.raises(ParameterInvalid):
            picture_body(picture)
    with pytest.raises(ParameterInvalid):
        topics_list(["frames"])


def test_a_stream_that_nobody_has_any_more_is_forgotten():
    inbox = Inbox()
    kept, dropped = inbox.stream("frame", 1), inbox.stream("frame", 1)
    del dropped
    inbox.put("frame", 7)
    assert kept.mailbox.take() == 7
    assert len(inbox._streams["frame"]) == 1
    inbox.ended(Disconnected("gone"))
    for stream in (kept, inbox.stream("event", 1)):
        with pytest.raises(Disconnected):
            stream.mailbox.take()
