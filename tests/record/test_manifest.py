"""The manifest: complete, true, readable by other programs, and silent about the patient."""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

import repack
from fixtures.disc import DiscFile, write_folder, write_zip
from repack.model import LEAFLET_NAME, MANIFEST_NAME, RESTORE_NAME, Action, Category, Proof, Wishes
from repack.pipeline import Done, Request, run
from repack.record import manifest, recording
from repack.record.manifest import Count, EntryRecord, Manifest, Options, Source, State, Totals
from tests.discs import small_disc, spoil

SCHEMA_FILE = Path(repack.__file__).parent / "schemas" / "manifest.schema.json"
HOW_TO_RENEW = (
    "the manifest changed, its schema did not; renew it:\n"
    f'{sys.executable} -c "import json; from pathlib import Path; from repack.record.manifest import json_schema; '
    "Path('src/repack/schemas/manifest.schema.json').write_text("
    "json.dumps(json_schema(), indent=2, sort_keys=True) + chr(10), encoding='utf-8')\""
)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A disc with all kinds of entries; its viewer made small, because only its names matter here."""
    made = {file.path: file.content for file in small_disc(3, 128)}
    return made | {"Größe.txt": b"text", "damaged.pdf": b"%PDF-1.4 " * 999}


@pytest.fixture(scope="module")
def done(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("manifest")
    write_zip(folder / "scan.zip", (DiscFile(path, content) for path, content in files.items()))
    with zipfile.ZipFile(folder / "scan.zip", "a") as archive:
        archive.mkdir("empty folder")
        archive.writestr("x/../out", b"traversal")
    spoil(folder / "scan.zip", "damaged.pdf", folder / "scan.zip")
    wishes = Wishes(keep_locales=("en", "es"), drop_redist=True, drop=(Category.JUNK,), keep=("*.txt",))
    return run(Request(folder / "scan.zip", folder / "out.zip", wishes))


@pytest.fixture(scope="module")
def encoded(done: Done) -> bytes:
    with zipfile.ZipFile(done.target) as archive:
        return archive.read(MANIFEST_NAME)


@pytest.fixture
def document(encoded: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encoded)
    return found


# --- the schema ---


def test_the_checked_in_schema_is_up_to_date() -> None:
    fresh = json.dumps(manifest.json_schema(), indent=2, sort_keys=True) + "\n"
    assert SCHEMA_FILE.read_text(encoding="utf-8") == fresh, HOW_TO_RENEW


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_real_manifest_is_valid(validator: jsonschema.Draft202012Validator, document: dict[str, Any]) -> None:
    assert list(validator.iter_errors(document)) == []


def set_entry(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["entries"][0].update(values)


def remove(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in keys[:-1]:
            inner = inner[int(key) if key.isdigit() else key]
        del inner[keys[-1]]

    return change


CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "unknown action": set_entry(action="transcode"),
    "unknown category": set_entry(category="virus"),
    "unknown proof": set_entry(proof="hope"),
    "missing action": remove("entries", "0", "action"),
    "missing sha256": remove("entries", "0", "before", "sha256"),
    "missing proof": remove("entries", "0", "proof"),
    "missing totals": remove("totals"),
    "missing size": remove("totals", "after", "size"),
    "sha256 in capitals": lambda document: document["source"].update(sha256=document["source"]["sha256"].upper()),
    "short sha256": lambda document: document["entries"][0]["before"].update(sha256="abc"),
    "negative size": lambda document: document["entries"][0]["before"].update(size=-1),
    "another schema": lambda document: document.update(schema="repack-manifest-2"),
    "no day": lambda document: document["history"][0].update(date="today"),
    "odd version": lambda document: document.update(version="latest"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_altered_manifest_is_not(
    validator: jsonschema.Draft202012Validator, document: dict[str, Any], change: Callable[[dict[str, Any]], None]
) -> None:
    change(document)
    assert list(validator.iter_errors(document)) != []
    with pytest.raises(ValueError, match="not a manifest of repack"):
        manifest.decode(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"schema": '])
def test_other_bytes_are_no_manifest(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a manifest of repack"):
        manifest.decode(data)


# --- there and back ---

texts = st.text(max_size=12)
naturals = st.integers(0, 2**53)
hashes = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
states = st.builds(State, naturals, naturals, hashes, st.none() | st.just("1.2.840.10008.1.2.4.80"))
records = st.builds(
    EntryRecord,
    path=texts,
    category=st.sampled_from(Category),
    rule=texts,
    action=st.sampled_from(["transcoded", "copied", "dropped"]),
    reason=texts,
    before=states,
    after=st.none() | states,
    proof=st.none() | st.sampled_from(Proof),
    wish=texts,
    forced=st.booleans(),
    damaged=st.booleans(),
    folder=st.booleans(),
    notes=st.lists(texts, max_size=2).map(tuple),
)
lists = st.lists(records, max_size=4).map(tuple)
options = st.builds(Options, **dict.fromkeys(("keep_locales", "drop", "drop_path", "keep", "rules"), st.just(("a",))))
manifests = st.builds(
    lambda entries, source, chosen, warnings: Manifest(
        manifest.SCHEMA, "0.1.0", source, chosen, {"python": "3.11"}, entries, manifest.count(entries), warnings
    ),
    lists,
    st.builds(Source, texts, st.sampled_from(["zip", "folder"]), st.none() | naturals, hashes),
    options,
    st.lists(texts, max_size=2).map(tuple),
)


@pytest.mark.lengthy
@given(manifests)
def test_encode_and_decode_are_inverses(made: Manifest) -> None:
    data = manifest.encode(made)
    assert manifest.decode(data) == made
    assert manifest.encode(manifest.decode(data)) == data
    assert data == msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
    data.decode("utf-8")


def test_thousands_of_lines_are_encoded_as_few_are(done: Done) -> None:
    first = done.manifest.entries[0]
    lines = tuple(msgspec.structs.replace(first, path=f'DATA/{number}\n "entries": [') for number in range(2_500))
    made = msgspec.structs.replace(done.manifest, entries=lines)
    pieces = list(manifest.encode_in_pieces(made))
    assert b"".join(pieces) == msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
    assert max(map(len, pieces)) < len(manifest.encode(made)) / 2


@pytest.mark.lengthy
@given(lists)
def test_totals_add_up_what_is_no_folder(made: tuple[EntryRecord, ...]) -> None:
    totals = manifest.count(made)
    files = [record for record in made if not record.folder]
    after = [record.after for record in files if record.after]
    assert totals == Totals(
        Count(len(files), sum(r.before.size for r in files), sum(r.before.stored for r in files)),
        Count(len(after), sum(state.size for state in after), sum(state.stored for state in after)),
        sum(record.action == "transcoded" and manifest.is_image(record) for record in files),
        sum(record.action == "dropped" for record in files),
        totals.identical,
    )


def test_files_after_the_first_of_a_content_count_as_identical() -> None:
    def line(content: str, size: int, *, is_dropped: bool = False) -> EntryRecord:
        state = State(size, size // 2, content * 64)
        after, proof = (None, None) if is_dropped else (state, Proof.IDENTICAL)
        action = "dropped" if is_dropped else "copied"
        return EntryRecord("a", Category.UNKNOWN, "", action, "", state, after, proof)

    lines = [line("a", 10), line("b", 20), line("a", 10), line("a", 10), line("b", 20, is_dropped=True)]
    lines += [line("c", 0), line("c", 0)]  # empty files repeat nothing
    assert manifest.count(lines).identical == Count(2, 20, 10)


def test_totals_of_an_earlier_version_add_up_too(done: Done) -> None:
    assert manifest.adds_up(done.manifest)
    totals = done.manifest.totals
    for changed, is_sound in (
        (msgspec.structs.replace(totals, identical=None, overhead=None), True),
        (msgspec.structs.replace(totals, identical=Count(9, 9, 9)), False),
        (msgspec.structs.replace(totals, dropped=totals.dropped + 1), False),
    ):
        assert manifest.adds_up(msgspec.structs.replace(done.manifest, totals=changed)) is is_sound


def test_the_overhead_is_what_is_no_content(done: Done) -> None:
    found = done.manifest.totals.overhead
    assert found is not None
    with zipfile.ZipFile(done.target) as archive:
        assert found.restore == archive.getinfo(RESTORE_NAME).compress_size
        contents = sum(info.compress_size for info in archive.infolist())
        ours = archive.getinfo(MANIFEST_NAME)
        end = 22 + 30 + 46 + 2 * len(ours.filename)  # the end record, and the headers of the manifest
        assert found.zip == done.target.stat().st_size - contents - end
        images = [line for line in done.manifest.entries if line.action == "transcoded" and line.after]
        assert 0 < found.headers < sum(line.after.stored for line in images if line.after)


def test_what_repack_added_is_listed_with_its_hash(done: Done) -> None:
    with zipfile.ZipFile(done.target) as archive:
        assert [(file.path, file.size, file.sha256) for file in done.manifest.own] == [
            (name, archive.getinfo(name).file_size, sha256(archive.read(name)).hexdigest())
            for name in (RESTORE_NAME, LEAFLET_NAME)
        ]


def test_the_first_round_is_the_history(done: Done) -> None:
    (one,) = done.manifest.history
    assert (one.version, one.source, one.options, one.tools) == (
        done.manifest.version, done.manifest.source, done.manifest.options, done.manifest.tools
    )  # fmt: skip
    assert one.date == "2026-01-02"  # SOURCE_DATE_EPOCH of the tests


@pytest.mark.parametrize("stated", ["", "yesterday", "9" * 30])
def test_without_a_stated_day_the_history_has_that_of_the_clock(stated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", stated)
    before = datetime.now(UTC).date().isoformat()
    assert before <= recording._today() <= datetime.now(UTC).date().isoformat()


def test_the_manifest_in_the_zip_is_the_one_that_was_returned(done: Done, encoded: bytes) -> None:
    assert encoded == manifest.encode(done.manifest)
    assert manifest.decode(encoded) == done.manifest


# --- it is true ---


def test_every_entry_is_there_once_and_in_order(done: Done, files: dict[str, bytes]) -> None:
    paths = [entry.path for entry in done.manifest.entries]
    assert paths == [*files, "empty folder", "x/out"]
    assert {entry.action for entry in done.manifest.entries} == {"transcoded", "copied", "dropped"}


def test_before_is_what_the_bundle_held(done: Done, files: dict[str, bytes]) -> None:
    source = done.plan.bundle.path
    with zipfile.ZipFile(source) as archive:
        stored = {info.filename: info.compress_size for info in archive.infolist()}
    for entry in done.manifest.entries:
        if entry.path in files:
            content = files[entry.path]
            expected = None if entry.damaged else sha256(content).hexdigest()
            assert (entry.before.size, entry.before.sha256) == (len(content), expected)
            assert entry.before.stored == stored[entry.path]
    assert done.manifest.source == Source(
        "scan.zip", "zip", source.stat().st_size, sha256(source.read_bytes()).hexdigest()
    )


def test_after_is_what_the_new_zip_holds(done: Done) -> None:
    listed = [entry for entry in done.manifest.entries if entry.after is not None]
    with zipfile.ZipFile(done.target) as archive:
        infos = archive.infolist()
        assert [info.filename for info in infos[-3:]] == [RESTORE_NAME, LEAFLET_NAME, MANIFEST_NAME]
        for entry, info in zip(listed, infos[:-3], strict=True):
            assert entry.after is not None
            assert info.filename.rstrip("/") == entry.path
            assert (info.file_size, info.compress_size) == (entry.after.size, entry.after.stored)
            if not entry.folder and not entry.damaged:
                assert sha256(archive.read(info)).hexdigest() == entry.after.sha256


def test_odd_entries_are_marked(done: Done) -> None:
    by_path = {entry.path: entry for entry in done.manifest.entries}
    assert [entry.path for entry in done.manifest.entries if entry.damaged] == ["damaged.pdf"]
    assert [entry.path for entry in done.manifest.entries if entry.carried] == ["damaged.pdf"]
    assert by_path["damaged.pdf"].action == "copied"
    assert [entry.path for entry in done.manifest.entries if entry.folder] == ["empty folder"]
    assert "safe" in by_path["x/out"].notes[0]
    assert by_path["DICOM/I0000001"].proof is Proof.EXACT
    assert by_path["Größe.txt"].proof is Proof.IDENTICAL
    dropped = [entry for entry in done.manifest.entries if entry.action == "dropped"]
    assert all(entry.after is None and entry.proof is None and entry.wish and entry.reason for entry in dropped)


def test_options_and_tools_are_written_down(done: Done) -> None:
    options = done.manifest.options
    assert (options.keep_locales, options.drop_redist, options.drop) == (("en", "es"), True, ("junk",))
    assert (options.keep, options.codec, options.rules) == (("*.txt",), "jpegls", ())
    assert {"python", "pydicom", "numpy", "isal"} <= set(done.manifest.tools)
    (codec,) = done.manifest.codecs
    assert (codec.name, codec.transfer_syntax, codec.max_error) == ("jpegls", "1.2.840.10008.1.2.4.80", 0)
    assert codec.shared_code == "CharLS"
    assert {side.rpartition(" in ")[2] for side in (codec.writer, codec.checker)} <= set(done.manifest.tools)
    assert done.manifest.version == repack.__version__


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        (Wishes(codec="smallest"), ["jpegls", "j2k"]),
        (Wishes(codec="none"), []),
        (Wishes(codec="jpegls-near", max_error=2), ["jpegls-near"]),
        (Wishes(codec="jpegxl", effort=1), ["jpegxl"]),
    ],
    ids=lambda value: getattr(value, "codec", ""),
)
def test_the_chosen_codecs_and_their_options_are_written_down(wishes: Wishes, names: list[str], done: Done) -> None:
    made = recording.compose(replace(done.plan, wishes=wishes), done.manifest.entries, None, ())
    assert [codec.name for codec in made.codecs] == names
    assert (made.options.max_error, made.options.effort) == (wishes.max_error, wishes.effort)
    assert [codec.max_error for codec in made.codecs] == [wishes.max_error] * len(names)
    assert manifest.decode(manifest.encode(made)) == made


def test_what_read_compressed_images_is_written_down(done: Done) -> None:
    lines = list(done.plan.lines)
    at = next(n for n, line in enumerate(lines) if line.decision.action is Action.TRANSCODE)
    found = lines[at].facts.dicom
    assert found is not None
    dicom = replace(found, transfer_syntax="1.2.840.10008.1.2.4.90")
    lines[at] = replace(lines[at], facts=replace(lines[at].facts, dicom=dicom))
    made = recording.compose(replace(done.plan, lines=tuple(lines)), done.manifest.entries, None, ())
    assert "pylibjpeg-openjpeg" in made.tools
    assert "pylibjpeg-openjpeg" not in done.manifest.tools


# --- it is silent about the patient ---


def header_values(content: bytes) -> Iterator[str]:
    """Every text of a header that is no code of the standard: names, IDs, dates, descriptions, UIDs."""

    def walk(dataset: Dataset) -> Iterator[str]:
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value:
                    yield from walk(item)
            elif element.VR in {"PN", "LO", "SH", "ST", "LT", "UT", "DA", "TM", "DT", "UI", "AE"}:
                yield from str(element.value).split("\\")

    yield from walk(dcmread(io.BytesIO(content), stop_before_pixels=True))


def test_no_header_value_is_in_the_manifest(done: Done, encoded: bytes, files: dict[str, bytes]) -> None:
    values = {value for path, content in files.items() if path[:5] == "DICOM" for value in header_values(content)}
    allowed = {"1.2.840.10008.1.2.1"} | {value for value in values if len(value) < 5}
    secret = values - allowed
    assert any("^" in value for value in secret)
    assert len(secret) > 20
    text = encoded.decode("utf-8")
    assert sorted(value for value in secret if value in text) == []
    assert str(done.target.parent) not in text


def test_the_same_input_gives_the_same_manifest_and_zip(done: Done, tmp_path: Path) -> None:
    again = run(Request(done.plan.bundle.path, tmp_path / "other name.zip", done.plan.wishes, jobs=2))
    assert again.manifest == done.manifest
    assert again.target.read_bytes() == done.target.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
def test_a_bundle_whose_name_is_not_utf8(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9"
    write_folder(folder, [DiscFile("DICOM/I0000001", files["DICOM/I0000001"])])
    found = run(Request(folder, tmp_path / "out.zip")).manifest
    assert found.source == Source(r"caf\udce9", "folder", None, None)
    assert manifest.decode(manifest.encode(found)) == found


def test_records_cannot_be_changed(done: Done) -> None:
    with pytest.raises(AttributeError):
        done.manifest.entries[0].action = "dropped"  # type: ignore[misc]
