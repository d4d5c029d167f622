"""Rule files: what is read, and every kind of mistake with its file, line, key and what is allowed."""

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify import facts, mistakes, rulefile
from repack.errors import ExitCode, RuleInvalid
from repack.model import Category, Facts
from tests.classify.synthetic import IMAGE, lay_out

RULE = """# my rules
[[rule]]
id = "first"
category = "junk"
match = { name = 'a' }
why = "because"

[[rule]]
id = "second"
category = "document"
why = "because"
match = [
    { path = "a/**", magic = ["pe", "zip"] },
    { pe = { kind = "exe", company = 'x' }, larger_than = 1_000 },
]
unless = { name = 'b' }
action = "keep"
evidence = "none"
"""


def refuse(text: str) -> RuleInvalid:
    with pytest.raises(RuleInvalid) as caught:
        rulefile.read_rules("my.toml", text)
    return caught.value


def test_a_good_file_is_read():
    first, second = rulefile.read_rules("my.toml", RULE)
    assert (first.id, first.category, first.action) == ("first", Category.JUNK, None)
    assert rulefile.all_of(first.match) == (rulefile.Conditions(name="a"),)
    assert second.action == "keep"
    paths, programs = rulefile.all_of(second.match)
    assert rulefile.texts(paths.path) == ("a/**",)
    assert rulefile.texts(paths.magic) == ("pe", "zip")
    assert programs.pe == rulefile.PeConditions(kind="exe", company="x")
    assert programs.larger_than == 1000


def test_an_empty_file_has_no_rules():
    assert rulefile.read_rules("my.toml", "# nothing yet\n") == ()


def test_a_modality_fits_in_capitals_or_not():
    for written, category in (("CT", Category.JUNK), ("ct", Category.JUNK), ("MR", Category.DICOM)):
        own = RULE.replace("name = 'a'", f"dicom = {{ modality = '{written}' }}")
        assert lay_out({"I1": Facts("dicom", dicom=IMAGE)}, own).by_path["I1"].category is category


