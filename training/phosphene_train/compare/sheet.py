"""sheet.png: the true pictures of each data set on top, below them what every method makes of the same windows."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .run import plain
from .table import Cells

SIDE, GAP, LABEL, TITLE, REASON = 64, 2, 190, 26, 22
INK, PAPER, FAINT = (20, 24, 32), (255, 255, 255), (110, 116, 128)


def draw_sheet(out: Path, cells: Cells, path: Path, only: tuple[str, ...] = ()) -> None:
    """One block a data set and view, of its first part. A method without pictures has its reason there."""
    blocks = []
    for name, by_method in cells.items():
        if only and name not in only:
            continue
        first = {method: min(parts, key=lambda part: part["part"]) for method, parts in by_method.items()}
        views = list(dict.fromkeys(view for part in first.values() for view in part.get("views", {})))
        blocks += [block(out, name, view, first) for view in views]
    if not blocks:
        return
    sheet = Image.new("RGB", (max(b.width for b in blocks), sum(b.height for b in blocks)), PAPER)
    top = 0
    for each in blocks:
        sheet.paste(each, (0, top))
        top += each.height
    sheet.save(path, optimize=True)


def block(out: Path, name: str, view: str, first: dict[str, dict]) -> Image.Image:
    """Title, true pictures, a row a method."""
    part = next(iter(first.values()))["part"]
    folder, stem = out / "cells" / name, f"{plain(part or 'all')}--{plain(view or 'all')}"
    rows: list[tuple[str, Path, str]] = [("true", folder / f"{stem}--true.png", "")]
    for method, cell in first.items():
        rows.append((method, folder / f"{stem}--{method}.png", cell.get("refuses") or cell.get("failed") or ""))
    wide = enlarged(Image.open(rows[0][1]))
    heights = [REASON if reason else SIDE for _, _, reason in rows]
    image = Image.new("RGB", (LABEL + wide.width, TITLE + sum(heights) + GAP * len(rows) + 10), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((6, 7), ", ".join(word for word in (name, part, view) if word), fill=INK, font=font(14))
    top = TITLE
    for (label, strip, reason), height in zip(rows, heights, strict=True):
        middle = top + height // 2 - 8
        pen.text((6, middle), label, fill=INK, font=font(12))
        if reason:
            pen.text((LABEL, middle), reason[:110], fill=FAINT, font=font(11))
        elif strip.is_file():
            image.paste(enlarged(Image.open(strip)), (LABEL, top))
        top += height + GAP
    return image


def enlarged(strip: Image.Image) -> Image.Image:
    """Pictures side by side, each of SIDE pixels."""
    count = round(strip.width / strip.height)
    return strip.convert("RGB").resize((count * SIDE, SIDE), Image.Resampling.NEAREST)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
