"""Steers one latent group, says from which frame it holds, and lets go: python steer.py [URL] [GAMMA]"""

import asyncio
import os
import sys

from phosphene_client import connect


async def main(url: str = "http://127.0.0.1:8787", gamma: str = "2.0") -> None:
    async with connect(url, token=os.environ.get("PHOSPHENE_TOKEN")) as client:
        group = client.hello.bundle.latents.groups[0].name
        steered = await client.steer({group: float(gamma)})
        print(f"{group} + {gamma} holds from frame {steered.seq}, bin {steered.bin}")
        released = await client.steer({})
        print(f"nothing is added from frame {released.seq} on")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
