"""Draws the decoded frame in a PsychoPy window and logs its lineage to CSV: python psychopy_view.py [URL] [LOG.csv]

Escape ends it. Only a picture is drawn as a picture: `no-reconstruction` and staleness are said in words.
"""

import os
import sys

from phosphene_client import Client
from phosphene_client.display import Display, texture

SIDE = 512
WORDS = {
    "no-reconstruction": "no reconstruction",
    "stale": "no frames arrive",
    "waiting": "waiting for the first frame",
}


def main(url: str = "http://127.0.0.1:8787", log: str = "frames.csv") -> None:
    from psychopy import event, visual

    window = visual.Window(fullscr=True, color=(-1, -1, -1), units="pix", waitBlanking=True)
    # An array has no size of its own for PsychoPy: it must be given.
    picture = visual.ImageStim(window, size=(SIDE, SIDE), units="pix", interpolate=False)
    # One for each: setting a text renders it anew, which can cost a flip.
    words = {content: visual.TextStim(window, text=text, height=32, units="pix") for content, text in WORDS.items()}
    connected = Client(url, token=os.environ.get("PHOSPHENE_TOKEN"))
    # "x": the log of another session is not overwritten.
    with connected as client, open(log, "x", newline="", encoding="utf-8") as file:
        display = Display(client, file)
        while not event.getKeys(["escape"]):
            frame = client.next_frame(timeout=0)
            if display.take(frame):
                picture.setImage(texture(frame), log=False)
            content = display.content()
            if content == "picture":
                picture.draw()
            else:
                words[content].draw()
            # Called by flip() as soon as the buffers were swapped; flip's own return value is by another clock.
            window.callOnFlip(display.flipped)
            window.flip()
    window.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
