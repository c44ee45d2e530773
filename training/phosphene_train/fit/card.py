"""MODEL_CARD.md of a fitted bundle, from what was measured."""

from ..data.types import TEST, TRAIN
from .problem import Problem
from .table import rows


def model_card(problem: Problem, metrics: dict, command: str = "fit") -> str:
    """Markdown: data, metrics, limits, intended use."""
    config, recording = problem.config, problem.exported
    window = config.window
    train, test = (int((recording.split == split).sum()) for split in (TRAIN, TEST))
    shared = ", ".join(r.session.name for r in problem.recordings[1:])
    lines = [
        f"# {config.name}",
        "",
        f"Pictures decoded from {window.bins * window.bin_ms:g} ms of {len(recording.session.labels)} units "
        f"(session {recording.session.name} of {problem.dataset.name}).",
        "",
        f"- Data: {problem.dataset.source}.",
        f"- Split by {problem.dataset.split_by}: {train} presentations to train, {test} to test.",
        *([f"- The latents are shared with sessions {shared}."] if shared else []),
        f"- Made by `phosphene-train {command}`; the manifest's provenance has every option.",
        "",
        *table(metrics),
        "",
        "Use: decoding this session's units live, for closed-loop work and display. Limits: it knows pictures like the",
        "training pictures and will draw others as such; a frame below the evidence thresholds is no reconstruction.",
        "A different array, animal or day needs a bundle of its own.",
    ]
    return "\n".join(lines) + "\n"


def table(metrics: dict) -> list[str]:
    """The figures of the test split."""
    head = ["| figure, single held-out windows | value |", "|---|---|"]
    return [*head, *(f"| {name} | {value} |" for name, value in rows(metrics["test"]))]