# What is written in place of what, the line of the mistake, and what the message must say.
MISTAKES = [
    ("name = 'a'", 'name = "a\\.pdf$"', 5, "line 5", "written in single quotes, such as '.*\\.pdf'"),
    ("name = 'a'", 'name = "a\\user"', 5, "line 5", "written in single quotes"),
    ("larger_than = 1_000", "larger_than = 9, smaller_than = 10", 14, "rule second", "no size is larger than 9 and"),
    ('id = "first"', "id = first", 3, "line 3", "not valid TOML"),
    ('[[rule]]\nid = "second"', '[[rule]\nid = "second"', 8, "line 8", "not valid TOML"),
    ('[[rule]]\nid = "first"', '[[rules]]\nid = "first"', 2, "key rules", "did you mean 'rule'?"),
    ('category = "junk"', 'categroy = "junk"', 4, "key categroy", "did you mean 'category'?"),
    ('category = "junk"', 'x = 1\ncategory = "junk"', 4, "key x", "allowed are id, category, match, why"),
    ("match = { name", "match = { nam", 5, "key nam", "did you mean 'name'?"),
    ("larger_than = 1_000", "large_than = 1_000", 14, "key large_than", "did you mean 'larger_than'?"),
    ("company", "compny", 14, "key compny", "did you mean 'company'? allowed are kind, machine, company"),
    ("unless = { name", "unless = { names", 16, "key names", "did you mean 'name'?"),
    ("name = 'a'", "dicom = { modalities = 'a' }", 5, "key modalities", "did you mean 'modality'?"),
    ('id = "second"', "id = 2", 9, "key id", "this must be a text, not a whole number"),
    ('id = "second"', 'id = "Second!"', 9, "key id", "small letters"),
    ('why = "because"\nmatch', 'why = ""\nmatch', 11, "key why", "cannot be empty"),
    ("larger_than = 1_000", 'larger_than = "big"', 14, "key larger_than", "must be a whole number, not a text"),
    ("larger_than = 1_000", "larger_than = -1", 14, "key larger_than", "0 or more"),
    ("larger_than = 1_000", "installer = 'nsi'", 14, "key installer", "allowed are nsis, inno"),
    ("larger_than = 1_000", "siblings = 0", 14, "key siblings", "1 or more"),
    ("larger_than = 1_000", "launched = 1", 14, "key launched", "must be true or false, not a whole number"),
    ("unless = { name = 'b' }", "unless = { name = 5 }", 16, "key name", "this must be a text or a list"),
    ("unless = { name = 'b' }", "unless = { name = ['b',\n 5] }", 17, "key name", "must be a text"),
    ("match = { name = 'a' }", "match = 'a'", 5, "key match", "must be a table of keys or a list, not a text"),
    ("match = { name = 'a' }\n", "", 2, "", "the key 'match' is missing; a rule needs id, category, match and why"),
    ('id = "second"\n', "", 8, "", "the key 'id' is missing"),
    ('category = "document"', 'category = "manual"', 10, "key category", "allowed are dicom, dicomdir"),
    ('action = "keep"', 'action = "delete"', 17, "key action", "allowed are keep, drop"),
    ('kind = "exe"', 'kind = "program"', 14, "key kind", "allowed are exe, dll"),
    ('kind = "exe"', 'machine = "i386"', 14, "key machine", "allowed are x86, x64, arm64"),
    ('magic = ["pe", "zip"]', 'magic = ["pe", "exe"]', 13, "key magic", "allowed are 7z, ar, bmp"),
    ("name = 'a'", "name = '('", 5, "rule first", "regular expression '(': missing )"),
    ("name = 'a'", "name = ['a',\n  '(x+)+']", 6, "rule first", "can take forever"),
    ("company = 'x'", "company = '(x+)+'", 14, "rule second", "can take forever"),
    ('path = "a/**"', 'path = ["a/**", "/b"]', 13, "rule second", "path '/b': a path pattern is relative"),
    ('path = "a/**"', 'path = "{locale}/{locale}"', 13, "rule second", "may hold {locale} once"),
    ('path = "a/**"', "path = []", 13, "rule second", "the list 'path' is empty"),
    ("company = 'x'", "company = []", 14, "rule second", "the list 'company' is empty"),
    ("name = 'a'", "dicom = { modality = [] }", 5, "rule first", "the list 'modality' is empty"),
    ('{ path = "a/**", magic = ["pe", "zip"] }', "{ siblings = 2 }", 13, "rule second", "would take everything"),
    ("unless = { name", "unless = { siblings = 2, name", 16, "rule second", "belongs into match"),
    ("larger_than = 1_000", "siblings = 2", 14, "rule second", "needs a path with {locale}"),
    ("larger_than = 1_000", "languages = 2", 14, "rule second", "needs a path with {locale}"),
    ("larger_than = 1_000", "alike_siblings = 2", 14, "rule second", "needs a path with {locale}"),
    ("larger_than = 1_000", "has_base = true", 14, "rule second", "needs a path with {locale}"),
    ("unless = { name", "unless = { languages = 2, name", 16, "rule second", "belongs into match"),
    ("match = { name = 'a' }", "match = {}", 5, "rule first", "match is empty, so the rule would take everything"),
    ("match = { name = 'a' }", "match = []", 5, "rule first", "match is empty"),
    ("unless = { name = 'b' }", "unless = {}", 16, "rule second", "unless is empty, so the rule would take nothing"),
    ('id = "second"', 'id = "first"', 9, "rule first", "there are two rules with the id 'first'"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "line", "place", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(right: str, wrong: str, line: int, place: str, said: str):
    assert RULE.count(right) >= 1
    error = refuse(RULE.replace(right, wrong, 1))
    message = str(error)
    assert error.code == ExitCode.RULES
    assert re.match(rf"my\.toml, line {line}\b", message), message
    assert place in message
    assert said in message
    assert not set("`$\n") & set(message), "plain words, one line"


def test_tables_written_out_are_found_too():
    text = (
        RULE
        + "\n[[rule]]\nid = 'third'\ncategory = 'junk'\nwhy = 'w'\n\n[rule.match]\nname = 'a'\n"
        + "\n[rule.match.pe]\nkin = 3\n"
    )
    assert str(refuse(text)).startswith(f"my.toml, line {text.count(chr(10))}, key kin")
    dotted = "[[rule]]\nid='a'\ncategory='junk'\nwhy='w'\n# match.pe.kin\nmatch.pe.kind = 'exe'\nmatch.pe.kin='x'\n"
    assert str(refuse(dotted)).startswith("my.toml, line 7, key kin")


def test_a_key_in_a_text_or_comment_is_not_taken_for_the_key():
    text = "[[rule]]\nid='a'\ncategory='junk'\nwhy='''\nnam = 1 [[rule]]\n'''\n# nam = 1\nmatch={ nam = 'x' }\n"
    assert str(refuse(text)).startswith("my.toml, line 8, key nam")


def test_the_first_mistake_of_several_rules_is_in_the_right_rule():
    text = "".join(f"[[rule]]\nid='r{n}'\ncategory='junk'\nwhy='w'\nmatch={{ name='{n}' }}\n\n" for n in range(40))
    assert ", line 185, " in str(refuse(text.replace("name='30'", "name='('")))


def test_one_bracket_for_two():
    said = str(refuse(RULE.partition('[[rule]]\nid = "second')[0].replace("[[rule]]", "[rule]")))
    assert said.startswith("my.toml, line 2, key rule: there may be several rules, so each begins with two brackets")
    assert said.endswith("write [[rule]]")


def test_brackets_without_end():
    assert "not valid TOML" in str(refuse("[[rule]]\nid = 'a'\nmatch = {"))
    assert "nested too deeply" in str(refuse("x = " + "[" * 100_000))


def test_a_file_of_a_user(tmp_path: Path):
    file = tmp_path / "my.toml"
    file.write_bytes(b"\xef\xbb\xbf" + RULE.replace("\n", "\r\n").encode())
    loaded = rulefile.load_file(file)
    assert [(one.rule.id, one.file, one.is_builtin) for one in loaded] == [
        ("first", "my.toml", False),
        ("second", "my.toml", False),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'why = "\xfc"', "my.toml, whole file: it is not UTF-8 text; save it as UTF-8"), (None, "check the path")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str):
    file = tmp_path / "my.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RuleInvalid) as caught:
        rulefile.load_file(file)
    assert said in str(caught.value)


def test_the_builtin_rules_stand_every_check_that_they_are_not_put_to_when_they_are_loaded():
    texts = rulefile.builtin_files()
    assert sum(len(rulefile.read_rules(name, text)) for name, text in texts) == len(rulefile.load_builtin()) > 50


def test_the_builtin_rules_come_in_the_order_of_their_files():
    loaded = rulefile.load_builtin()
    files = [one.file for one in loaded]
    assert files == sorted(files)
    assert files[0] == "10-dicom.toml"
    assert all(one.is_builtin for one in loaded)
    ids = [one.rule.id for one in loaded]
    assert len(set(ids)) == len(ids)


def test_a_rule_may_name_every_magic_that_a_file_may_have():
    assert set(get_args(rulefile.Magic)) == {name for _, name in facts.MAGICS} | {
        "dicom", "empty", "nothing", "unknown", "unreadable",
    }  # fmt: skip


def test_places_of_a_text():
    text = "a = 1\nb = [1,\n 2.5, { c = 'x',\n d = [[3],\n [4]] }]\n\"e f\".g = '''\n'''\n[h]\ni = 1\n"
    text += "[[j.k]]\n[[j.k]]\nl = 2"
    lines = {
        ("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 1): 3, ("b", 2, "c"): 3, ("b", 2, "d"): 4, ("b", 2, "d", 1): 5,
        ("b", 2, "d", 1, 0): 5, ("e f", "g"): 6, ("h", "i"): 9, ("j", "k", 0): 10, ("j", "k", 1): 11,
        ("j", "k", 1, "l"): 12, ("j", "k", 1, "m"): 11, ("nowhere",): 1,
    }  # fmt: skip
    assert {place: mistakes.find_line(text, place) for place in lines} == lines


@given(
    st.lists(
        st.sampled_from(["[[rule]]", "\n", 'id="a"', "match", "=", "{", "}", "[", "]", ",", "'", '"', "3", "#"])
    ).map("".join)
)
def test_any_text_is_read_or_refused(text: str):
    try:
        rulefile.read_rules("my.toml", text)
    except RuleInvalid as error:
        refused = str(error)
    else:
        refused = "my.toml"
    assert "my.toml" in refused
