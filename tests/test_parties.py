import json
from collections.abc import Iterator
from pathlib import Path

import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import parties

TABLE = json.loads(parties.OURS.read_text("utf-8"))


@pytest.fixture
def register() -> Iterator[None]:
    """Forget after the test what it added."""
    yield
    parties._register.cache_clear()
    parties._names.cache_clear()


def written(folder: Path, content: object) -> Path:
    path = folder / "more.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize(
    ("code", "kind", "english", "french"),
    [
        ("CA", "country", "Canada", "Canada"),
        ("GB", "country", "United Kingdom", "Royaume-Uni"),
        ("CN", "country", "China", "Chine"),
        ("CI", "country", "Côte d’Ivoire", "Côte d’Ivoire"),
        ("DDDE", "former_country", "German Democratic Republic", "German Democratic Republic"),
        ("EU", "organisation", "European Union", "Union européenne"),
        ("NATO", "organisation", "North Atlantic Treaty Organization", "Organisation du traité de l’Atlantique nord"),
    ],
)
def test_a_party_has_a_kind_and_names(code: str, kind: str, english: str, french: str) -> None:
    assert parties.exists(code)
    assert parties.kind(code) == kind
    assert (parties.name(code), parties.name(code, "fr")) == (english, french)


@pytest.mark.parametrize("code", ["ca", "Ca", " CA", "CA\n", "", "UK", "CAN", "SU", "XX", "ZZ", "XK", "ＣＡ", "OTAN"])
def test_a_code_is_known_only_exactly_as_registered(code: str) -> None:
    assert not parties.exists(code)


def test_every_organisation_the_contract_names_is_known() -> None:
    assert {"EU", "UN", "NATO", "ASEAN", "APEC", "G7", "G20"} <= set(parties.codes())


def test_every_country_of_iso_3166_past_and_present_is_known() -> None:
    present = {country.alpha_2 for country in pycountry.countries}
    past = {country.alpha_4 for country in pycountry.historic_countries}
    assert present | past | set(TABLE) == set(parties.codes())


def test_no_organisation_takes_a_code_that_iso_3166_gave_to_a_country() -> None:
    present = {code for country in pycountry.countries for code in (country.alpha_2, country.alpha_3)}
    past = {code for gone in pycountry.historic_countries for code in (gone.alpha_2, gone.alpha_3, gone.alpha_4)}
    assert not set(TABLE) & (present | past)


def test_the_table_is_in_order_and_names_every_organisation_once_in_both_languages() -> None:
    assert list(TABLE) == sorted(TABLE)
    for language in ("en", "fr"):
        names = [entry[language] for entry in TABLE.values()]
        assert len(set(names)) == len(names)


def test_every_party_has_a_printable_name_in_both_languages() -> None:
    names = [parties.name(code, language) for code in parties.codes() for language in ("en", "fr")]
    assert all(name.strip() and name.isprintable() for name in names)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("ca", "Use upper case: CA."),
        ("nato", "Use upper case: NATO."),
        (" CA", "Leave out the spaces, and use upper case: CA."),
        ("FRA", "ISO 3166-1 alpha-2 is used: FRA is FR."),
        ("usa", "ISO 3166-1 alpha-2 is used: USA is US."),
        ("SU", "A former country has the four letters of ISO 3166-3: SU is SUHH."),
        ("CS", "A former country has the four letters of ISO 3166-3: CS is CSHH or CSXX."),
        ("UK", "UK is not the code used here. Write GB."),
        ("EL", "EL is not the code used here. Write GR."),
        ("South Korea", "South Korea is not the code used here. Write KR."),
        ("Corée du Sud", "Corée du Sud is not the code used here. Write KR."),
        ("Union africaine", "Union africaine is not the code used here. Write AFRICAN_UNION."),
        ("Republic of Kenya", "Republic of Kenya is not the code used here. Write KE."),
    ],
)
def test_a_suggestion_says_what_to_write(wrong: str, advice: str) -> None:
    assert parties.suggest(wrong) == advice


def test_a_suggestion_never_guesses() -> None:
    assert parties.suggest("Kanada").startswith("Kanada is not in the register of parties.")


@settings(deadline=None)  # the first call builds tables
@given(st.text())
def test_a_suggestion_is_always_one_short_printable_line(code: str) -> None:
    assert parties.suggest(code).isprintable()
    assert len(parties.suggest(code)) < 1200


@pytest.mark.usefixtures("register")
def test_an_installation_may_add_parties_and_adding_twice_is_adding_once(tmp_path: Path) -> None:
    more = {"XK": {"en": "Kosovo", "kind": "country"}, "LIMA_GROUP": {"en": "Lima Group", "fr": "Groupe de Lima"}}
    for _ in range(2):
        parties.extend(written(tmp_path, more))
    assert (parties.kind("XK"), parties.name("XK", "fr")) == ("country", "Kosovo")
    assert (parties.kind("LIMA_GROUP"), parties.name("LIMA_GROUP", "fr")) == ("organisation", "Groupe de Lima")
    assert len(parties.codes()) == len(set(parties.codes()))


@pytest.mark.usefixtures("register")
def test_what_was_added_is_suggested_by_its_name(tmp_path: Path) -> None:
    assert "register" in parties.suggest("Kosovo")
    parties.extend(written(tmp_path, {"XK": {"en": "Kosovo", "kind": "country"}}))
    assert parties.suggest("Kosovo") == "Kosovo is not the code used here. Write XK."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "must hold one JSON object"),
        ({"lower": {"en": "Lower"}}, 'entry "lower": a code is'),
        ({"NATO\n": {"en": "Line"}}, r'entry "NATO\n": a code is'),
        ({"X": {"en": "Short"}}, 'entry "X": a code is'),
        ({"A" * 21: {"en": "Long"}}, "a code is"),
        ({"FR": {"en": "Ours"}}, 'entry "FR": this is a code of ISO 3166'),
        ({"FRA": {"en": "Ours"}}, 'entry "FRA": this is a code of ISO 3166'),
        ({"SUHH": {"en": "Ours"}}, 'entry "SUHH": this is a code of ISO 3166'),
        ({"NEW": "New"}, 'entry "NEW": an entry is an object'),
        ({"NEW": {"en": "New", "de": "Neu"}}, 'entry "NEW": an entry is an object'),
        ({"NEW": {"fr": "Nouveau"}}, 'entry "NEW": give an English name'),
        ({"NEW": {"en": "  "}}, 'entry "NEW": give an English name'),
        ({"NEW": {"en": "Two\nlines"}}, 'entry "NEW": give an English name'),
        ({"NEW": {"en": "New", "fr": None}}, 'entry "NEW": give an English name'),
        ({"NEW": {"en": "New", "kind": "former_country"}}, 'entry "NEW": "kind" is'),
        ({"NEW": {"en": "New", "kind": ["country"]}}, 'entry "NEW": "kind" is'),
    ],
)
def test_a_wrong_file_is_refused_whole_in_one_line_that_names_it(tmp_path: Path, content: object, words: str) -> None:
    if isinstance(content, dict):
        content = {"GOOD": {"en": "Good"}, **content}
    with pytest.raises(ValueError) as refusal:
        parties.extend(written(tmp_path, content))
    assert words in str(refusal.value)
    assert "more.json" in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert not parties.exists("GOOD")


def test_a_missing_file_or_one_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"NEW": {"en": "\xe9"}}')
    for file in ("absent.json", "latin.json"):
        with pytest.raises(ValueError, match=file):
            parties.extend(tmp_path / file)
