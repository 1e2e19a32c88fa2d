import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.words import fold, words

TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Bjørn", "bjorn"),
        ("Đà Nẵng", "da nang"),
        ("Ærø", "aero"),
        ("Œuvre", "oeuvre"),
        ("Guðni Th. Jóhannesson, Þingvellir", "gudni th. johannesson, thingvellir"),
        ("İstanbul, Iğdır", "istanbul, igdir"),
        ("Əliyev", "aliyev"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("Зеленський", "зеленськии"),
        ("ＡＰＥＣ ２０２５", "apec 2025"),
        ("ﬁnance", "finance"),
        ("co\u00adoperation", "cooperation"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("יִשְׂרָאֵל", "ישראל"),
    ],
)
def test_case_accents_and_optional_points_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" …—! ", []),
        ("Meeting of 2025-10-30 (Gyeongju)", ["meeting", "of", "2025", "10", "30", "gyeongju"]),
        ("snake_case", ["snake", "case"]),
        ("Xi's", ["xi", "s"]),
        ("नरेन्द्र मोदी", ["नरेन्द्र", "मोदी"]),
        ("ประเทศไทย", ["ประเทศไทย"]),
        ("ไทย\u200bลาว", ["ไทย", "ลาว"]),
        ("北京，外交部", ["北京", "外交部"]),
        ("김정은 위원장", ["김정은", "위원장"]),
        ("ガザ", ["ガザ"]),
        ("7\ufe0f\u20e3 ✌\ufe0f", ["7"]),
        ("\u093f alone", ["alone"]),
    ],
)
def test_words_are_runs_of_letters_and_digits_with_their_marks(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("name", ["O'Brien", "O’Brien", "OʼBrien", "O‘Brien", "O`Brien", "o-brien"])
def test_every_apostrophe_parts_words_alike(name: str) -> None:
    assert words(name) == ["o", "brien"]


def test_vowel_signs_that_are_part_of_the_spelling_tell_words_apart() -> None:
    assert len({fold(word) for word in ("कि", "का", "की", "क")}) == 4


def test_folding_any_single_character_twice_is_folding_it_once() -> None:
    assigned = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) not in ("Cn", "Co")]
    assert [char for char in assigned if fold(fold(char)) != fold(char)] == []


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_composed_and_decomposed_text_fold_alike(text: str) -> None:
    forms = {fold(unicodedata.normalize("NFC", text)), fold(unicodedata.normalize("NFD", text)), fold(text)}
    assert len(forms) == 1


@given(TEXT)
def test_a_word_found_is_a_word_of_its_own(text: str) -> None:
    assert all(words(word) == [word] for word in words(text))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=40))
def test_upper_and_lower_case_hold_the_same_words(text: str) -> None:
    assert words(text.upper()) == words(text.lower()) == words(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_english_only_loses_its_case(text: str) -> None:
    assert fold(text) == text.lower()
