"""The options of `phosphene-train fit`: one frozen dataclass a section of the TOML file, and three sizes of a run."""

from dataclasses import dataclass, field


def number(default, low, high=None):
    """A field with a range that `fit/read_config.py` checks."""
    return field(default=default, metadata={"min": low, "max": high})


@dataclass(frozen=True)
class DataOptions:
    """file      HDF5 of docs/training-data.md, relative to the configuration
    sessions  names; none = all
    export    the session whose read-in the bundle has; "" = the first
    foreign   label set -> classes whose pictures are kept out of everything and are the foreign stimuli of the evidence
    """

    file: str = ""
    sessions: tuple[str, ...] = ()
    export: str = ""
    foreign: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class WindowOptions:
    """A window is `bins` bins of `bin_ms`; it shows what was on latency_ms ago. Counts have bins of their own: 0."""

    bin_ms: float = number(20.0, 0.1)
    bins: int = number(5, 1)
    latency_ms: float = number(70.0, 0)


@dataclass(frozen=True)
class Group:
    """A latent group, and the label sets that it is to hold."""

    name: str
    size: int
    supervise: tuple[str, ...] = ()


@dataclass(frozen=True)
class LatentOptions:
    groups: tuple[Group, ...] = (Group("content", 24),)


@dataclass(frozen=True)
class VaeSection:
    """Training of the VAE. kl to picture weigh the terms of vae_loss.py.

    unit_dropout    share of the units silenced in a training window, against learning few trials by heart
    response_share  of the windows that lie in a response; the others lie anywhere in the stream
    jitter_ms       each unit's spikes of a training window are moved by up to so much
    descriptor      principal components of the pictures that the latents are trained to predict; 0 trains without
    compare         also train a plain VAE of the same size, to compare its neural R^2
    """

    steps: int = number(3000, 1)
    batch: int = number(256, 2)
    rate: float = number(2e-3, 1e-8)
    hidden: int = number(512, 1)
    dropout: float = number(0.1, 0, 0.95)
    unit_dropout: float = number(0.2, 0, 0.95)
    response_share: float = number(0.6, 0, 1)
    jitter_ms: float = number(10.0, 0)
    clip: float = number(8.0, 0.5)
    kl: float = number(0.4, 0)
    blank_kl: float = number(2.0, 0)
    classes: float = number(3.0, 0)
    values: float = number(3.0, 0)
    correlation: float = number(0.1, 0)
    picture: float = number(6.0, 0)
    descriptor: int = number(32, 0)
    compare: bool = True


@dataclass(frozen=True)
class DenoiserSection:
    """Shape and training of the teacher, and of the student that is a copy of it."""

    image: int = number(64, 8, 256)
    patch: int = number(8, 2)
    width: int = number(256, 8)
    blocks: int = number(5, 1)
    heads: int = number(8, 1)
    head_channels: int = number(16, 1)
    steps: int = number(8000, 1)
    batch: int = number(128, 1)
    rate: float = number(1e-3, 1e-8)


@dataclass(frozen=True)
class StudentSection:
    """Distillation for 1, 2 and 4 steps; 0 steps ships the teacher. guidance: what the bundle starts with."""

    steps: int = number(4000, 0)
    batch: int = number(128, 1)
    rate: float = number(5e-4, 1e-8)
    trajectories: int = number(32_768, 1)
    teacher_steps: int = number(16, 2)
    guidance: float = number(1.0, 1.0, 3.0)


@dataclass(frozen=True)
class EvidenceSection:
    """loss: share of real response windows that the thresholds may refuse; windows of each kind to calibrate with."""

    loss: float = number(0.05, 0.0, 0.5)
    windows: int = number(2000, 20)


@dataclass(frozen=True)
class TrainSection:
    seed: int = number(0, 0)
    device: str = ""


@dataclass(frozen=True)
class FitConfig:
    """Everything that a run is made of."""

    name: str = "fit"
    size: str = "small"
    data: DataOptions = field(default_factory=DataOptions)
    window: WindowOptions = field(default_factory=WindowOptions)
    latents: LatentOptions = field(default_factory=LatentOptions)
    vae: VaeSection = field(default_factory=VaeSection)
    denoiser: DenoiserSection = field(default_factory=DenoiserSection)
    student: StudentSection = field(default_factory=StudentSection)
    evidence: EvidenceSection = field(default_factory=EvidenceSection)
    train: TrainSection = field(default_factory=TrainSection)


SIZES: dict[str, dict[str, dict]] = {
    "smoke": {
        "vae": {"steps": 500, "batch": 64, "hidden": 64, "descriptor": 8},
        "denoiser": {
            "image": 16, "patch": 4, "width": 32, "blocks": 2, "heads": 4, "head_channels": 4,
            "steps": 200, "batch": 32,
        },
        "student": {"steps": 60, "batch": 16, "trajectories": 128, "teacher_steps": 4},
        "evidence": {"windows": 200},
    },
    "small": {
        "vae": {"hidden": 256},
        "denoiser": {"width": 128, "blocks": 3, "heads": 4, "steps": 3000, "batch": 32},
        "student": {"steps": 600, "batch": 32, "trajectories": 2048, "teacher_steps": 8},
    },
    "full": {},
}  # fmt: skip
"""What a size changes of the defaults above: `small` suits a CPU and a few dozen pictures, `full` wants a GPU."""
