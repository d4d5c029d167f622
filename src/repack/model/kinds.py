"""What an entry can be, what can be done to it, how that can be proven; and the names of our own files."""

from enum import StrEnum

OUR_FOLDER = "REPACK"
MANIFEST_NAME = f"{OUR_FOLDER}/manifest.json"
RESTORE_NAME = f"{OUR_FOLDER}/restore.xz"
LEAFLET_NAME = f"{OUR_FOLDER}/README.txt"


class Category(StrEnum):
    """What an entry is; the order is that of the summary table."""

    DICOM = "dicom"
    DICOMDIR = "dicomdir"
    VIEWER = "viewer"
    RUNTIME = "runtime"
    LOCALE = "locale"
    REDISTRIBUTABLE = "redistributable"
    LAUNCHER = "launcher"
    DOCUMENT = "document"
    PREVIEW = "preview"
    SYMBOLS = "symbols"
    JUNK = "junk"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What will be done to an entry."""

    TRANSCODE = "transcode"
    COPY = "copy"
    DROP = "drop"


class Purpose(StrEnum):
    """For whom the zip is (`--for`); what each stands for is in `planning.presets`."""

    VIEWER = "viewer"
    CD = "cd"
    USB = "usb"
    ZIP_MAIL = "zip-mail"
    PORTAL = "portal"


class SplitBy(StrEnum):
    """What one zip each is made of (`--split`)."""

    STUDY = "study"


class Proof(StrEnum):
    """How an outcome was proven (design, section 2)."""

    IDENTICAL = "identical"
    EXACT = "exact"
    SAMPLES = "samples"
    BOUNDED = "bounded"
