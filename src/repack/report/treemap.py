"""A squarified treemap (Bruls, Huizing, van Wijk 2000): areas as rectangles that are as near to squares as can be."""

from collections.abc import Sequence
from dataclasses import dataclass

from repack.report.page import Area

_GAP = 3.0  # between the groups


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, gap: float) -> "Box":
        """The same, smaller all around."""
        taken = min(gap, self.width / 4, self.height / 4)
        return Box(self.x + taken, self.y + taken, self.width - 2 * taken, self.height - 2 * taken)


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle with what is written on it; `left` is the height of the part that stays, from below."""

    box: Box
    kind: str
    text: str
    left: float
    lines: tuple[str, ...]


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """A box for each size (all above 0, the largest first), their areas in proportion, filling the whole."""
    boxes: list[Box] = []
    scale = box.width * box.height / sum(sizes) if sizes else 0.0
    areas = [size * scale for size in sizes]
    while len(boxes) < len(areas):
        rest = areas[len(boxes) :]
        row, box = _lay_row(rest, box)
        boxes += row
    return boxes


def _lay_row(areas: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """The next row along the shorter edge, and what is left of the box."""
    edge = min(box.width, box.height)
    count = 1
    while count < len(areas) and _worst(areas[: count + 1], edge) <= _worst(areas[:count], edge):
        count += 1
    row = areas[:count]
    total = sum(row)
    depth = total / edge if edge else 0.0
    if count == len(areas):  # whatever was lost in rounding
        depth = max(box.width, box.height)
    at, boxes = 0.0, []
    for area in row:
        length = edge * area / total if total else 0.0  # not area / depth: nothing may reach beyond the edge
        if box.width >= box.height:
            boxes.append(Box(box.x, box.y + at, depth, length))
        else:
            boxes.append(Box(box.x + at, box.y, length, depth))
        at += length
    if box.width >= box.height:
        return boxes, Box(box.x + depth, box.y, max(box.width - depth, 0.0), box.height)
    return boxes, Box(box.x, box.y + depth, box.width, max(box.height - depth, 0.0))


def _worst(row: Sequence[float], edge: float) -> float:
    """The proportion of the least square rectangle of a row."""
    total = sum(row)
    if not total or not edge:
        return float("inf")
    return max(max(edge**2 * area / total**2, total**2 / (edge**2 * area)) for area in row)


def lay_out(areas: Sequence[Area], width: float, height: float, letter: float) -> tuple[Tile, ...]:
    """All parts of all areas as tiles; `letter` is the height of the letters on them."""
    tiles: list[Tile] = []
    groups = sorted((area for area in areas if area.before), key=lambda area: -area.before)
    for group, outer in zip(groups, squarify([g.before for g in groups], Box(0, 0, width, height)), strict=True):
        parts = sorted((part for part in group.parts if part.before), key=lambda part: -part.before) or [group]
        boxes = squarify([part.before for part in parts], outer.inside(_GAP / 2))
        for part, inner in zip(parts, boxes, strict=True):
            box = inner.inside(0.75)
            share = min(part.after / part.before, 1.0)
            tiles.append(Tile(box, part.kind, part.text, box.height * share, _write(part, box, letter)))
    return tuple(tiles)


def _write(part: Area, box: Box, letter: float) -> tuple[str, ...]:
    """What fits on a tile: its label, and its size below."""
    room = int((box.width - letter) / (letter * 0.56))
    if box.height < 1.7 * letter or room < 4:
        return ()
    label = part.label if len(part.label) <= room else f"{part.label[: room - 1]}…"
    size = part.text.rpartition(": ")[2]
    return (label, size) if box.height >= 3.2 * letter and len(size) <= room else (label,)
