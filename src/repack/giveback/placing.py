"""Where a restored file may lie: below the target folder and nowhere else, whatever its name says.

Names were made safe when the zip was read (bundles.names). Here comes what this computer's own file system adds:
device names, letters that Windows forbids, links that lie in the target folder already.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from repack.bundles.names import DEVICE_NAMES, folded, make_safe
from repack.errors import OutputUnwritable
from repack.output import drafts

_ADVICE = "choose another folder with -o, or make room there"
_PROBE = "name"  # of what is made to see whether case counts
_LONGEST = 255  # a name, as `_measure` counts
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*\\', "_"))  # on Windows, beside control characters


class Misplaced(Exception):
    """A file cannot be put where its name says; the text says why."""


def components(path: str, *, is_windows: bool = os.name == "nt") -> tuple[str, ...]:
    """The folders and the name of a file as this system can hold them; usually unchanged. Never empty, never `..`."""
    parts = [part for part in make_safe(path).split("/") if part not in {"", ".", ".."}] or ["_"]
    if is_windows:
        parts = [_for_windows(part) for part in parts]
    return tuple(_shortened(part, is_windows=is_windows) for part in parts)


def _shortened(name: str, *, is_windows: bool) -> str:
    """A name that file systems hold; two long ones that begin alike stay two."""
    if _measure(name, is_windows=is_windows) <= _LONGEST:
        return name
    raw = name.encode("utf-16-le" if is_windows else "utf-8", "surrogatepass" if is_windows else "surrogateescape")
    stem, end = _split(name)
    return _joined(stem, f"~{hashlib.sha256(raw).hexdigest()[:8]}{end}", 240, is_windows=is_windows)


def _numbered(name: str, count: int, *, is_windows: bool) -> str:
    """The name for the second, the third... of its kind: `name (2).dcm`."""
    stem, end = _split(name)
    return _joined(stem, f" ({count}){end}", _LONGEST, is_windows=is_windows)


def _split(name: str) -> tuple[str, str]:
    """What comes before the extension, and that with its dot, if it looks like one."""
    stem, dot, end = name.rpartition(".")
    return (stem, dot + end) if stem and len(end) <= 20 else (name, "")


def _joined(stem: str, behind: str, longest: int, *, is_windows: bool) -> str:
    """Both, with as much of the stem as there is room for."""
    stem = stem[:longest]
    while stem and _measure(stem + behind, is_windows=is_windows) > longest:
        stem = stem[:-1]
    return stem + behind


def _measure(name: str, *, is_windows: bool) -> int:
    """How long file systems find a name: bytes of UTF-8, or on Windows letters of UTF-16."""
    return len(name.encode("utf-16-le", "replace")) // 2 if is_windows else len(name.encode("utf-8", "replace"))


def _for_windows(name: str) -> str:
    name = name.translate(_FORBIDDEN)
    if name.endswith((" ", ".")):  # Windows drops them, and two names may become one
        name = name.rstrip(" .") + "_"
    return f"_{name}" if name.partition(".")[0].rstrip().casefold() in DEVICE_NAMES else name


def place_all(
    paths: Iterable[tuple[int, str]], *, ignores_case: bool, is_windows: bool = os.name == "nt"
) -> dict[int, tuple[str, ...]]:
    """Number -> components, each one only once: what comes later under a taken name gets " (2)" and so on.

    A name is taken by a file of that name and by a folder that another file needs.
    """
    wanted = [(number, components(path, is_windows=is_windows)) for number, path in paths]

    def key(parts: tuple[str, ...]) -> str:
        return folded("/".join(parts)) if ignores_case else "/".join(parts)

    folders = {key(parts[:end]) for _number, parts in wanted for end in range(1, len(parts))}
    taken: set[str] = set()
    placed: dict[int, tuple[str, ...]] = {}
    for number, parts in wanted:
        free, count = parts, 1
        while key(free) in taken or key(free) in folders:
            count += 1
            free = (*parts[:-1], _numbered(parts[-1], count, is_windows=is_windows))
        taken.add(key(free))
        placed[number] = free
    return placed


def ignores_case(folder: Path) -> bool:
    """Does the file system of this folder take NAME for name? Raises OutputUnwritable where no file can be made."""
    try:
        with drafts.claimed(folder / _PROBE) as probe:
            return probe.path.with_name(probe.path.name.upper()).exists()
    except OSError as error:
        problem = f"no file can be made in it ({error.strerror or type(error).__name__})"
        raise OutputUnwritable(folder.name or str(folder), problem, _ADVICE) from error


def make_folder(root: Path, parts: Iterable[str]) -> Path:
    """The folder below `root`, made where it is not there. Raises Misplaced where a link or a file is in the way."""
    top, folder = root.resolve(), root
    for part in parts:
        folder /= part
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        if not folder.is_dir():
            raise Misplaced(f"a file is where its folder {part} should be")
        if folder.is_symlink() or not folder.resolve().is_relative_to(top):
            raise Misplaced(f"its folder {part} is a link that was there before, which is not followed")
    return folder


def is_plain(root: Path, parts: Sequence[str]) -> bool:
    """Does a file lie there that is no link, and in folders that are none?"""
    return _is_below(root, parts) and root.joinpath(*parts).is_file()


def _is_below(root: Path, parts: Sequence[str]) -> bool:
    """Does no link lead there from `root`?"""
    if any(root.joinpath(*parts[:end]).is_symlink() for end in range(1, len(parts) + 1)):
        return False
    return root.joinpath(*parts).resolve().is_relative_to(root.resolve())


@contextlib.contextmanager
def without_litter(root: Path, places: Iterable[tuple[str, ...]], end_work: Callable[[], None]) -> Iterator[None]:
    """In this block files come to these places; before and behind it lies no draft of them that nobody writes.

    Workers that are killed leave theirs: where an error ends the block, `end_work` is called first.
    """
    names: dict[tuple[str, ...], set[str]] = {(): {_PROBE}}
    for parts in places:
        names.setdefault(parts[:-1], set()).add(parts[-1])
    _clear_stale(root, names)
    try:
        with drafts.ending_first(end_work):
            yield
    finally:
        _clear_stale(root, names)


def _clear_stale(root: Path, names: Mapping[tuple[str, ...], Iterable[str]]) -> None:
    """Look for drafts of these names, by their folders; nowhere else, and not where a link leads."""
    for folder, here in names.items():
        with contextlib.suppress(OSError):
            if _is_below(root, folder):
                drafts.clear_stale_of(root.joinpath(*folder), here)


def publish(claim: drafts.Claim, target: Path, *, overwrite: bool) -> None:
    """Give a draft its name, in one step. Raises Misplaced where the name is taken, and OSError."""
    if target.is_dir() and not target.is_symlink():
        raise Misplaced("a folder is where it should be")
    try:
        drafts.give_name(claim, target, overwrite=overwrite)
    except FileExistsError:
        raise Misplaced("it exists already") from None
