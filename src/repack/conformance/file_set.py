"""Checks of a DICOM file-set: its DICOMDIR, the form of its files, their names (PS3.10 sections 7 and 8)."""

import re
from collections.abc import Iterator

from repack.conformance.disc import INDEX_NAME, Disc, File, name_syntax
from repack.conformance.findings import MET, not_applicable, not_known, not_met, share, tally, unless_unreadable
from repack.dicom import syntaxes
from repack.model import Finding

_FILE_ID = re.compile(r"[A-Z0-9_]{1,8}(?:/[A-Z0-9_]{1,8}){0,7}")  # PS3.10 8.2, 8.5
_NO_DICOM = not_applicable("it holds no DICOM files")
_NO_INDEX = not_applicable("there is no DICOMDIR")
_INDEX_UNREAD = not_known("the DICOMDIR could not be read")


def index_at_root(disc: Disc) -> Finding:
    """One DICOMDIR, at the root, in capitals (PS3.10 8.6; PS3.12 F.1.2.2, V.1)."""
    if disc.index is None:
        return not_met("there is none") if disc.dicom else _NO_DICOM
    if "/" in disc.index.path:
        return not_met("it lies in a folder")
    if disc.index.path != INDEX_NAME:
        return not_met("its name is not in capitals")
    more = sum(file.is_index for file in disc.files if file is not disc.index)
    return not_met(f"there {'is' if more == 1 else 'are'} {more:,} more in folders") if more else MET


def index_is_sound(disc: Disc) -> Finding:
    """A DICOM file of its own kind, in Explicit VR Little Endian, whose offsets meet records (PS3.10 8.6; PS3.3 F)."""
    index = disc.index
    if index is None:
        return _NO_INDEX
    if index.is_unreadable:
        return _INDEX_UNREAD
    dicom, directory = index.facts.dicom, index.facts.directory
    if dicom is None or not dicom.is_directory:
        return not_met("it is no DICOM directory")
    if dicom.lacks:
        return not_met(f"it lacks {dicom.lacks}")
    if dicom.transfer_syntax != syntaxes.EXPLICIT_LE:
        return not_met(f"it is stored as {name_syntax(dicom.transfer_syntax)}")
    if directory is None:
        return _INDEX_UNREAD
    if directory.problem:
        return not_met(directory.problem)
    return not_met("some of its offsets lead to no record") if directory.has_stray_offsets else MET


def files_are_part10(disc: Disc) -> Finding:
    """Preamble, DICM and file meta information at the beginning of each DICOM file (PS3.10 7.1)."""
    if not disc.dicom:
        return _NO_DICOM
    lacking = [file.facts.dicom.lacks for file in disc.dicom if file.facts.dicom and file.facts.dicom.lacks]
    if lacking:
        return not_met(f"{share(len(lacking), len(disc.dicom))}: without {_what(lacking)}")
    unread = sum(_is_headless(file) for file in disc.dicom)
    return unless_unreadable(MET, disc.unreadable + unread)


def _what(lacking: list[str]) -> str:
    kinds = sorted(set(lacking))
    return kinds[0] if len(kinds) == 1 else tally(lacking)


def _is_headless(file: File) -> bool:
    """Does it pass for DICOM, while its header cannot be read?"""
    dicom = file.facts.dicom
    return dicom is not None and dicom.transfer_syntax is None and not dicom.lacks and bool(file.facts.problem)


def file_ids_are_short(disc: Disc) -> Finding:
    """At most 8 components of at most 8 of A-Z, 0-9 and _ (PS3.10 8.2, 8.5), from the folder of the DICOMDIR on."""
    if not disc.dicom:
        return _NO_DICOM
    wrong = sum(_FILE_ID.fullmatch(name) is None for name in _names_from_index(disc))
    if wrong:
        return not_met(f"{share(wrong, len(disc.dicom))} {'has another name' if wrong == 1 else 'have other names'}")
    return MET


def _names_from_index(disc: Disc) -> Iterator[str]:
    folder = disc.index.path.rpartition("/")[0] if disc.index else ""
    above = f"{folder}/" if folder else ""
    yield from (file.path.removeprefix(above) for file in disc.dicom)


def listed_files_exist(disc: Disc) -> Finding:
    """DICOMDIR references no file that is not in the file-set (PS3.10 8.6)."""
    listed = disc.listed
    if listed is None:
        return _INDEX_UNREAD if disc.index else _NO_INDEX
    if not listed:
        return not_applicable("the DICOMDIR names no file")
    missing = sum(one.file is None for one in listed)
    return not_met(f"{share(missing, len(listed), 'file')} {_is(missing)} missing") if missing else MET


def all_files_are_listed(disc: Disc) -> Finding:
    """Directory records reference each DICOM file of the file-set (PS3.11, section 3.3 of each annex)."""
    if not disc.dicom:
        return _NO_DICOM
    if disc.index is None:
        return not_met("there is no DICOMDIR")
    if disc.listed is None:
        return _INDEX_UNREAD
    named = {one.file.number for one in disc.listed if one.file is not None}
    missing = sum(file.number not in named for file in disc.dicom)
    if missing:
        return not_met(f"{share(missing, len(disc.dicom))} {_is(missing)} not in it")
    return unless_unreadable(MET, sum(file.is_unreadable and file.number not in named for file in disc.files))


def only_dicom_is_listed(disc: Disc) -> Finding:
    """What DICOMDIR names is DICOM (IHE PDI; PS3.10 8.6)."""
    listed = disc.listed
    if listed is None:
        return _INDEX_UNREAD if disc.index else _NO_INDEX
    found = [one.file for one in listed if one.file is not None]
    if not found:
        return not_applicable("the DICOMDIR names no file that is here")
    other = sum(not file.is_dicom and not file.is_unreadable for file in found)
    if other:
        return not_met(f"{share(other, len(found), 'file')} {_is(other)} no DICOM")
    return unless_unreadable(MET, sum(file.is_unreadable for file in found))


def stated_syntaxes_are_true(disc: Disc) -> Finding:
    """(0004,1512) of each record is the transfer syntax of its file (PS3.3 F.3.2.2)."""
    listed = disc.listed
    if listed is None:
        return _INDEX_UNREAD if disc.index else _NO_INDEX
    pairs = [(one.transfer_syntax, one.file.facts.dicom) for one in listed if one.file and one.file.is_dicom]
    if not pairs:
        return not_applicable("the DICOMDIR names no DICOM file that is here")
    silent = sum(not stated for stated, _dicom in pairs)
    wrong = sum(bool(stated) and dicom is not None and stated != dicom.transfer_syntax for stated, dicom in pairs)
    said = [f"wrong for {share(wrong, len(pairs))}"] if wrong else []
    said += [f"not said for {share(silent, len(pairs))}"] if silent else []
    return not_met("; ".join(said)) if said else MET


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
