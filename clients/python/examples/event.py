"""Marks a stimulus onset and waits for a frame whose lineage has it: python event.py [URL] [TEXT]"""

import os
import sys

from phosphene_client import Client


def main(url: str = "http://127.0.0.1:8787", text: str = "onset left") -> None:
    with Client(url, token=os.environ.get("PHOSPHENE_TOKEN")) as client:
        noted = client.event(text, at_ms=client.now_ms())
        for frame in client.frames():
            # A later event may have come before the next frame, which then names that one.
            if frame.event is not None and frame.event.n >= noted.n:
                print(f"{text}: event {noted.n} at {noted.at_ms:.1f} ms; frame {frame.seq} has event {frame.event.n}")
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
