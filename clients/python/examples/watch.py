"""Prints what is decoded: python watch.py [URL] [FRAMES]"""

import asyncio
import os
import sys

from phosphene_client import connect


async def main(url: str = "http://127.0.0.1:8787", frames: str = "100") -> None:
    async with connect(url, token=os.environ.get("PHOSPHENE_TOKEN")) as client:
        stream = client.frames()
        for _ in range(int(frames)):
            frame = await anext(stream)
            age_ms = client.now_ms() - frame.stamps.closed
            bits = f"{sum(frame.bits):.2f} bits" if frame.bits else "bits not known"
            print(f"{frame.seq} {frame.state} {frame.image.shape} {bits}, {age_ms:.1f} ms old")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
