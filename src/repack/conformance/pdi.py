"""Checks of IHE Portable Data for Imaging: what else may lie on a disc, and where (IHE RAD TF-3 4.47).

Names are compared without regard to case, as discs in the field mix it.
"""

import re
from collections.abc import Iterator

from repack.bundles.names import folded
from repack.conformance.disc import Disc, File
from repack.conformance.findings import MET, not_applicable, not_known, not_met, share, tally
from repack.model import OUR_FOLDER, Category, Finding

_WEB_FOLDER = "IHE_PDI"
_WEB_PAGE = re.compile(r"\.x?html?$")
_WEB_PICTURE = re.compile(r"\.jpe?g$")
_PROGRAM = re.compile(r"\.(exe|com|bat|cmd|hta|msi|vbs|lnk)$")
_CAPITAL_NAME = re.compile(
    r"(?:[A-Z0-9_]{1,8}/){0,7}[A-Z0-9_]{1,8}(?:\.[A-Z0-9_]{0,3})?"
)  # ISO 9660 7.5.1, 7.6.1, 10.1
_MOST_KINDS = 3  # that a note counts out


def has_readme(disc: Disc) -> Finding:
    """README.TXT at the root says who wrote the disc and how to use it."""
    return MET if disc.at_root("README.TXT") else not_met("there is none")


def has_entry_page(disc: Disc) -> Finding:
    """INDEX.HTM at the root, where there are pages to look at the images in a browser."""
    if disc.at_root("INDEX.HTM"):
        return MET
    if disc.at_root("INDEX.HTML"):
        return not_met("it is called INDEX.HTML")
    return not_met("there is none") if _web_files(disc) else not_applicable(f"there is no folder {_WEB_FOLDER}")


def entry_page_leads_on(disc: Disc) -> Finding:
    """INDEX.HTM describes what is there: nothing that it names was dropped."""
    page = disc.at_root("INDEX.HTM") or disc.at_root("INDEX.HTML")
    if page is None:
        return not_applicable("there is no INDEX.HTM")
    if disc.gone is None:
        return not_applicable("nothing was dropped")
    broken = sum(name in disc.gone for name in _named(page))
    return (
        not_met(f"{broken:,} of the files that it names {'was' if broken == 1 else 'were'} dropped") if broken else MET
    )


def web_folder_is_pure(disc: Disc) -> Finding:
    """IHE_PDI holds XHTML pages and JPEG pictures alone."""
    inside = _web_files(disc)
    if not inside:
        return not_applicable(f"there is no folder {_WEB_FOLDER}")
    other = [_extension(file.path) for file in inside if not _is_web(file)]
    if not other:
        return MET
    kinds = f" ({tally(other)})" if len(set(other)) <= _MOST_KINDS else ""
    return not_met(
        f"{share(len(other), len(inside), 'file')} in it {'is' if len(other) == 1 else 'are'} neither{kinds}"
    )


def other_content_is_apart(disc: Disc) -> Finding:
    """Whatever is neither DICOM nor web page lies outside the folders that hold DICOM files."""
    folders = {folded(file.path).rpartition("/")[0] for file in disc.dicom} - {""}
    if not folders:
        return not_applicable("no folder holds DICOM files")
    other = sum(
        folded(file.path).rpartition("/")[0] in folders
        for file in disc.files
        if not file.is_dicom and not file.is_index and not file.is_unreadable
    )
    return not_met(f"{other:,} other {'file lies' if other == 1 else 'files lie'} among them") if other else MET


def names_fit_any_cd(disc: Disc) -> Finding:
    """Names of 8 and 3 capitals, digits and _, at most 8 levels deep (ISO 9660 level 1).

    Of an image or a mounted disc only one of its trees was listed, perhaps that with the long names.
    """
    wrong = [file for file in disc.files if _CAPITAL_NAME.fullmatch(file.path) is None]
    if not wrong:
        return MET
    if disc.kind != "zip":
        return not_known("only the long names of the disc were read")
    ours = sum(file.is_ours for file in wrong)
    added = f" ({'all' if ours == len(wrong) else f'{ours:,}'} of them in the folder {OUR_FOLDER})" if ours else ""
    have = "has another name" if len(wrong) == 1 else "have other names"
    return not_met(f"{share(len(wrong), len(disc.files), 'file')} {have}{added}")


def nothing_starts_by_itself(disc: Disc) -> Finding:
    """No AUTORUN.INF starts a program when the disc is put in."""
    autorun = disc.at_root("AUTORUN.INF")
    if autorun is None:
        return MET
    named = [disc.by_name[name] for name in dict.fromkeys(_named(autorun)) if name in disc.by_name]
    if any(_is_installer(file) for file in named):
        return not_met("AUTORUN.INF starts an installer")
    if any(file.facts.magic == "pe" or _PROGRAM.search(folded(file.path)) for file in named):
        return not_met("AUTORUN.INF starts a program")
    return not_met("there is an AUTORUN.INF")


def one_patient(disc: Disc) -> Finding:
    """DICOMDIR holds the images of one patient alone."""
    index = disc.index
    directory = index.facts.directory if index else None
    if directory is None or directory.problem:
        return not_known("the DICOMDIR could not be read") if index else not_applicable("there is no DICOMDIR")
    if directory.patients > 1:
        return not_met(f"it lists {directory.patients:,} patients; look before you hand it on")
    return MET


def no_hidden_programs(disc: Disc) -> Finding:
    """No DICOM file can be started as a program (PS3.10 7.1 leaves its first 128 bytes to anybody)."""
    if not disc.dicom:
        return not_applicable("it holds no DICOM files")
    hidden = sum(file.facts.dicom is not None and file.facts.dicom.is_program for file in disc.dicom)
    return not_met(f"{share(hidden, len(disc.dicom))} can; do not start them") if hidden else MET


def _web_files(disc: Disc) -> list[File]:
    return [file for file in disc.files if folded(file.path).startswith(f"{folded(_WEB_FOLDER)}/")]


def _is_web(file: File) -> bool:
    name = folded(file.path)
    return _WEB_PAGE.search(name) is not None or (_WEB_PICTURE.search(name) is not None and file.facts.magic == "jpeg")


def _extension(path: str) -> str:
    base = path.rpartition("/")[2]
    return base.rpartition(".")[2].upper() if "." in base else "without extension"


def _is_installer(file: File) -> bool:
    return file.category is Category.REDISTRIBUTABLE or bool(file.facts.installer)


def _named(page: File) -> Iterator[str]:
    """What a file at the root names, as folded paths from there."""
    yield from (re.sub(r"^(\./|/)+", "", folded(name)) for name in page.facts.mentions)
