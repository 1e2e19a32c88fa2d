"""A body that two parsers could understand in two ways is refused, with what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bodies import DEEPEST, Unparseable, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(value=JSON, plain=st.booleans(), indent=st.none() | st.integers(0, 2))
def test_what_is_json_is_read_as_it_is(value: Any, plain: bool, indent: int | None) -> None:
    assert parse(json.dumps(value, ensure_ascii=plain, indent=indent).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":1}',
        '{"a":1,"b":2,"a":null}',
        '{"a":1,"\\u0061":2}',
        '{"/":1,"\\/":2}',
        '{"":1,"":2}',
        '[[{"data":{"x":1,"x":2}}]]',
        '{"a":{"a":{}},"b":[{"c":1,"c":[]}]}',
    ],
)
def test_a_name_stands_once_in_an_object(body: str) -> None:
    with pytest.raises(Unparseable, match="stands twice"):
        parse(body.encode())


@given(
    pairs=st.lists(
        st.tuples(st.text('ab"\\\\/u0é\n', max_size=4), st.text('"\\\\x', max_size=3)), min_size=1, max_size=5
    ),
    plain=st.booleans(),
    compact=st.booleans(),
)
def test_a_doubled_name_is_found_whatever_is_escaped(pairs: list[tuple[str, str]], plain: bool, compact: bool) -> None:
    """Also where quotes and backslashes stand in names and texts, by which doubled names are told quickly."""
    said = [tuple(json.dumps(part, ensure_ascii=plain) for part in pair) for pair in pairs]
    apart = "," if compact else ", "
    body = "{" + apart.join(f"{name}:{value}" for name, value in said) + "}"
    if len({name for name, _ in pairs}) == len(pairs):
        assert parse(body.encode()) == dict(pairs)
    else:
        with pytest.raises(Unparseable, match="stands twice"):
            parse(body.encode())


def test_the_same_name_may_stand_in_two_objects() -> None:
    assert parse(b'[{"a": {"a":1}}, {"a":2,"A":3}]') == [{"a": {"a": 1}}, {"a": 2, "A": 3}]
    assert parse(b'[{"a":{"a":1}},{"a":2,"A":3}]') == [{"a": {"a": 1}}, {"a": 2, "A": 3}]


def test_a_long_doubled_name_is_told_in_short() -> None:
    name = "n" * 10_000
    with pytest.raises(Unparseable) as refusal:
        parse(f'{{"{name}":1,"{name}":2}}'.encode())
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "9" * 5000, "01", "+1", "1.", ".5", "0x1"]
)
def test_what_json_has_no_number_for_is_refused(number: str) -> None:
    for body in (number, f"[{number}]", f'{{"a":{number}}}'):
        with pytest.raises(Unparseable, match="not JSON"):
            parse(body.encode())


@pytest.mark.parametrize(
    "text", ["\\ud800", "\\udfff", "\\udc00\\ud800", "\\ud800x", "\\ud800\\u0041", "\\ud83d\\ud83d\\ude00"]
)
def test_half_a_character_is_refused(text: str) -> None:
    for body in (f'"{text}"', f'{{"{text}":1}}', f'["a{text}b"]'):
        with pytest.raises(Unparseable, match="not JSON"):
            parse(body.encode())


def test_a_whole_pair_of_surrogates_is_a_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == parse('"\U0001f600"'.encode()) == "\U0001f600"


@pytest.mark.parametrize(
    ("body", "byte"),
    [
        (b"\xff", 0),
        (b'"\xe9"', 1),
        (b'"\xed\xa0\x80"', 1),
        (b'"\xc0\xaf"', 1),
        (b'"\xf4\x90\x80\x80"', 1),
        (b'["ok","\xe2\x82', 7),
        ('{"a":1}'.encode("utf-16"), 0),
        ('["é"]'.encode("utf-16-le"), 4),
        ('{"a":1}'.encode("utf-32"), 0),
        ('["é"]'.encode("latin-1"), 2),
    ],
)
def test_bytes_that_are_not_utf_8_are_refused_with_their_place(body: bytes, byte: int) -> None:
    with pytest.raises(Unparseable, match=rf"not UTF-8 \(byte {byte}\)"):
        parse(body)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_plain_letters_in_wider_units_are_not_json(encoding: str) -> None:
    with pytest.raises(Unparseable, match="not JSON"):
        parse('{"a":1}'.encode(encoding))


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf{}", b'\xef\xbb\xbf{"a":1}', b"{}\xef\xbb\xbf", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_refused(body: bytes) -> None:
    with pytest.raises(Unparseable, match="not JSON"):
        parse(body)


def test_a_byte_order_mark_within_text_is_kept() -> None:
    assert parse(b'"\xef\xbb\xbf"') == "\ufeff"


def nested(levels: int, left: str, right: str) -> bytes:
    return (left * levels + "1" + right * levels).encode()


BRACKETS = [("[", "]"), ('{"a":', "}"), ('[{"a":[0,', "]}]")]


@pytest.mark.parametrize(("left", "right"), BRACKETS)
def test_nesting_is_read_to_the_deepest_level_and_no_deeper(left: str, right: str) -> None:
    each = left.count("[") + left.count("{")
    assert parse(nested(DEEPEST // each, left, right)) is not None
    with pytest.raises(Unparseable, match="nested deeper"):
        parse(nested(DEEPEST // each + 1, left, right))


@pytest.mark.parametrize(("left", "right"), BRACKETS)
@pytest.mark.parametrize("levels", [500, 1_100, 200_000])
def test_the_deepest_nesting_is_refused_and_harms_nothing(left: str, right: str, levels: int) -> None:
    for body in (nested(levels, left, right), (left * levels).encode()):
        with pytest.raises(Unparseable):
            parse(body)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"{}{}", b"{} x", b"[1,]", b'{"a":1,}', b"{'a':1}", b"{a:1}", b'{"a"}'),
        *(b'"\x00"', b'"\n"', b'"\\x41"', b"// a\n{}", b"None", b"True", b"\x00{}"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unparseable, match=r"not JSON: .+ Correct it there\.$"):
        parse(body)


@given(body=st.binary(max_size=40))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except Unparseable:
        return
    assert value == json.loads(body.decode())
