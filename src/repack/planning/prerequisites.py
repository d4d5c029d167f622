"""Libraries that programs need and that lie nowhere on the disc: it is said where their installer is left out."""

import re
from collections.abc import Iterator, Mapping, Sequence

from repack.bundles.names import folded
from repack.model import Action, Category, Plan, Planned
from repack.planning.naming import name_some

#: Rule of an installer -> the libraries that such installers bring. The group is the version, where they have several.
_BROUGHT_BY: Mapping[str, re.Pattern[str]] = {
    "redist.vc-installer": re.compile(
        r"(?:msvc[pr]|vcruntime|concrt|vccorlib|mfcm?|atl|vcomp|vcamp)(80|90|100|110|120|140)(?!\d)\w*\.dll"
    ),
    "redist.directx-installer": re.compile(r"(?:d3dx9|d3dx10|d3dx11|d3dcsx|xinput1|xaudio2|x3daudio1)(_)\d+\.dll"),
}
#: The versions of Visual C++'s libraries, by the years of their installers.
_VERSIONS: Mapping[str, str] = {
    "2005": "80", "2008": "90", "2010": "100", "2012": "110", "2013": "120", "2015": "140", "2017": "140",
    "2019": "140", "2022": "140",
}  # fmt: skip
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_PLAIN = re.compile(r"[\w.+-]+")  # what a shell takes as it stands
_SINCE_2015 = "vc_redist."


def warn_of_missing(plan: Plan) -> Iterator[str]:
    """Programs that stay and need what an installer that goes would bring: one line for each runtime."""
    there = {_base(line) for line in plan.lines if _stays(line)}
    users = [line for line in plan.lines if _stays(line) and _is_user(line)]
    users.sort(key=lambda line: line.facts.pe is not None and line.facts.pe.is_dll)  # programs first
    for rule, pattern in _BROUGHT_BY.items():
        installers = [line for line in plan.lines if line.verdict.rule == rule]
        missing: dict[str, dict[str, set[str]]] = {}  # version -> library -> who needs it
        for line in users if installers else ():
            for library in map(folded, line.facts.pe.imports if line.facts.pe is not None else ()):
                match = pattern.fullmatch(library)
                if match and library not in there:
                    missing.setdefault(match[1], {}).setdefault(library, set()).add(_base(line))
        for version, libraries in missing.items():
            bringing = [line for line in installers if _brings(line, version)]
            if bringing and not any(map(_stays, bringing)):
                yield _say(users, libraries, bringing)


def _stays(line: Planned) -> bool:
    return line.decision.action is not Action.DROP


def _is_user(line: Planned) -> bool:
    return line.facts.pe is not None and line.verdict.category is not Category.REDISTRIBUTABLE


def _base(line: Planned) -> str:
    return folded(line.entry.path).rpartition("/")[2]


def _brings(installer: Planned, version: str) -> bool:
    """Does an installer bring this version, by its version-info and its path? Yes where these do not say."""
    if version not in _VERSIONS.values():
        return True
    info = installer.facts.pe.version if installer.facts.pe is not None else {}
    said = f"{info.get('product', '')} {info.get('description', '')} {installer.entry.path}"
    known = {_VERSIONS[year] for year in _YEAR.findall(said) if year in _VERSIONS}
    if not known and _base(installer).startswith(_SINCE_2015):
        known = {_VERSIONS["2015"]}
    return not known or version in known


def _say(users: Sequence[Planned], libraries: Mapping[str, set[str]], installers: Sequence[Planned]) -> str:
    needing = frozenset().union(*libraries.values())
    programs = [line for line in users if _base(line) in needing]
    names = list(dict.fromkeys(line.entry.path.rpartition("/")[2] for line in installers))
    one = len(libraries) == 1
    keep = " ".join(f"--keep {name}" if _PLAIN.fullmatch(name) else f'--keep "{name}"' for name in names)
    return (
        f"{name_some([line.entry.path for line in programs])} {'needs' if len(programs) == 1 else 'need'} "
        f"{name_some(list(libraries))}; where {'it is' if one else 'they are'} missing only {' and '.join(names)} "
        f"{'brings' if len(names) == 1 else 'bring'} {'it' if one else 'them'}, "
        f"which {'is' if len(names) == 1 else 'are'} left out ({keep})"
    )
