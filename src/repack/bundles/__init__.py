"""Where entries come from: the table of kinds of bundle, and how one is opened."""

from collections.abc import Callable
from pathlib import Path

from repack.bundles import folder, iso, unrecognised, zip_bundle
from repack.errors import BundleUnreadable
from repack.model import Access, Bundle

#: Kinds in the order in which they are tried: name, does this path look like it, open it.
KINDS: tuple[tuple[str, Callable[[Path], bool], Callable[[Path, Access], Bundle]], ...] = (
    ("folder", folder.recognises, folder.open_folder),
    ("iso", iso.recognises, iso.open_iso),
    ("zip", zip_bundle.recognises, zip_bundle.open_zip),
)


def open_bundle(path: Path, access: Access = Access()) -> Bundle:  # noqa: B008  it is frozen
    """Open a bundle read-only and list its entries. Raises BundleUnreadable."""
    name = path.name or str(path)
    try:
        if not path.exists():
            raise BundleUnreadable(name, "there is no such file or folder", "check the spelling")
        if path.is_fifo() or path.is_socket() or path.is_char_device():  # opening one may wait for ever
            raise BundleUnreadable(name, "it is a device, pipe or socket", "give a zip, an ISO image or a folder")
        for _kind, recognises, opens in KINDS:
            if recognises(path):
                return opens(path, access)
        meaning, advice = unrecognised.explain(path)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise BundleUnreadable(name, problem, "check its permissions and the medium") from error
    raise BundleUnreadable(name, meaning, advice)
