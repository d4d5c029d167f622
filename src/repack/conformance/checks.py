"""The table of checks: what each says in plain words, where that stands, how firm it is, and who finds out.

A check is a pure function of a disc. Sections are those of DICOM 2024 and of the IHE Radiology Technical Framework;
whatever rests on advice, custom or an unverified list is a hint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from repack.conformance import file_set, pdi, profiles
from repack.conformance.disc import Disc
from repack.conformance.profiles import Profile
from repack.model import Finding, Grade

_PDI = "IHE PDI 4.47"  # Portable Data for Imaging: IHE Radiology Technical Framework, volume 3, section 4.47


@dataclass(frozen=True, slots=True)
class Check:
    """One rule; `says` is a sentence that holds where it is met."""

    id: str
    says: str
    source: str
    grade: Grade
    find: Callable[[Disc], Finding]


def _rule(name: str, says: str, source: str, find: Callable[[Disc], Finding]) -> Check:
    return Check(name, says, source, Grade.STANDARD, find)


def _hint(name: str, says: str, source: str, find: Callable[[Disc], Finding]) -> Check:
    return Check(name, says, source, Grade.HINT, find)


def _profile(name: str, says: str, profile: Profile) -> Check:
    whole = f"{says} ({profile.names})"
    return Check(name, whole, profile.source, Grade.STANDARD, partial(profiles.fits, profile))


CHECKS: tuple[Check, ...] = (
    _rule("dicomdir-at-root", "DICOMDIR, the index, lies at the top", "PS3.10 8.6", file_set.index_at_root),
    _rule("dicomdir-sound", "DICOMDIR is written as it must be", "PS3.10 8.6", file_set.index_is_sound),
    _rule("part10", "DICOM files begin as they must", "PS3.10 7.1", file_set.files_are_part10),
    _rule(
        "file-ids", "DICOM files have short names (8 of A-Z, 0-9, _)", "PS3.10 8.2, 8.5", file_set.file_ids_are_short
    ),
    _rule("listed-exist", "All that DICOMDIR names is there", "PS3.10 8.6", file_set.listed_files_exist),
    _rule("all-listed", "DICOMDIR names every DICOM file", "PS3.11 D.3.3", file_set.all_files_are_listed),
    _rule("only-dicom-listed", "DICOMDIR names DICOM files alone", _PDI, file_set.only_dicom_is_listed),
    _rule(
        "stated-syntaxes",
        "DICOMDIR is right about how files are stored",
        "PS3.3 F.3.2.2",
        file_set.stated_syntaxes_are_true,
    ),
    _profile("profile-cd", "In the form for a CD", profiles.CD),
    _profile("profile-jpeg", "In the form for DVD, USB, Blu-ray with JPEG", profiles.JPEG),
    _profile("profile-j2k", "In the form for DVD, USB, Blu-ray with JPEG 2000", profiles.J2K),
    _profile("profile-zip-mail", "In the form for a zip by e-mail", profiles.ZIP_MAIL),
    _rule("zip-name", "That zip is called DICOM.ZIP", "PS3.11 L.3.2", profiles.zip_is_named),
    _rule("cd-names", "All names fit any CD (8 capitals, dot, 3)", "PS3.12 F.2.2", pdi.names_fit_any_cd),
    _rule("pdi-entry-page", "INDEX.HTM leads to the web pages", _PDI, pdi.has_entry_page),
    _rule("pdi-links", "INDEX.HTM names nothing that was dropped", _PDI, pdi.entry_page_leads_on),
    _rule("pdi-apart", "Folders with DICOM files hold nothing else", _PDI, pdi.other_content_is_apart),
    _hint("pdi-web-folder", "IHE_PDI holds web pages and JPEG alone", _PDI, pdi.web_folder_is_pure),
    _hint("pdi-readme", "README.TXT says who made the disc", _PDI, pdi.has_readme),
    _hint("pdi-autorun", "Nothing starts by itself", _PDI, pdi.nothing_starts_by_itself),
    _hint("one-patient", "All images are of one patient", "privacy", pdi.one_patient),
    _hint("hidden-programs", "No DICOM file is a program as well", "PS3.10 7.1", pdi.no_hidden_programs),
)


def evaluate(disc: Disc) -> dict[str, Finding]:
    """What each check finds, by its id."""
    return {check.id: check.find(disc) for check in CHECKS}
