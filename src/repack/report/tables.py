"""What the views say, as plain rows: categories, series, what was kept against a wish. No colour, no layout."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repack.dicom import syntaxes
from repack.model import Category, Plan, Planned, Proof
from repack.record.manifest import EntryRecord, Manifest, is_image
from repack.report import words

#: What stands around the files before and after, by the kind of the first original.
_AROUND = {"zip": "the zip itself", "iso": "the ISO, the zip", "folder": "the zip itself"}

UNDIVIDED = "--split study: there are not two studies or more, so this is one zip"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, whether it holds numbers, and its share of the free width."""

    title: str
    is_number: bool = False
    ratio: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with an optional last row, or a list of lines, under a title.

    A long one is cut unless `is_whole`; `rest` then says where the others are named.
    """

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    footer: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    is_whole: bool = False
    rest: str = "the manifest lists them all"


@dataclass(frozen=True, slots=True)
class Sum:
    """Files and their bytes in the archive, before and after."""

    entries: int = 0
    before: int = 0
    after: int = 0

    def plus(self, before: int, after: int) -> "Sum":
        """One file more."""
        return Sum(self.entries + 1, self.before + before, self.after + after)


def summary(plan: Plan, manifest: Manifest, new_size: int) -> list[Sheet]:
    """What a finished run has to say, most important first."""
    return [
        _by_category(manifest, new_size),
        _by_series(plan, manifest),
        Sheet("Images kept as they are", lines=group(_kept_images(manifest))),
        Sheet("Dropped", lines=group(_dropped(manifest))),
        Sheet("Kept although you asked to drop it", lines=group(_kept_against(manifest.entries))),
        Sheet("Worth knowing", lines=_remarks(manifest)),
    ]


def _by_category(manifest: Manifest, new_size: int) -> Sheet:
    """A row for each category and one for what stands around them, so that all adds up to the bundles."""
    sums: dict[Category, Sum] = {}
    for entry in manifest.entries:
        if not entry.folder:
            after = entry.after.stored if entry.after else 0
            sums[entry.category] = sums.get(entry.category, Sum()).plus(entry.before.stored, after)
    rows = tuple(
        (str(c), f"{s.entries:,}", words.size(s.before), words.size(s.after), words.saved(s.before, s.after))
        for c in Category
        if (s := sums.get(c))
    )
    before, after = _size_before(manifest), manifest.totals.after.stored
    around = max(before - manifest.totals.before.stored, 0), new_size - after
    row = (_AROUND[manifest.source.kind], "", *map(words.size, around), "")
    columns = (Column("Category"), *(Column(title, is_number=True) for title in ("Files", "Before", "After", "Saved")))
    footer = (
        "all",
        f"{manifest.totals.before.entries:,}",
        words.size(before),
        words.size(new_size),
        words.saved(before, new_size),
    )
    return Sheet("By category (bytes in the archive)", columns, (*rows, row), footer)


def _size_before(manifest: Manifest) -> int:
    """Bytes of the first original; of a folder those of its files."""
    return manifest.source.size if manifest.source.size is not None else manifest.totals.before.size


def _by_series(plan: Plan, manifest: Manifest) -> Sheet:
    sums: dict[tuple[str, str, str, str, str], Sum] = {}
    numbers = plan.numbers or range(len(manifest.entries))
    for line, entry in zip(plan.lines, (manifest.entries[n] for n in numbers), strict=True):
        if not is_image(entry) or entry.after is None:
            continue
        was, now = (short_syntax(state.transfer_syntax) for state in (entry.before, entry.after))
        stored_as = was if was == now else f"{was}\n> {now}"
        key = (*series_of(line), stored_as, str(entry.proof or ""))
        sums[key] = sums.get(key, Sum()).plus(entry.before.stored, entry.after.stored)
    rows = tuple(
        (name, f"{s.entries:,}", stored_as, words.size(s.before), words.size(s.after), proof)
        for (_uid, _modality, name, stored_as, proof), s in sums.items()
    )
    columns = (
        Column("Series", ratio=1),
        Column("Images", is_number=True),
        Column("Stored as"),
        Column("Before", is_number=True),
        Column("After", is_number=True),
        Column("Proof"),
    )
    return Sheet("By DICOM series", columns, rows)


def series_of(line: Planned) -> tuple[str, str, str]:
    """Series Instance UID, modality, and the name to show; the UID tells series apart, it is never shown."""
    dicom = line.facts.dicom
    if dicom is None:
        return "", "", "?"
    name = " ".join(part for part in (dicom.modality, words.printable(dicom.series_description)) if part)
    return dicom.series_uid, dicom.modality, name or "(no description)"


def short_syntax(transfer_syntax: str | None) -> str:
    """A transfer syntax in few letters; the manifest has its UID."""
    name = syntaxes.find(transfer_syntax).name
    for long, short in (("Little Endian", "LE"), ("Big Endian", "BE"), ("Lossless", "lossless")):
        name = name.replace(long, short)
    return name


def _kept_images(manifest: Manifest) -> Iterable[tuple[str, str]]:
    for entry in manifest.entries:
        if is_image(entry) and entry.action == "copied":
            yield entry.reason, entry.path


def _dropped(manifest: Manifest) -> Iterable[tuple[str, str]]:
    for entry in manifest.entries:
        if entry.action == "dropped" and not entry.folder:
            yield f"{entry.category}, by {entry.wish or entry.reason}", entry.path


def _kept_against(entries: Iterable[EntryRecord]) -> Iterable[tuple[str, str]]:
    for entry in entries:
        if entry.wish and entry.action != "dropped":
            yield f"{entry.guard or entry.reason} ({entry.wish})", entry.path


def group(found: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Reasons with how often each was given and one example, the most frequent first."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for reason, path in found:
        counts[reason] += 1
        examples.setdefault(reason, path)
    return tuple(
        f"{examples[reason]}: {reason}"
        if count == 1
        else f"{words.plural(count, 'file')}: {reason}, e.g. {examples[reason]}"
        for reason, count in counts.most_common()
    )


def _remarks(manifest: Manifest) -> tuple[str, ...]:
    """Warnings of the plan, damaged entries, odd names."""
    damaged = [(entry.reason, entry.path) for entry in manifest.entries if entry.damaged]
    noted = [(note, entry.path) for entry in manifest.entries for note in entry.notes if entry.after]
    forced = sum(entry.forced for entry in manifest.entries)
    by_force = (
        (f"--force-drop overrode what keeps {words.plural(forced, 'file')}; the manifest says what",) if forced else ()
    )
    made = made_from(manifest.history[-1].source.name, manifest.source.name) if len(manifest.history) > 1 else ""
    again = (made,) if made else ()
    return (*again, *manifest.warnings, *group(damaged), *group(noted), *by_force, *_identical(manifest))


def made_from(name: str, first: str) -> str:
    """A line on a zip that repack made, and what sizes before are those of."""
    return f"{name} was made by repack from {first}; what was before is that first original"


def _identical(manifest: Manifest) -> Iterable[str]:
    found = manifest.totals.identical
    if found is not None and found.entries:
        are = "is a copy" if found.entries == 1 else "are copies"
        yield f"{words.plural(found.entries, 'file')} ({words.size(found.stored)}) {are} of others here; all were kept"


def result(manifest: Manifest, new_size: int, target: str) -> str:
    """The last line: from what to what, and where it lies."""
    before = _size_before(manifest)
    first = "nothing was saved: " if new_size > before else ""
    return f"{first}{words.change(before, new_size)}, {_proven(manifest)}: {target}"


def result_of_part(manifest: Manifest, new_size: int, target: str) -> str:
    """The last line of one zip of several, each with a study of its own."""
    number, count = manifest.options.part or (1, 1)
    return f"study {number} of {count}: {words.size(new_size)}, {_proven(manifest)}: {target}"


def result_of_parts(manifests: Sequence[Manifest], new_size: int) -> str:
    """All zips of a disc together, `new_size` bytes; each holds everything that is no image."""
    before = words.size(_size_before(manifests[0]))
    return f"{len(manifests)} zips, {words.size(new_size)} together; the disc had {before}"


def idle(name: str) -> str:
    """The only line of a run that had nothing to do."""
    return f"{name} is what these options give already; nothing was written"


def _proven(manifest: Manifest) -> str:
    images = words.plural(manifest.totals.images, "image")
    lossy = sum(entry.proof is Proof.BOUNDED for entry in manifest.entries)
    if lossy:
        bound = max(codec.max_error for codec in manifest.codecs)
        which = images if lossy == manifest.totals.images else f"{lossy:,} of {images}"
        return f"{which} compressed with a loss: no sample differs by more than {bound}"
    if manifest.totals.images:
        done = "stored without compression" if manifest.options.codec == "none" else "compressed without loss"
        return f"{images} {done} and proven"
    found = [entry for entry in manifest.entries if is_image(entry)]
    if not found:
        return "it holds no DICOM images"
    if all(entry.after is None for entry in found):
        return "its images were dropped, as you asked"
    is_asked = manifest.options.codec != "none"
    if is_asked:
        return "no image could be compressed (the reasons are above)"
    return f"its images {'are those of the first original' if len(manifest.history) > 1 else 'stay as they are'}"


def overhead(manifest: Manifest, new_size: int) -> Sheet:
    """What of the new zip is no content of a file, for -v."""
    found = manifest.totals.overhead
    if found is None:
        return Sheet("")
    which = "rewritten in this round" if len(manifest.history) > 1 else "rewritten"
    parts = (
        (f"headers of images that were {which}, and their offset tables", found.headers),
        ("restore data", found.restore),
        ("manifest and README.txt", new_size - manifest.totals.after.stored - found.restore - found.zip),
        ("headers and directory of the zip", found.zip),
    )
    lines = tuple(f"{name}: {words.size(size)} ({_share(size, new_size)})" for name, size in parts)
    return Sheet(f"Of the new zip's {words.size(new_size)}", lines=lines)


def _share(size: int, whole: int) -> str:
    percent = 100 * size / whole if whole else 0.0
    return f"{percent:.2f} %" if not size or percent >= 0.01 else "<0.01 %"
