"""A serial device for trials: a pseudo-terminal behind a link, and every byte that arrives there with its time.

    python3 terminal.py LINK

Prints `ready`, then `<byte> <CLOCK_MONOTONIC ns>` for each byte. On standard input: `unplug` ends the device, `plug` makes a new one behind the same
link, `stop` reads no more, `go` reads again, the end of input ends the program. Standard library only.
"""

import os
import pty
import select
import sys
import time
import tty


def plug(link: str) -> tuple[int, int]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.symlink(os.ttyname(slave), link + ".new")
    os.replace(link + ".new", link)
    print("ready", flush=True)
    # The other end stays open here, too: without any, reading fails until somebody opens it.
    return master, slave


def unplug(link: str, ends: tuple[int, int]) -> None:
    os.unlink(link)
    for end in ends:
        os.close(end)
    print("unplugged", flush=True)


def main(link: str) -> None:
    ends: tuple[int, int] | None = plug(link)
    reading = True
    while True:
        sources = [0] + ([ends[0]] if ends and reading else [])
        ready, _, _ = select.select(sources, [], [])
        now = time.monotonic_ns()
        if ends and ends[0] in ready:
            for byte in os.read(ends[0], 4096):
                print(byte, now, flush=True)
        if 0 in ready:
            words = os.read(0, 4096).decode().split()
            if not words:
                break
            for word in words:
                if word == "unplug" and ends:
                    unplug(link, ends)
                    ends = None
                elif word == "plug" and not ends:
                    ends = plug(link)
                elif word in ("stop", "go"):
                    reading = word == "go"
                    print(word, flush=True)
    if ends:
        unplug(link, ends)


main(sys.argv[1])
