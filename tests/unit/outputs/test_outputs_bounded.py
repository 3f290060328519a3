"""JSON from an engine: bounded in size, depth and number before it is parsed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from outputs_made import nested

from export_guard.outputs import DEFAULTS, Refused, bounded_json
from export_guard.outputs.bounded import within

LIMITS = replace(DEFAULTS, depth=4, entries=10, message_bytes=200)


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        bounded_json(data, LIMITS)
    return caught.value.reason


def test_within_the_bounds_it_is_what_json_says():
    for value in (
        None,
        1,
        "x",
        [1, 2],
        {"a": {"b": [1]}},
        nested(4),
        list(range(10)),
        "[" * 100,
        "," * 100,
        '"\\"[[',
    ):
        assert bounded_json(json.dumps(value).encode(), LIMITS) == value


def test_beyond_them_it_is_refused():
    assert refused(b" " * 201) == "too-large"
    assert refused(json.dumps(nested(5)).encode()) == "malformed"
    assert refused(json.dumps(list(range(11))).encode()) == "too-many"
    assert refused(b"[" * 100) == "too-many"
    assert refused(json.dumps({str(n): n for n in range(12)}).encode()) == "too-many"


@pytest.mark.parametrize("data", [b"", b"{", b"[1,]", b"\xff", b'{"a"}', b"]" * 100, b'"\\', b"[" * 10])
def test_what_is_no_json_is_refused(data):
    assert refused(data) == "malformed"


def test_a_notebook_may_hold_more():
    data = json.dumps(list(range(12))).encode()
    assert bounded_json(data, LIMITS, entries=20) == list(range(12))
    assert bounded_json(b" " * 201 + data, LIMITS, size=300, entries=20) == list(range(12))


def test_deep_json_is_refused_before_it_is_parsed():
    deep = b"[" * 1_000_000
    with pytest.raises(Refused):
        bounded_json(deep, DEFAULTS)
    with pytest.raises(Refused):
        bounded_json(b'"' + b'\\"' * 100 + b'"' + deep, DEFAULTS)


def test_numbers_that_no_browser_reads_are_nothing():
    assert bounded_json(b"[NaN, Infinity, -Infinity]", LIMITS) == [None, None, None]
    assert refused(b"1" * 5000) == "too-large"
    with pytest.raises(Refused):
        bounded_json(b"1" * 5000, DEFAULTS)


def test_a_parsed_value_is_measured_without_recursion():
    assert within(nested(4), LIMITS)
    assert not within(nested(100_000), LIMITS)
    assert not within(list(range(11)), LIMITS)
    assert within({"a": 1}, LIMITS)
