"""One line of progress a stage: a bar on a terminal, a line every tenth of the way in a log."""

import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console()


class Track:
    """Iterate over steps from `first` while showing them; `note` sets the text beside the bar."""

    def __init__(self, name: str, steps: int, first: int = 0) -> None:
        self.name, self.steps, self.first, self.text = name, steps, first, ""
        self.columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    def note(self, **values: float) -> None:
        """Figures to show, such as the loss. Ask `due` first: reading a figure waits for the device."""
        self.text = "  ".join(f"{key} {value:.4f}" for key, value in values.items())

    def due(self, step: int) -> bool:
        """Whether this step is one of about a hundred at which figures are read."""
        return step % max(1, self.steps // 100) == 0 or step == self.steps - 1

    def __iter__(self) -> Iterator[int]:
        start = time.monotonic()
        with Progress(*self.columns, TextColumn("{task.fields[note]}"), console=console,
                      disable=not console.is_terminal) as bar:  # fmt: skip
            task = bar.add_task(self.name, total=self.steps, completed=self.first, note="")
            for step in range(self.first, self.steps):
                yield step
                bar.update(task, advance=1, note=self.text)
                if not console.is_terminal and (step + 1) % max(1, self.steps // 10) == 0:
                    seconds = time.monotonic() - start
                    print(f"{self.name} {step + 1}/{self.steps} {seconds:.0f}s {self.text}", flush=True)
