"""Runtimes that lie beside a program and that it loads by name, so that its imports do not tell."""

import re
from collections.abc import Iterator, Sequence

from repack.bundles.names import folded
from repack.classify.needs import Names, Need, Reference
from repack.model import Entry, Facts

#: One of these beside a program is its own .NET: the first that is there stands for all of it.
_DOTNET_KEYS = ("coreclr.dll", "hostfxr.dll", "hostpolicy.dll")
_DOTNET_PARTS = re.compile(r"(coreclr|clr\w+|host(fxr|policy)|mscor\w+|system\.private\.corelib)\.dll")
_DOTNET_PRODUCT = "microsoft® .net"
#: Beside X.exe: X runs on .NET 5 or later, or on .NET Core.
_DOTNET_PROGRAM = (".runtimeconfig.json", ".deps.json")
#: Of Chromium, WebView2, Qt and Direct3D.
_LOADED_BY_NAME = re.compile(r"icudtl\.dat|webview2loader\.dll|opengl32sw\.dll|d3dcompiler_(3[3-9]|4[0-7])\.dll")
#: Where these lie below their program, if not beside it: Qt's Chromium, packages of .NET.
_BELOW_PROGRAM = re.compile(r"(?:^|/)(?:resources|runtimes/win[\w-]*/native)$")


def find_runtimes(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """What programs need of the runtimes beside them."""
    yield from _dotnet(entries, facts, names)
    for base, indices in names.by_base.items():
        if _LOADED_BY_NAME.fullmatch(base):
            for index in indices:
                folder = _BELOW_PROGRAM.sub("", names.folders[index])
                users = _programs_in({folder, names.folders[index]}, facts, names)
                yield from (Reference(user, index, Need.MAY_LOAD) for user in users)


def _programs_in(folders: set[str], facts: Sequence[Facts], names: Names) -> Iterator[int]:
    """The programs of some folders, but no installers."""
    for folder in sorted(folders):
        for index in names.by_folder.get(folder, ()):
            pe = facts[index].pe
            if pe is not None and not pe.is_dll and not facts[index].installer:
                yield index


def _dotnet(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """A self-contained program needs one file of its .NET, and that needs the others: they are a unit."""
    keys: dict[str, int] = {}
    for base in _DOTNET_KEYS:
        for index in names.by_base.get(base, ()):
            keys.setdefault(names.folders[index], index)
    for folder, key in keys.items():
        users = [user for user in _programs_in({folder}, facts, names) if _runs_on_dotnet(entries[user], names)]
        yield from (Reference(user, key, Need.RUNS_ON) for user in users)
        members = [index for index in names.by_folder[folder] if _is_dotnet(entries[index], facts[index])]
        yield from (Reference(key, index, Need.LOADED_WITH) for index in members if users)


def _runs_on_dotnet(program: Entry, names: Names) -> bool:
    stem = folded(program.path).removesuffix(".exe")
    return any(f"{stem}{ending}" in names.by_path for ending in _DOTNET_PROGRAM)


def _is_dotnet(entry: Entry, fact: Facts) -> bool:
    if fact.pe is None or not fact.pe.is_dll:
        return False
    base = folded(entry.path).rpartition("/")[2]
    product = fact.pe.version.get("product", "").casefold()
    return product.startswith(_DOTNET_PRODUCT) or _DOTNET_PARTS.fullmatch(base) is not None
