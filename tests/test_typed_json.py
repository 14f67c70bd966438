"""A stranger's JSON: bounded in size, in depth and in the length of its numbers."""

from pathlib import Path

import pytest

from ganvas import typed_json
from ganvas.limits import MAX_DIGITS, MAX_JSON_DEPTH
from ganvas.typed_json import parse_json, read_json_object


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 200_000, "deep"),
        ('{"a":' * 200_000, "deep"),
        ("[" * (MAX_JSON_DEPTH + 1) + "1" + "]" * (MAX_JSON_DEPTH + 1), "deep"),
        ("1" * (MAX_DIGITS + 1), "digits"),
        ("1" * 5000, "digits"),
        ("{", "Expecting"),
        ("", "Expecting"),
    ],
    ids=["lists", "objects", "just too deep", "just too long", "too long for Python", "torn", "empty"],
)
def test_what_is_beyond_the_limits_or_no_json_is_refused_in_one_way(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_json(text)


def test_what_is_within_the_limits_comes_back() -> None:
    assert parse_json("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    assert parse_json('{"a": [1, 2.5, "x", null, true, {}]}') == {"a": [1, 2.5, "x", None, True, {}]}
    value = parse_json("[" * MAX_JSON_DEPTH + "1" + "]" * MAX_JSON_DEPTH)
    for _ in range(MAX_JSON_DEPTH):
        (value,) = value
    assert value == 1


@pytest.mark.parametrize("content", [b"[]", b"3", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' + b" " * 99])
def test_a_file_that_is_no_object_or_too_large_is_refused(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_json, "MAX_JSON_BYTES", 100_000 if content.startswith(b"[[") else 99)
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 (each has its own message)
        read_json_object(tmp_path / "a.json")


def test_a_file_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"ä": 1}', encoding="utf-8")
    assert read_json_object(tmp_path / "a.json") == {"ä": 1}
