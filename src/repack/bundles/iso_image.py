"""The trees of an ISO image as pycdlib reads them: ISO 9660, Rock Ridge, Joliet, UDF (containers I1, I2, I8).

Whatever an image says, no more is read than a directory can need, and no length is believed: pycdlib shortens a file
that reaches beyond the end of the image without a word, so it is shown an image without an end.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from repack.bundles import stamps
from repack.model import Stamp

if TYPE_CHECKING:
    from pycdlib import PyCdlib

SECTOR = 2048
_FIRST_DESCRIPTOR, _DESCRIPTORS = 16, 32  # sectors: ECMA-119 6.2.1; room for all volume descriptors and those of UDF
_ENDLESS = 1 << 42
_LAST_ANCHOR = _ENDLESS // SECTOR - 300
_MOST_AT_ONCE, _MOST_IN_ALL = 64 << 20, 1 << 30  # bytes of directories
_DEEPEST = 200
_ASSOCIATED = 0x04  # ECMA-119 9.1.6: not the file itself but what an old Mac kept beside it, under the same name
_FORK = "what an old Mac kept beside the file of this name (its resource fork); on the disc it has the very same name"
_VOLUME_RECOGNITION = (b"BEA01", b"NSR02", b"NSR03", b"TEA01")  # ECMA-167 2/9.1: what says that there is UDF


class Unparseable(ValueError):
    """The directories of the image contradict themselves."""


@dataclass(frozen=True, slots=True)
class Record:
    """One file or empty folder of a tree; `extents` are (byte in the image, length)."""

    path: tuple[bytes, ...]  # components: UTF-8, or the bytes of the image
    extents: tuple[tuple[int, int], ...]
    stamp: Stamp
    mode: int | None = None  # of Unix, where Rock Ridge says it
    is_folder: bool = False
    link: bytes | None = None  # target of a symbolic link
    problem: str = ""
    note: str = ""


class View:
    """An image as pycdlib is to see it: no boot code, the descriptors of one session, if need be without UDF."""

    def __init__(self, file: BinaryIO, session: int, *, hides_udf: bool) -> None:
        self._file, self._session, self._hides_udf = file, session, hides_udf
        self._at = self._used = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file; the end is far away."""
        self._at = max(0, (0, self._at, _ENDLESS)[whence] + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes, or fewer behind the end. Raises Unparseable where no directory can need so many."""
        self._used += size
        if size < 0 or size > _MOST_AT_ONCE or self._used > _MOST_IN_ALL:
            raise Unparseable("its directories are larger than any real disc has")
        out = b""
        while len(out) < size:
            sector, start = divmod(self._at, SECTOR)
            piece = self._read_from(sector, start, size - len(out))
            if not piece:
                break
            out += piece
            self._at += len(piece)
        return out

    def _read_from(self, sector: int, start: int, size: int) -> bytes:
        if sector < _FIRST_DESCRIPTOR or sector > _LAST_ANCHOR:  # boot code; anchors of UDF at the pretended end
            return bytes(min(size, SECTOR - start))
        if sector >= _FIRST_DESCRIPTOR + _DESCRIPTORS:
            self._file.seek(sector * SECTOR + start)
            return self._file.read(size)
        self._file.seek((self._session + sector) * SECTOR)
        whole = self._file.read(SECTOR)
        if self._hides_udf and whole[1:6] in _VOLUME_RECOGNITION:
            whole = bytes(len(whole))
        return whole[start : start + size]


def read_trees(file: BinaryIO, session: int, *, hides_udf: bool) -> dict[str, list[Record]]:
    """Every tree of the image by its name, files and empty folders in the order of the disc. Raises Unparseable."""
    import pycdlib  # noqa: PLC0415  large, and only for images
    from pycdlib.pycdlibexception import PyCdlibException  # noqa: PLC0415

    image = pycdlib.PyCdlib()
    wrong = (ArithmeticError, AttributeError, LookupError, PyCdlibException, RecursionError, TypeError, ValueError)
    try:
        image.open_fp(View(file, session, hides_udf=hides_udf))  # type: ignore[arg-type]  # seek, tell, read
        return _collect(image)
    except Unparseable:
        raise
    except (*wrong, struct.error) as error:  # a parser of the field on damaged bytes
        raise Unparseable(str(error)) from error


def _collect(image: "PyCdlib") -> dict[str, list[Record]]:
    root = image.pvd.root_directory_record()
    if image.has_rock_ridge():  # the same records with their real names
        trees = {"Rock Ridge": list(_walk(root, _children_rock, _read_rock))}
    else:
        trees = {"ISO 9660": list(_walk(root, _children, _read_plain))}
    if image.joliet_vd is not None:
        trees["Joliet"] = list(_walk(image.joliet_vd.root_directory_record(), _children, _read_joliet))
    if image.has_udf():
        start = image.udf_main_descs.partitions[0].part_start_location
        trees["UDF"] = list(_walk(image.udf_root, _children_udf, lambda node, above: _read_udf(node, above, start)))
    return trees


_Node = Any  # a record of pycdlib, which publishes no types of its own for these
_Path = tuple[bytes, ...]


def _walk(
    root: _Node, children: Callable[[_Node], Iterator[_Node]], read: Callable[[_Node, _Path], Record]
) -> Iterator[Record]:
    """Files and empty folders below `root`, in order."""
    waiting: list[tuple[_Node, _Path]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        found = list(children(node))
        if len(path) > _DEEPEST:
            raise Unparseable("its folders lie too deep")
        below = [(child, read(child, path)) for child in found]
        yield from (record for child, record in below if not child.is_dir())
        if not found and path:
            yield read(node, path[:-1])
        waiting += [(child, record.path) for child, record in reversed(below) if child.is_dir()]


def _children(folder: _Node) -> Iterator[_Node]:
    """Children without "." and "..", each file once, however many extents it has."""
    continued: set[int] = set()
    for child in folder.children:
        if child.data_continuation is not None:
            continued.add(id(child.data_continuation))
        if not child.is_dot() and not child.is_dotdot() and id(child) not in continued:
            yield child


def _children_rock(folder: _Node) -> Iterator[_Node]:
    """The same, with folders that were moved up (Rock Ridge allows more depth than ISO 9660) back in their place."""
    for child in _children(folder):
        rock = child.rock_ridge
        if rock is not None and rock.child_link_record_exists() and rock.cl_to_moved_dr is not None:
            yield rock.cl_to_moved_dr
        elif rock is None or not (child.is_dir() and rock.relocated_record()):
            is_store = child.is_dir() and child.file_identifier() == b"RR_MOVED"
            if not is_store or any(True for _ in _children_rock(child)):
                yield child


def _children_udf(folder: _Node) -> Iterator[_Node]:
    for described in folder.fi_descs.values():
        if not described.is_parent():
            if described.file_entry is None:
                raise Unparseable("a file of its UDF half has no entry")
            yield described.file_entry


def _read_plain(node: _Node, above: _Path) -> Record:
    name = node.file_identifier()
    return _record(node, (*above, name if node.is_dir() else _strip_version(name)))


def _read_joliet(node: _Node, above: _Path) -> Record:
    name = node.file_identifier().decode("utf-16-be", "replace").encode("utf-8")
    return _record(node, (*above, name if node.is_dir() else _strip_version(name)))


def _read_rock(node: _Node, above: _Path) -> Record:
    rock = node.rock_ridge
    if rock is None:
        return _read_plain(node, above)
    path = (*above, rock.name() or _strip_version(node.file_identifier()))
    link = rock.symlink_path() if rock.is_symlink() else None
    return _record(node, path, mode=rock.get_file_mode(), link=link)


def _record(node: _Node, path: _Path, mode: int | None = None, link: bytes | None = None) -> Record:
    is_fork = not node.is_dir() and bool(node.file_flags & _ASSOCIATED)
    if is_fork:
        path = (*path[:-1], path[-1] + b".rsrc")
    extents, problem = ((), "") if node.is_dir() or link is not None else _extents(node)
    date = node.date
    clock = (date.years_since_1900 + 1900, date.month, date.day_of_month, date.hour, date.minute, date.second)
    return Record(
        _whole(path),
        extents,
        stamps.from_clock(clock, date.gmtoffset * 900),
        mode,
        node.is_dir(),
        link,
        problem,
        _FORK if is_fork else "",
    )


def _extents(node: _Node) -> tuple[tuple[tuple[int, int], ...], str]:
    """The bytes of a file; above 4 GB it lies in several extents of one name (ECMA-119 6.5.1), one behind the other."""
    extents: list[tuple[int, int]] = []
    part = node
    while part is not None:
        # Not get_data_length(): for two files that share an extent it gives the length of the first.
        start, length = part.extent_location() * SECTOR, part.data_length
        if extents and sum(extents[-1]) != start:
            return (), "two files of one name lie side by side, and which is meant cannot be told"
        extents.append((start, length))
        part = part.data_continuation
    return tuple(extent for extent in extents if extent[1]), ""


def _read_udf(node: _Node, above: _Path, partition: int) -> Record:
    name = node.file_ident.fi.decode(node.file_ident.encoding or "latin-1", "replace").encode("utf-8")
    extents: list[tuple[int, int]] = []
    left = 0 if node.is_dir() else node.info_len
    for described in node.alloc_descs if left else ():
        is_inside = type(described).__name__ == "UDFInlineAD"  # in the file's own entry
        block = described.log_block_num + (0 if is_inside else partition)
        start = block * SECTOR + (described.offset if is_inside else 0)
        extents.append((start, min(described.extent_length, left)))
        left -= extents[-1][1]
    time = node.mod_time
    zone = 0 if time.tz == -2047 else time.tz * 60  # minutes; -2047: not said (ECMA-167 1/7.3.1)
    clock = (time.year, time.month, time.day, time.hour, time.minute, time.second)
    return Record(
        _whole((*above, name)),
        tuple(extent for extent in extents if extent[1]),
        stamps.from_clock(clock, zone),
        is_folder=node.is_dir(),
        problem="its extents are shorter than the file" if left > 0 else "",
    )


def _strip_version(name: bytes) -> bytes:
    """`README.TXT;1` is README.TXT, and `README.;1` is README (ECMA-119 7.5.1)."""
    stem, semicolon, version = name.rpartition(b";")
    name = stem if semicolon and version.isdigit() else name
    return name[:-1] if name.endswith(b".") and name.strip(b".") else name


def _whole(path: _Path) -> _Path:
    """No component may hold a separator, or the tree would get other folders."""
    return tuple(part.replace(b"/", b"_") for part in path)
