"""Discs in memory: names and bytes in, verdicts and plans out, through the same public functions as a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from fixtures.disc import dental_disc
from fixtures.pe import program
from repack.classify import facts, references, rulefile, rules
from repack.model import Bundle, DicomFacts, Entry, EntryName, Facts, Plan, Raw, Stamp, Verdict, Wishes
from repack.planning.plan import decide

BUILTIN = rulefile.load_builtin()
IMAGE = DicomFacts(
    transfer_syntax="1.2.840.10008.1.2.1",
    sop_class="1.2.840.10008.5.1.4.1.1.2",
    modality="CT",
    study_uid="1",
    series_uid="1.1",
    series_description="",
    frames=1,
    has_pixels=True,
    is_directory=False,
)
DIRECTORY = replace(IMAGE, sop_class="1.2.840.10008.1.3.10", modality="", has_pixels=False, is_directory=True)


@dataclass(frozen=True, slots=True)
class Memory:
    """A place whose bytes lie in memory."""

    data: bytes

    def read(self) -> bytes:
        return self.data

    def read_start(self, length: int) -> bytes:
        return self.data[:length]

    def chunks(self) -> Iterator[bytes]:
        yield self.data

    def raw(self) -> Raw | None:
        return None


@dataclass(frozen=True, slots=True)
class Disc:
    """A classified disc."""

    bundle: Bundle
    facts: tuple[Facts, ...]
    needs: tuple[references.Reference, ...]
    verdicts: tuple[Verdict, ...]

    def plan(self, **wishes: object) -> Plan:
        return decide(self.bundle, self.facts, self.verdicts, self.needs, Wishes(**wishes))

    @property
    def by_path(self) -> dict[str, Verdict]:
        return {e.path: v for e, v in zip(self.bundle.entries, self.verdicts, strict=True)}


def make_entry(path: str, content: bytes | int = b"", index: int = 0) -> Entry:
    """An entry with these bytes, or with a size alone; a slash at the end makes a folder record."""
    is_directory = path.endswith("/")
    data = content if isinstance(content, bytes) else b""
    size = len(data) if isinstance(content, bytes) else content
    place = None if is_directory else Memory(data)
    name = EntryName(path.encode(), is_utf8=False)
    return Entry(index, path.rstrip("/"), name, is_directory, size, size, Stamp(0, 0), 0, 0, place)


def lay_out(files: Mapping[str, bytes | Facts], own: str = "", sizes: Mapping[str, int] | None = None) -> Disc:
    """Classify files given by their bytes, or by facts that somebody claims to have read off them."""
    entries, gathered = [], []
    for path, content in files.items():
        data = content if isinstance(content, bytes) else (sizes or {}).get(path, 0)
        entries.append(make_entry(path, data, len(entries)))
        gathered.append(content if isinstance(content, Facts) else facts.gather(entries[-1:])[0])
    return classify(entries, gathered, own)


def classify(entries: Sequence[Entry], gathered: Sequence[Facts], own: str = "") -> Disc:
    """Classify entries by the text of a user's rules, then by the built-in ones."""
    loaded = tuple(
        rulefile.LoadedRule(rule, "my.toml", is_builtin=False) for rule in rulefile.read_rules("my.toml", own)
    )
    needs = references.relate(entries, gathered)
    verdicts = rules.classify(entries, gathered, needs, (*loaded, *BUILTIN))
    bundle = Bundle(Path("disc.zip"), "zip", None, tuple(entries))
    return Disc(bundle, tuple(gathered), needs, verdicts)


def actions(plan: Plan) -> dict[str, str]:
    """Path -> what will be done."""
    return {line.entry.path: str(line.decision.action) for line in plan.lines}


def reasons(plan: Plan) -> dict[str, str]:
    """Path -> why."""
    return {line.entry.path: line.decision.reason for line in plan.lines}


@cache
def exe(*imports: str, delayed: tuple[str, ...] = (), **version: str) -> bytes:
    """A small program."""
    return _program(imports, delayed, version, is_dll=False)


@cache
def dll(*imports: str, delayed: tuple[str, ...] = (), **version: str) -> bytes:
    """A small library."""
    return _program(imports, delayed, version, is_dll=True)


def _program(imports: Sequence[str], delayed: Sequence[str], version: Mapping[str, str], *, is_dll: bool) -> bytes:
    wanted, late = ({name: ["f"] for name in names} for names in (imports, delayed))
    return program(is_dll=is_dll, machine="x86", version=version, imports=wanted, delay_imports=late)


@cache
def dental_files() -> tuple[tuple[str, bytes], ...]:
    """The fixture disc, three small slices."""
    return tuple((file.path, file.content) for file in dental_disc(3, size=16))


@cache
def dental() -> Disc:
    """The fixture disc, classified."""
    return lay_out(dict(dental_files()))


def pick(disc: Disc, chosen: Sequence[int]) -> Disc:
    """The disc with only some of its entries, classified afresh; their facts need not be gathered again."""
    entries = [replace(disc.bundle.entries[old], index=new) for new, old in enumerate(chosen)]
    return classify(entries, [disc.facts[old] for old in chosen])
