"""The metrics of eval as a table."""

from rich.table import Table


def rows(metrics: dict) -> list[tuple[str, str]]:
    """(figure, value), in the order of a reader's questions."""
    out = [("windows (presentations, stimuli)", "{windows} ({presentations}, {stimuli})".format(**metrics))]
    for name, found in metrics["readouts"].items():
        control = metrics["readoutsUnitShuffled"].get(name, {})
        if "top1" in found:
            text = f"{found['top1']:.3f} (units shuffled {control.get('top1', 0):.3f}, chance {found['chance']:.3f})"
            out.append((f"{name}, top-1", text))
        else:
            out += [(f"{name} {column}, R²", f"{value:.3f}") for column, value in found["r2"].items()]
    neural = metrics["neural"]
    out.append(("neural R², single windows", f"{neural['r2']:.3f}"))
    out.append(("neural R², repeats averaged", f"{neural['r2RepeatAveraged']:.3f}"))
    return [*out, *picture_rows(metrics["pictures"]), *evidence_rows(metrics["evidence"])]


def picture_rows(found: dict) -> list[tuple[str, str]]:
    """Pictures at each number of steps, then the controls."""
    titles = (("twoWay", "two-way"), ("correlation", "correlation"), ("ssim", "SSIM"))
    out = [("pictures decoded (noise samples each)", f"{found['windows']} ({found['samples']})")]
    for steps in ("1", "2", "4"):
        if steps in found:
            text = ", ".join(f"{title} {found[steps][k]:.3f} / {found[steps][f'{k}Best']:.3f}" for k, title in titles)
            out.append((f"{steps} steps, mean / best sample", text))
    for name, control in found["controls"].items():
        out.append((f"control: {name}", ", ".join(f"{title} {control[k]:.3f}" for k, title in titles)))
    return out


def evidence_rows(found: dict) -> list[tuple[str, str]]:
    """Share of each kind of window that is refused, and how separable it is."""
    out = []
    for name, kind in found.items():
        text = f"{kind['rejected']:.3f} of {kind['windows']}"
        if "aucBits" in kind:
            text += f" (AUC bits {kind['aucBits']:.3f}, explained {kind['aucExplained']:.3f})"
        out.append((f"no-reconstruction, {name}", text))
    return out


def as_table(title: str, metrics: dict) -> Table:
    """For a terminal."""
    table = Table("figure", "value", title=title)
    for row in rows(metrics):
        table.add_row(*row)
    return table
