"""The quick look that spares most rules: what it leaves out would not have matched."""

from hypothesis import given
from hypothesis import strategies as st

from repack.classify import conditions, patterns, rules
from tests.classify.synthetic import BUILTIN, dental

GLOBS = sorted(
    {glob for loaded in BUILTIN for c in conditions.all_of(loaded.rule.match) for glob in conditions.texts(c.path)}
)
_paths = st.lists(
    st.sampled_from(
        ["a", "de", "en-US", "locale", "lang", "Viewer", "MSG_DE.INI", "x.dll", "de.lproj", "1031", "JRE", "ä"]
    ),
    min_size=1,
    max_size=5,
).map("/".join)


@given(st.lists(st.sampled_from(GLOBS), min_size=1, max_size=4).map(tuple), _paths)
def test_a_path_that_is_refused_at_once_fits_no_glob(globs: tuple[str, ...], path: str) -> None:
    if not patterns.may_match(globs, path):
        for glob in globs:
            assert not patterns.matches(glob, path) or patterns.has_locale(glob)
            assert not patterns.has_locale(glob) or not list(patterns.find_locales(glob, path))


def test_every_rule_that_matches_is_on_the_list() -> None:
    disc = dental()
    around = rules.survey(disc.bundle.entries, disc.facts, disc.needs, BUILTIN)
    matched = 0
    for entry, fact in zip(disc.bundle.entries, disc.facts, strict=True):
        subject = conditions.describe(entry, fact, around)
        listed = [one.rule.id for one in conditions.shortlist(BUILTIN, subject, around)]
        fitting = [c.rule.rule.id for c in rules.consider(entry, fact, BUILTIN, around) if c.is_match]
        assert set(fitting) <= set(listed)
        assert len(listed) < len(BUILTIN)
        matched += len(fitting)
    assert matched
