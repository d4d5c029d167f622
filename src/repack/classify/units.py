"""Files that work only together: manifests and settings of a program, its runtime, an InstallShield folder."""

import re
from collections.abc import Iterator, Sequence

from repack.bundles.names import folded
from repack.classify.needs import Names, Need, Reference
from repack.classify.runtimes import find_runtimes
from repack.model import Entry, Facts

# Side-by-side assemblies of Visual C++ 2005 and 2008 (media knowledge, section 2.2).
_ASSEMBLY = re.compile(r"microsoft\.vc[89]0\..+\.manifest")
_ASSEMBLY_LIBRARY = re.compile(r"(msvc[rpm]|mfcm?|atl|vcomp)[89]0\w*\.dll")
#: What lies beside a program under its name, and without which it does not run (media knowledge, M1, M7, M15, M19).
_BESIDE_PROGRAM = (".manifest", ".config")
_INSTEAD_OF_EXE = (
    ".l4j.ini",
    ".ini",
    ".jar",
    ".dll",
    ".runtimeconfig.json",
    ".deps.json",
)  # the last: .NET 5 and later
_JAVA = frozenset({"java.exe", "javaw.exe", "java", "jvm.dll"})
#: What tells the folder of an InstallShield setup, and what in it belongs to it (media knowledge, lesson 11).
_SETUP_MARKS = re.compile(r"data1\.(hdr|cab)|setup\.(inx|ins|issue)|layout\.bin|0x[0-9a-f]{4}\.ini")
_SETUP_PARTS = re.compile(
    r"data\d+\.(hdr|cab)|setup\..+|layout\.bin|0x[0-9a-f]{4}\.ini|\d{4,5}\.mst|_?is\w*\.(dll|exe|ini)|engine32\.cab"
    r"|_setup\.dll|ikernel\.ex_|instmsi[aw]\.exe|.+\.(msi|hdr|inx)"
)
_DATABASE_PARTS = re.compile(r".+\.(cab|mst)")
_PREREQUISITES = "issetupprerequisites"


