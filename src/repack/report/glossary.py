"""The words of the trade in the words of a patient: categories, modalities, proofs."""

from repack.model import Category, Proof

#: Category -> what it is called, and what that means.
CATEGORIES: dict[Category, tuple[str, str]] = {
    Category.DICOM: ("Images", "the scan itself, as DICOM files"),
    Category.DICOMDIR: ("Index", "the list of the images that viewers read first"),
    Category.VIEWER: ("Viewer", "the program on the disc that shows the images"),
    Category.RUNTIME: ("Parts of the viewer", "libraries that it cannot do without"),
    Category.LOCALE: ("Languages", "translations of the viewer"),
    Category.REDISTRIBUTABLE: ("Installers", "of other makers' software, often on the computer already"),
    Category.LAUNCHER: ("Start files", "what starts the viewer when the disc is put in"),
    Category.DOCUMENT: ("Documents", "letters, instructions, licences"),
    Category.PREVIEW: ("Previews", "small copies of images"),
    Category.SYMBOLS: ("Debugging files", "for the makers of the viewer"),
    Category.JUNK: ("Left-overs", "of the computer that made the disc"),
    Category.UNKNOWN: ("Not recognised", "kept, because nobody knows"),
}

#: Categories whose paths are names of programs, not of people.
OF_PROGRAMS = frozenset(
    {
        Category.VIEWER,
        Category.RUNTIME,
        Category.LOCALE,
        Category.REDISTRIBUTABLE,
        Category.LAUNCHER,
        Category.SYMBOLS,
    }
)

#: PS3.3 C.7.3.1.1.1.
MODALITIES: dict[str, str] = {
    "CR": "X-ray",
    "CT": "Computed tomography",
    "DX": "X-ray",
    "ECG": "Heart currents",
    "ES": "Endoscopy",
    "IO": "X-ray inside the mouth",
    "KO": "Selection of images",
    "MG": "Mammography",
    "MR": "Magnetic resonance",
    "NM": "Nuclear medicine",
    "OCT": "Optical coherence tomography",
    "OP": "Photographs of the eye",
    "OT": "Other images",
    "PR": "Display settings",
    "PT": "Positron emission tomography",
    "PX": "Panoramic X-ray",
    "RF": "X-ray film",
    "RTDOSE": "Radiation dose",
    "SEG": "Outlines of organs",
    "SM": "Microscopy",
    "SR": "Report",
    "US": "Ultrasound",
    "XA": "X-ray of vessels",
    "XC": "Photographs",
}

#: Proof -> its meaning in a sentence.
PROOFS: dict[Proof, str] = {
    Proof.EXACT: "the original file can be rebuilt byte for byte; that was tried",
    Proof.IDENTICAL: "carried over unchanged, byte for byte",
    Proof.SAMPLES: "every stored pixel has its original value; the original was compressed in another way",
    Proof.BOUNDED: "compressed with a small loss, within the bound that was asked for; the original values are gone",
}


def modality(code: str) -> str:
    """A modality as people call it, with its code; other codes as they are."""
    shown = code if code.isalnum() and code.isascii() and len(code) <= 16 else ""
    name = MODALITIES.get(shown)
    return f"{name} ({shown})" if name else shown or "Images"
