"""Media storage application profiles: in which transfer syntaxes their images may be stored (PS3.11).

Profiles that allow the same are one row here, because a disc that has become a zip has no medium of its own: the
question is whether its files could be put on such a medium under such a profile.
"""

from dataclasses import dataclass

from repack.conformance import file_set
from repack.conformance.disc import Disc, name_syntax
from repack.conformance.findings import MET, not_applicable, not_known, not_met, share, tally, unless_unreadable
from repack.dicom import syntaxes
from repack.model import Finding, Result

_JPEG = "1.2.840.10008.1.2.4"


@dataclass(frozen=True, slots=True)
class Profile:
    """Profiles with one list of transfer syntaxes for their images; None: as the sender states (PS3.11 L.3.1).

    Those for DVD, USB stick and Blu-ray disc have the same lists: STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG, STD-GEN-BD-JPEG.
    """

    names: str
    source: str
    syntaxes: frozenset[str] | None


CD = Profile("STD-GEN-CD", "PS3.11 D.3", frozenset({syntaxes.EXPLICIT_LE}))
JPEG = Profile(
    "STD-GEN-DVD-JPEG, USB, BD",
    "PS3.11 H.3, J.3, M.3",
    frozenset({syntaxes.EXPLICIT_LE, f"{_JPEG}.50", f"{_JPEG}.51", f"{_JPEG}.70"}),
)
J2K = Profile(
    "STD-GEN-DVD-J2K, USB, BD",
    "PS3.11 H.3, J.3, M.3",
    frozenset({syntaxes.EXPLICIT_LE, f"{_JPEG}.90", f"{_JPEG}.91"}),
)
ZIP_MAIL = Profile("STD-GEN-ZIP-MAIL", "PS3.11 L.3", None)

#: What every one of these profiles asks for besides.
_COMMON = (
    file_set.index_at_root,
    file_set.index_is_sound,
    file_set.files_are_part10,
    file_set.file_ids_are_short,
    file_set.listed_files_exist,
    file_set.all_files_are_listed,
)


def fits(profile: Profile, disc: Disc) -> Finding:
    """Could the files be put on a medium of this profile as they are?"""
    if not disc.dicom:
        return not_applicable("it holds no DICOM files")
    stored = images_fit(profile, disc)
    common = [check(disc).result for check in _COMMON]
    broken = common.count(Result.NOT_MET)
    said = [stored.note] if stored.result is Result.NOT_MET else []
    said += [f"{broken:,} of the general rules {'is' if broken == 1 else 'are'} not met"] if broken else []
    if said:
        return not_met("; ".join(said))
    if Result.NOT_KNOWN in common:
        return not_known("not all of the general rules could be checked")
    return stored


def images_fit(profile: Profile, disc: Disc) -> Finding:
    """Is each DICOM file stored in a way that the profile allows?"""
    found = [file.facts.dicom.transfer_syntax for file in disc.dicom if file.facts.dicom]
    others = [name_syntax(uid) for uid in found if profile.syntaxes is not None and uid not in profile.syntaxes]
    if others:
        return not_met(f"{share(len(others), len(found))} {_how(others)}")
    return unless_unreadable(MET, disc.unreadable)


def _how(names: list[str]) -> str:
    kinds = set(names)
    verb = "is" if len(names) == 1 else "are"
    return f"{verb} {names[0]}" if len(kinds) == 1 else f"{verb} stored otherwise ({tally(names)})"


def zip_is_named(disc: Disc) -> Finding:
    """The attachment of an e-mail is called DICOM.ZIP (PS3.11 L.3.2)."""
    if disc.kind != "zip":
        return not_applicable("it is no zip")
    if not disc.name:
        return not_known("name it so when you send it")
    return MET if disc.name == "DICOM.ZIP" else not_met("name it so when you send it")