def find_units(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """What each file of a unit needs of the others."""
    for entry in entries:
        if not entry.is_directory:
            for index, need in _pairs(folded(entry.path), entries, names):
                yield Reference(entry.index, index, need)
    yield from _java(entries, facts, names)
    yield from find_runtimes(entries, facts, names)
    yield from _setups(entries, facts, names)
    yield from _databases(entries, facts, names)


def _pairs(path: str, entries: Sequence[Entry], names: Names) -> Iterator[tuple[int, Need]]:
    """Manifests and what they describe: neither is loaded without the other (error 14001).

    Nothing needs a program because its manifest is there, so that direction is left out.
    """
    folder, _, base = path.rpartition("/")
    if base.endswith(".manifest"):
        described = path.removesuffix(".manifest").removesuffix(".dll") + ".dll"
        pairs = [names.by_path[described]] if described in names.by_path else []
        pairs += _matching(_ASSEMBLY_LIBRARY, folder, entries, names) if _ASSEMBLY.fullmatch(base) else []
        yield from ((index, Need.PAIRED) for index in pairs)
    elif base.endswith((".exe", ".dll")):
        own = [path + added for added in _BESIDE_PROGRAM]
        own += [path.removesuffix(".dll") + ".manifest"] if base.endswith(".dll") else []
        own += [path.removesuffix(".exe") + added for added in _INSTEAD_OF_EXE] if base.endswith(".exe") else []
        found = [names.by_path[name] for name in own if name in names.by_path]
        found += _matching(_ASSEMBLY, folder, entries, names) if _ASSEMBLY_LIBRARY.fullmatch(base) else []
        yield from ((index, Need.LOADED_WITH) for index in found)


def _matching(pattern: re.Pattern[str], folder: str, entries: Sequence[Entry], names: Names) -> list[int]:
    return [index for index in names.by_folder.get(folder, ()) if pattern.fullmatch(_base(entries[index]))]


def _base(entry: Entry) -> str:
    return folded(entry.path).rpartition("/")[2]


# --- Java ---


def _java(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """Every Java program runs on every Java runtime of the disc, and a runtime is one unit.

    To need one file of a runtime is to need all, so programs need its `java` alone, and that needs the others.
    """
    roots = find_java(entries, names)
    if not roots:
        return
    inside = {root: f"{root}/" for root in roots}
    members: dict[str, list[int]] = {root: [] for root in roots}
    users = []
    for entry in entries:
        if entry.is_directory:
            continue
        path = folded(entry.path)
        mine = [root for root in roots if path.startswith(inside[root])]
        for root in mine:
            members[root].append(entry.index)
        if not mine and _runs_on_java(path, facts[entry.index], names):
            users.append(entry.index)
    for root, key in roots.items():
        yield from (Reference(user, key, Need.RUNS_ON) for user in users)
        yield from (Reference(key, index, Need.LOADED_WITH) for index in members[root])


def find_java(entries: Sequence[Entry], names: Names) -> dict[str, int]:
    """The folders that hold a Java runtime -> its program: `bin/java` (or `jvm.dll` below) with a `lib` beside it."""
    folders = set(names.by_folder)
    above = {parent for folder in folders for parent in _chain(folder)}
    roots: dict[str, int] = {}
    for base in _JAVA:
        for index in names.by_base.get(base, ()):
            parts = names.folders[index].split("/")
            depth = next((n for n in range(len(parts) - 1, 0, -1) if parts[n] == "bin"), 0)
            root = "/".join(parts[:depth])
            if depth and len(parts) - depth <= 2 and f"{root}/lib" in above:
                known = roots.get(root)
                roots[root] = index if known is None else min(known, index, key=lambda n: _rank(entries[n]))
    return roots


def _rank(entry: Entry) -> tuple[bool, str]:
    """Programs before libraries."""
    return _base(entry) == "jvm.dll", entry.path


def _chain(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _runs_on_java(path: str, fact: Facts, names: Names) -> bool:
    """A JAR, or a program that starts one: with a JAR appended to it or beside it, or with settings of launch4j."""
    if path.endswith((".jar", ".jar.xz", ".jar.pack.gz", ".jnlp")):
        return True
    if fact.pe is None or fact.pe.is_dll:
        return False
    stem = path.removesuffix(".exe")
    return fact.pe.appended == "zip" or f"{stem}.l4j.ini" in names.by_path or f"{stem}.jar" in names.by_path


# --- InstallShield ---


def _setups(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """A setup program and all that lies in its folder; in the root of the disc, only what looks like a part of it."""
    for setup in names.by_base.get("setup.exe", ()):
        folder = names.folders[setup]
        prefix = f"{folder}/" if folder else ""
        bases = {index: _base(entries[index]) for index in names.by_folder[folder]}
        below = [
            index
            for other, indices in names.by_folder.items()
            if f"{other}/".startswith(f"{prefix}{_PREREQUISITES}/")
            for index in indices
        ]
        if not below and not any(_SETUP_MARKS.fullmatch(base) for base in bases.values()):
            continue
        for index in (*bases, *below):
            is_part = folder or index in below or _SETUP_PARTS.fullmatch(bases[index])
            if is_part and facts[index].dicom is None:
                yield Reference(setup, index, Need.INSTALLS_WITH)


def _databases(entries: Sequence[Entry], facts: Sequence[Facts], names: Names) -> Iterator[Reference]:
    """A database of Windows Installer may keep its files in cabinets beside it, and its texts in transforms."""
    for entry in entries:
        if facts[entry.index].installer == "msi" and folded(entry.path).endswith(".msi"):
            for index in names.by_folder[names.folders[entry.index]]:
                if _DATABASE_PARTS.fullmatch(_base(entries[index])):
                    yield Reference(entry.index, index, Need.INSTALLS_WITH)
