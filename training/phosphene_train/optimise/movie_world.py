"""Grey movies to fit and test movie encoders on: drifting textures with the spectrum of natural scenes, and things
that move over them (the demo's emoji, in grey)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

HEIGHT, WIDTH, RATE_HZ = 36, 64, 30
SPECTRUM = -1.3
"""Power of spatial frequency with which the amplitude of a texture falls."""
SPRITE = 24
"""Pixels along a sprite before it is placed: about the size at which it is seen, so that it does not flicker."""


@dataclass(frozen=True)
class World:
    """Sprites [N, 2, S, S]: grey in 0-1 (premultiplied) and opacity."""

    sprites: Tensor
    things: int = 3
    """Sprites in a scene."""
    scene_frames: int = 75
    """Frames after which the scene changes."""

    def movies(self, count: int, frames: int, generator: torch.Generator) -> Tensor:
        """Movies [N, T, H, W], uint8 grey levels; scenes change at a random phase."""
        out = torch.empty(count, frames, HEIGHT, WIDTH, dtype=torch.uint8, device=self.sprites.device)
        for i in range(count):
            at = -int(torch.randint(self.scene_frames, (1,), generator=generator, device=generator.device))
            while at < frames:
                begin, end = max(0, at), min(frames, at + self.scene_frames)
                if end > begin:
                    out[i, begin:end] = self.scene(end - begin, generator)
                at += self.scene_frames
        return out

    def scene(self, frames: int, generator: torch.Generator) -> Tensor:
        """One scene [T, H, W], uint8."""
        time = torch.arange(frames, device=self.sprites.device, dtype=torch.float32)
        picture = background(time, generator)
        for _ in range(self.things):
            picture = self.put(picture, time, generator)
        return (picture.clamp(0, 1) * 255).round().byte()

    def put(self, picture: Tensor, time: Tensor, generator: torch.Generator) -> Tensor:
        """One more thing over [T, H, W], on a path of its own, turning."""
        u = torch.rand(10, generator=generator, device=time.device) * 2 - 1
        which = int(torch.randint(len(self.sprites), (1,), generator=generator, device=generator.device))
        size = 0.55 + 0.3 * u[0]
        x = u[1] * 0.9 + u[2] * 0.025 * time + 0.25 * torch.sin(0.1 * (1 + u[3]) * time + 3 * u[4])
        y = u[5] * 0.7 + u[6] * 0.02 * time + 0.25 * torch.sin(0.1 * (1 + u[7]) * time + 3 * u[8])
        angle = 3.14 * u[9] + 0.05 * u[4] * time
        cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
        aspect = WIDTH / HEIGHT
        rows = [torch.stack([cos * aspect, -sin, -(cos * x * aspect - sin * y)], 1),
                torch.stack([sin * aspect, cos, -(sin * x * aspect + cos * y)], 1)]  # fmt: skip
        grid = F.affine_grid(torch.stack(rows, 1), [len(time), 2, HEIGHT, WIDTH], align_corners=False)
        layer = F.grid_sample(self.sprites[which].expand(len(time), -1, -1, -1), grid, align_corners=False)
        return layer[:, 0] + picture * (1 - layer[:, 1])


def background(time: Tensor, generator: torch.Generator) -> Tensor:
    """A texture [T, H, W] in 0-1 that drifts, turns and swells."""
    texture = natural_texture(96, generator)
    u = torch.rand(7, generator=generator, device=time.device) * 2 - 1
    x = u[0] * 0.03 * time + 0.2 * torch.sin(0.07 * time + 3 * u[1])
    y = u[2] * 0.03 * time + 0.2 * torch.sin(0.09 * time + 3 * u[3])
    angle, size = 3.14 * u[4] + 0.01 * u[5] * time, 0.55 + 0.1 * torch.sin(0.05 * time + 3 * u[6])
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    aspect = HEIGHT / WIDTH
    rows = [torch.stack([cos, -sin * aspect, x], 1), torch.stack([sin, cos * aspect, y], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), [len(time), 1, HEIGHT, WIDTH], align_corners=False)
    grid = (grid + 1).remainder(2) - 1
    many = texture.expand(len(time), 1, -1, -1)
    return F.grid_sample(many, grid, padding_mode="border", align_corners=False)[:, 0]


def natural_texture(side: int, generator: torch.Generator) -> Tensor:
    """Noise [side, side] around 0.5 whose amplitude falls with spatial frequency; it goes on at its edges."""
    device = generator.device
    fy, fx = torch.fft.fftfreq(side, device=device)[:, None], torch.fft.rfftfreq(side, device=device)[None]
    amplitude = torch.sqrt(fx**2 + fy**2).clamp(min=1 / side) ** SPECTRUM
    amplitude[0, 0] = 0
    noise = torch.fft.rfft2(torch.randn(side, side, generator=generator, device=device))
    texture = torch.fft.irfft2(noise * amplitude, s=(side, side))
    return 0.5 + 0.2 * texture / texture.std()


def grey_sprites(textures: Tensor) -> Tensor:
    """Textures [N, 4, S, S], premultiplied RGBA in 0-1 -> sprites [N, 2, SPRITE, SPRITE]."""
    small = F.adaptive_avg_pool2d(textures, SPRITE)
    weights = torch.tensor([0.299, 0.587, 0.114], device=textures.device)
    grey = (small[:, :3] * weights[:, None, None]).sum(1, keepdim=True)
    return torch.cat([grey, small[:, 3:]], 1)
