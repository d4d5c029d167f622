"""The classic workflow that repack replaces, with what every clinic's computer person knows:

unzip, `xargs -P` with dcmcjpls on all cores, a script that compares pydicom's pixel arrays, zip -r. The script is a
plain loop, as such scripts are; with `--compare-on-all-cores` it is given the benefit of the doubt.
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom


def compress(folder: Path, jobs: int) -> None:
    """Every image of the disc through dcmcjpls, beside its original."""
    images = sorted(path for path in (folder / "DICOM").iterdir() if path.is_file())
    names = "\0".join(str(path) for path in images)
    shell = 'dcmcjpls "$0" "$0.jls"'
    subprocess.run(["xargs", "-0", "-P", str(jobs), "-n", "1", "sh", "-c", shell], input=names.encode(), check=True)


def compare(image: Path) -> bool:
    """What pydicom sees in both; then the new file takes the old one's place."""
    new = image.with_name(f"{image.name}.jls")
    same = np.array_equal(pydicom.dcmread(image).pixel_array, pydicom.dcmread(new).pixel_array)
    new.replace(image)
    return same


def main(disc: Path, target: Path, work: Path, jobs: int, compare_jobs: int) -> None:
    """The whole workflow."""
    shutil.rmtree(work, ignore_errors=True)
    subprocess.run(["unzip", "-q", str(disc), "-d", str(work)], check=True)
    compress(work, jobs)
    images = [path for path in (work / "DICOM").iterdir() if path.suffix != ".jls"]
    if compare_jobs == 1:
        same = all(compare(image) for image in images)
    else:
        with multiprocessing.get_context("spawn").Pool(compare_jobs) as pool:
            same = all(pool.map(compare, images, chunksize=8))
    if not same:
        sys.exit("images differ")
    target.unlink(missing_ok=True)
    subprocess.run(["zip", "-q", "-r", str(target.resolve()), "."], cwd=work, check=True)
    shutil.rmtree(work)


if __name__ == "__main__":
    cores = len(os.sched_getaffinity(0))
    disc_path, target_path, work_path = (Path(word) for word in sys.argv[1:4])
    main(disc_path, target_path, work_path, cores, cores if "--compare-on-all-cores" in sys.argv else 1)
