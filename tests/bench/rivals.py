"""What repack is measured against: other people's programs, each as a script of its own.

python -m tests.bench.rivals NAME DISC.zip TARGET FOLDER
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CORES = len(os.sched_getaffinity(0))


def unpack(disc: Path, folder: Path) -> list[Path]:
    """Unzip; the images, by content."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["unzip", "-q", str(disc), "-d", str(folder)], check=True)
    images = folder / "DICOM"
    return sorted(path for path in images.iterdir() if path.is_file()) if images.is_dir() else []


def on_all_cores(images: list[Path], command: str) -> None:
    """A shell command for each image, as many at a time as there are cores; $0 is the image."""
    names = "\0".join(str(path) for path in images)
    words = ["xargs", "-0", "-r", "-P", str(CORES), "-n", "1", "sh", "-c", command]
    subprocess.run(words, input=names.encode(), check=True)


def compare(image: Path) -> bool:
    """What pydicom sees in both; then the new file takes the old one's place."""
    import numpy as np  # here, because loading both takes a second, which is no part of the other rivals
    import pydicom

    new = image.with_name(f"{image.name}.jls")
    same = np.array_equal(pydicom.dcmread(image).pixel_array, pydicom.dcmread(new).pixel_array)
    new.replace(image)
    return same


def classic(disc: Path, target: Path, folder: Path, *, is_compared_on_all_cores: bool = False) -> None:
    """The workflow that repack replaces, with what every clinic's computer person knows:

    unzip, `xargs -P` with dcmcjpls on all cores, a script that compares pydicom's pixel arrays, zip -r. The script is
    a plain loop, as such scripts are.
    """
    images = unpack(disc, folder)
    on_all_cores(images, 'dcmcjpls "$0" "$0.jls"')
    if is_compared_on_all_cores:
        with multiprocessing.get_context("spawn").Pool(CORES) as pool:
            same = all(pool.map(compare, images, chunksize=8))
    else:
        same = all(compare(image) for image in images)
    if not same:
        sys.exit("images differ")
    target.unlink(missing_ok=True)
    subprocess.run(["zip", "-q", "-r", str(target.resolve()), "."], cwd=folder, check=True)


def classic_on_all_cores(disc: Path, target: Path, folder: Path) -> None:
    """The same, given the benefit of the doubt: the comparison, too, runs on all cores."""
    classic(disc, target, folder, is_compared_on_all_cores=True)


def dcmcjpls(disc: Path, _target: Path, folder: Path) -> None:
    """Nothing but unzip and a plain loop over dcmcjpls: no check, no zip."""
    for image in unpack(disc, folder):
        subprocess.run(["dcmcjpls", str(image), f"{image}.jls"], check=True)


def gdcmconv(disc: Path, _target: Path, folder: Path) -> None:
    """The same with gdcmconv."""
    for image in unpack(disc, folder):
        subprocess.run(["gdcmconv", "--jpegls", str(image), f"{image}.jls"], check=True)


def copy(disc: Path, target: Path, _folder: Path) -> None:
    """Copy the disc and wait until it is on the disk."""
    subprocess.run(["cp", str(disc), str(target)], check=True)
    subprocess.run(["sync", str(target)], check=True)


RIVALS: dict[str, Callable[[Path, Path, Path], None]] = {
    one.__name__.replace("_", "-"): one for one in (classic, classic_on_all_cores, dcmcjpls, gdcmconv, copy)
}


if __name__ == "__main__":
    name, disc_name, target_name, folder_name = sys.argv[1:]
    RIVALS[name](Path(disc_name), Path(target_name), Path(folder_name))
