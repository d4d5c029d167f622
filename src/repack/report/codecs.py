"""What `codecs` shows: what can be written and read on this installation, as plain rows and lines."""

import importlib.metadata
from collections.abc import Mapping

from repack import codecs
from repack.codecs.frames import Codec
from repack.dicom.syntaxes import SYNTAXES
from repack.report.tables import Column, Sheet, short_syntax


def codec_tables(*, is_verbose: bool = False) -> list[Sheet]:
    """What can be written, and what it is good for; `is_verbose` adds what can be read, by what, and what is done."""
    chosen = {name: codecs.choose(name, max_error=1) for name in codecs.NAMES}
    single = {name: found[0] for name, found in chosen.items() if len(found) == 1}
    opened = [(name, codec.opened_by) for name, codec in single.items()]
    opened += [(codecs.SMALLEST, f"{' or '.join(c.name for c in chosen[codecs.SMALLEST])}: the smaller, per image")]
    opened += [(codecs.NONE, codecs.NONE_OPENED_BY)]
    written = [
        Sheet(
            "Codecs for --codec",
            (Column("Name"), Column("Transfer syntax"), Column("Written by"), Column("Checked by"), Column("Here")),
            tuple(_codec_row(codec) for codec in single.values()),
        ),
        Sheet("Which programs open the result", (Column("Name"), Column("Opened by", ratio=1)), tuple(opened)),
        Sheet("One library both writes and checks (the check is weaker)", lines=_shared(single)),
    ]
    return written + (_for_the_curious() if is_verbose else [_in_short()])


def _in_short() -> Sheet:
    changed = sum(not row.leave for row in SYNTAXES.values())
    read = ", ".join(SYNTAXES[uid].name for uid in codecs.READERS)
    lines = (
        f"by default, images in {changed} transfer syntaxes are compressed, those in {len(SYNTAXES) - changed} stay",
        f"compressed images that can be read, so that --codec can change them: {read}",
        "-v lists all transfer syntaxes, the libraries and their versions",
    )
    return Sheet("What becomes of the images on a disc", lines=lines)


def _for_the_curious() -> list[Sheet]:
    readable = tuple(
        (SYNTAXES[uid].name, r.tool.library, r.second_tool.library if r.second_tool else "-")
        for uid, r in codecs.READERS.items()
    )
    known = tuple((row.name, str(row.kind), row.leave or "transcoded") for row in SYNTAXES.values())
    return [
        Sheet(
            "Compressed images that can be read",
            (Column("Transfer syntax", ratio=1), Column("Read by"), Column("Second opinion")),
            readable,
            is_whole=True,
        ),
        Sheet("Packages that hold these libraries", lines=_installed(), is_whole=True),
        Sheet(
            "Transfer syntaxes and what is done with them",
            (Column("Transfer syntax", ratio=1), Column("Kind"), Column("By default", ratio=1)),
            known,
            is_whole=True,
        ),
    ]


def _codec_row(codec: Codec) -> tuple[str, ...]:
    problem = codecs.find_problem(codec)
    syntax = short_syntax(codec.transfer_syntax)
    return codec.name, syntax, codec.writer.library, codec.checker.library, f"no: {problem}" if problem else "yes"


def _shared(single: Mapping[str, Codec]) -> tuple[str, ...]:
    names: dict[str, list[str]] = {}
    for name, codec in single.items():
        if codec.shared_code:
            names.setdefault(codec.shared_code, []).append(name)
    return tuple(f"{library}: {', '.join(users)}" for library, users in names.items())


def _installed() -> tuple[str, ...]:
    """The packages that hold the libraries, with their versions."""
    tools = [tool for codec in codecs.CODECS for tool in (codec.writer, codec.checker)]
    tools += [tool for reader in codecs.READERS.values() for tool in (reader.tool, reader.second_tool) if tool]
    libraries: dict[str, dict[str, None]] = {}
    for tool in tools:
        libraries.setdefault(tool.package, {})[tool.library] = None
    return tuple(f"{_package(package)}: {', '.join(inside)}" for package, inside in libraries.items())


def _package(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} (not installed)"
