"""What `restore` has to say: what came back and how far, what did not, and what the zip never held."""

from collections.abc import Iterable, Iterator, Sequence

from repack.giveback.restore import Restored
from repack.model import Proof
from repack.record.manifest import EntryRecord, find_part
from repack.report import words
from repack.report.tables import Column, Sheet

_MORE = "-v lists them all"
_LEFT_OUT = "Left out when the zip was made, so not in it"
_WAS_DAMAGED = "file was damaged in the original already, its bytes were"
_WERE_DAMAGED = "files were damaged in the original already, their bytes were"
_MEANINGS = {
    Proof.EXACT: "rebuilt: the original file, byte for byte",
    Proof.IDENTICAL: "carried over: the original file, byte for byte",
    Proof.SAMPLES: "uncompressed: every pixel is the original, the file is not",
    Proof.BOUNDED: "as it is: its pixels differ within the stated error",
}


def sheets(done: Restored, *, is_verbose: bool = False) -> list[Sheet]:
    """Tables and lists, the most important last, where a screen still shows it."""
    lines = done.finished.manifest.entries
    own_names = [f"{lines[n].path}: lies under {name}" for n, name in sorted(done.names.items())]
    left_out = [line for line in (lines[n] for n in done.chosen) if line.action == "dropped" and not line.folder]
    return [
        _each_dropped(left_out) if is_verbose else _dropped(left_out),
        Sheet("Put under another name", lines=tuple(own_names), is_whole=is_verbose, rest=_MORE),
        _by_proof(done),
        Sheet(
            "Damaged in the original already, so taken as they are",
            lines=tuple(line.path for line in _given(done) if line.damaged),
            is_whole=is_verbose,
            rest=_MORE,
        ),
        Sheet("Not the original bytes", lines=tuple(_inexact(done)), is_whole=is_verbose, rest=_MORE),
        Sheet(
            "Could not be given back", lines=_named(lines, done.skipped | done.unwritten | done.problems), is_whole=True
        ),
    ]


def _given(done: Restored) -> list[EntryRecord]:
    """The files that came back."""
    lines = done.finished.manifest.entries
    return [lines[n] for n in done.given if not lines[n].folder]


def _named(lines: tuple[EntryRecord, ...], problems: dict[int, str]) -> tuple[str, ...]:
    return tuple(f"{lines[n].path}: {problem}" for n, problem in sorted(problems.items()))


def _dropped(lines: Sequence[EntryRecord]) -> Sheet:
    """The files that were left out, a row for each category and what asked for it."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for line in lines:
        key = (str(line.category), line.wish or line.reason)
        files, size = sums.get(key, (0, 0))
        sums[key] = (files + 1, size + line.before.size)
    rows = tuple((what, f"{files:,}", words.size(size), why) for (what, why), (files, size) in sums.items())
    columns = (
        Column("Category"), Column("Files", is_number=True), Column("Size", is_number=True), Column("Left out by"),
    )  # fmt: skip
    return Sheet(f"{_LEFT_OUT} (-v names each)", columns, rows)


def _each_dropped(lines: Iterable[EntryRecord]) -> Sheet:
    """Each file that was left out, with what is needed to know it again elsewhere."""
    rows = tuple((_three_lines(line), words.size(line.before.size)) for line in lines)
    columns = (Column("File, rule, SHA-256"), Column("Size", is_number=True))
    return Sheet(_LEFT_OUT, columns, rows, is_whole=True)


def _three_lines(line: EntryRecord) -> str:
    return f"{words.printable(line.path)}\nrule {line.rule}\n{line.before.sha256 or '(damaged)'}"


def _by_proof(done: Restored) -> Sheet:
    given = [line for line in _given(done) if not line.damaged]
    rows = []
    for proof, meaning in _MEANINGS.items():
        of_proof = [line for line in given if line.proof is proof]
        if of_proof:
            size = sum(line.before.size for line in of_proof)
            rows.append((str(proof), f"{len(of_proof):,}", words.size(size), meaning))
    columns = (Column("Proof"), Column("Files", is_number=True), Column("Size", is_number=True), Column("Meaning"))
    return Sheet("Given back", columns, tuple(rows))


def _inexact(done: Restored) -> Iterable[str]:
    for number in done.given:
        line = done.finished.manifest.entries[number]
        if line.proof is Proof.SAMPLES:
            yield f"{line.path}: Explicit VR Little Endian with equal samples"
        elif line.proof is Proof.BOUNDED:
            yield f"{line.path}: near-lossless, as it is in the zip"


def result(done: Restored, target: str) -> str:
    """The last line: how many came back, and how they were checked."""
    damaged = sum(line.damaged for line in _given(done))
    given = [line for line in _given(done) if not line.damaged]
    exact = sum(line.proof in {Proof.EXACT, Proof.IDENTICAL} for line in given)
    said = f"{words.plural(exact, 'file')} given back, SHA-256 of each equal to the original's"
    if len(given) > exact:
        said += f"; {len(given) - exact:,} more as far as they can be (listed above)"
    if damaged:
        said += f"; {words.plural(damaged, _WAS_DAMAGED, _WERE_DAMAGED)} taken as they are"
    if done.present:
        said += f"; {words.plural(len(done.present), 'file')} lay there already"
    lost = len(done.problems) + len(done.unwritten)
    if lost:
        said += f"; {words.plural(lost, 'file')} could not be given back"
    if done.skipped:
        said += f"; {words.plural(len(done.skipped), 'file')} not, damaged in the original already"
    part = find_part(done.finished.manifest)
    if part is not None:
        said += f"; this zip is study {part[0]} of {part[1]}, the other zips go into the same folder"
    return f"{said}: {target}"


def reservations(done: Restored) -> Iterator[str]:
    """What came back and is not what the disc once held; to be said even to those who asked for silence."""
    damaged = [line.path for line in _given(done) if line.damaged]
    if damaged:
        more = f" (and {len(damaged) - 1:,} more)" if len(damaged) > 1 else ""
        yield f"{damaged[0]} was damaged in the original already; its bytes were taken as they are{more}"
    lossy = sum(line.proof is Proof.BOUNDED for line in _given(done))
    if lossy:
        which = words.plural(lossy, "image is not the original: it was", "images are not the originals: they were")
        yield f"{which} compressed with a loss when the zip was made"
