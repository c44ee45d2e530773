"""Closes a loop: steers the first latent group to brighten the picture: python close_loop.py [URL] [TRIALS]"""

import os
import sys

from phosphene_client import Client


def main(url: str = "http://127.0.0.1:8787", trials: str = "20") -> None:
    with Client(url, token=os.environ.get("PHOSPHENE_TOKEN")) as client:
        group, gamma, since, frames = client.hello.bundle.latents.groups[0].name, 0.0, 0, client.frames()
        for trial in range(int(trials)):
            frame = next(frame for frame in frames if frame.seq >= since)
            gamma = min(3.0, gamma + 0.5 * (1 - frame.image.mean() / 255))
            since = client.steer({group: gamma}).seq
            print(f"trial {trial}: frame {frame.seq}, {frame.image.mean():.1f}; {gamma:+.2f} from frame {since}")
        client.steer({})


if __name__ == "__main__":
    main(*sys.argv[1:])
