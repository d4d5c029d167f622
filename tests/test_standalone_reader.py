"""The zip outlives the tool: a reader that knows nothing of repack restores whole discs, and agrees with it."""

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from warnings import catch_warnings, simplefilter

import pytest

from fixtures.disc import dress, write_zip
from repack.record import restoredata
from repack.record.manifest import EntryRecord, Manifest
from tests.commands import contents, entries_of, repack
from tests.discs import small_disc, write_small_disc

READER = Path(__file__).with_name("standalone_reader.py")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
IMAGES, SERIES = DATA / "dicom", DATA / "ct-series" / "S2030"


def read_alone(zip_file: Path) -> Iterator[tuple[str, bytes | None]]:
    spec = importlib.util.spec_from_file_location("standalone_reader", READER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with catch_warnings():
        simplefilter("ignore")  # pydicom about values of the files
        yield from module.restore(zip_file)


def check_both(source: Path, target: Path, folder: Path) -> Counter[str]:
    """Restore with repack and without; both give the originals. Counts of proofs."""
    repack("restore", target, "-o", folder, "-q")
    entries, originals = entries_of(target), contents(source)
    alone = dict(read_alone(target))
    proofs: Counter[str] = Counter()
    for path, entry in entries.items():
        proofs[entry["proof"] or "dropped"] += 1
        if entry["proof"] in {"exact", "identical"}:
            assert hashlib.sha256(originals[path]).hexdigest() == entry["before"]["sha256"]
            assert (folder / path).read_bytes() == originals[path], path
            assert alone.pop(path) == originals[path], path
        else:
            assert (folder / path).exists() == (entry["proof"] is not None), path
    assert alone == {}
    return proofs


def test_it_is_short_and_knows_only_pydicom() -> None:
    text = READER.read_text("utf-8")
    assert len(text.splitlines()) < 100
    assert "repack" not in {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith("from ")}
    assert "import repack" not in text


def test_the_document_and_the_reader_know_every_key() -> None:
    document = (READER.parents[1] / "docs" / "restore-format.md").read_text("utf-8")
    for key in restoredata._KEYS:
        assert f'"{key}"' in document, key
        assert f'"{key}"' in READER.read_text("utf-8"), key
    for field in (*EntryRecord.__struct_fields__, *Manifest.__struct_fields__):
        known_elsewhere = {
            "category",
            "rule",
            "reason",
            "wish",
            "guard",
            "forced",
            "notes",
        }  # what restoring does not need
        known_elsewhere |= {"schema", "version", "source", "options", "tools", "totals", "warnings", "codecs"}
        assert field in known_elsewhere or f"`{field}`" in document, field


@pytest.mark.lengthy
@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("codec", ["jpegls", "j2k", "none"])
def test_a_small_disc(tmp_path: Path, codec: str) -> None:
    source, target = tmp_path / "scan.zip", tmp_path / "out.zip"
    write_zip(source, small_disc(3, implicit=True))
    repack(source, "-o", target, "-q", "--drop-redist", "--codec", codec)
    proofs = check_both(source, target, tmp_path / "out")
    assert proofs == {"exact": 4, "identical": len(contents(source)) - 6, "dropped": 2}


@pytest.mark.lengthy
@pytest.mark.usefixtures("inline")
def test_as_a_program_of_its_own(tmp_path: Path) -> None:
    source, target = tmp_path / "scan.zip", tmp_path / "out.zip"
    write_small_disc(source, 1)
    repack(source, "-o", target, "-q")
    done = subprocess.run(
        [sys.executable, READER, target, tmp_path / "out"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "NOT RESTORED" not in done.stdout
    for path, content in contents(source).items():
        assert (tmp_path / "out" / path).read_bytes() == content


@pytest.mark.slow
@pytest.mark.skipif(not IMAGES.is_dir(), reason="the real DICOM files are not on this computer (../shared/data)")
def test_every_kind_of_real_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "all.zip", tmp_path / "all.repacked.zip"
    files = sorted(path for path in IMAGES.rglob("*") if path.is_file())
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(IMAGES).as_posix())
    repack(source)
    capsys.readouterr()
    proofs = check_both(source, target, tmp_path / "out")
    with capsys.disabled():
        print(f"\nreal files: {dict(proofs)}")  # noqa: T201  the count is for people to read
    assert proofs.total() == len(files)
    assert proofs["exact"] >= 80
    repack("verify", target, "--against", source)
    assert f"{proofs['samples']} " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(not SERIES.is_dir(), reason="the real CT series is not on this computer (../shared/data)")
def test_a_real_ct_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(path for path in SERIES.iterdir() if path.is_file())
    source, target = tmp_path / "scan.zip", tmp_path / "scan.repacked.zip"
    write_zip(source, dress([(path.name, path.read_bytes()) for path in files]))
    repack(source, "-q")
    proofs = check_both(source, target, tmp_path / "out")
    with capsys.disabled():
        print(f"\nS2030: {dict(proofs)}")  # noqa: T201  as above
    assert proofs == {"exact": len(files) + 1, "identical": 231}
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo("REPACK/restore.xz").compress_size < 0.01 * target.stat().st_size
    repack("verify", target, "--against", source, "-q")
