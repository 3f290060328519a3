"""What desk and launcher say to each other is bounded and checked."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import protocol

GOOD = {
    "kernel_id": "01234567-89ab-cdef-0123-456789abcdef",
    "name": "python3",
    "key": "0123456789abcdef",
    "cwd": "/workspace",
}


def test_a_line_goes_there_and_back():
    assert protocol.decode(protocol.encode({"request": "list"})) == {"request": "list"}


def test_a_message_that_the_other_side_would_not_read_is_not_sent():
    with pytest.raises(protocol.ProtocolError):
        protocol.encode({"a": "x" * protocol.MAX_LINE})


@pytest.mark.parametrize("line", [b"", b"[1]", b"{", b"\xff", b"[" * 60_000, b"1" * (protocol.MAX_LINE + 1)])
def test_what_is_not_one_object_is_refused(line):
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(line)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(line):
    with contextlib.suppress(protocol.ProtocolError):
        assert isinstance(protocol.decode(line), dict)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kernel_id", "../../../../etc/passwd"),
        ("kernel_id", "01234567-89AB-CDEF-0123-456789ABCDEF"),
        ("kernel_id", 7),
        ("kernel_id", None),
        ("name", "../ir"),
        ("name", ""),
        ("name", ["python3"]),
        ("key", "short"),
        ("key", "with space 0123456"),
        ("key", "x" * 200),
        ("cwd", "relative"),
        ("cwd", "/nul\0byte"),
        ("cwd", 3),
    ],
)
def test_each_field_of_a_kernel_is_checked(field, value):
    with pytest.raises(protocol.ProtocolError):
        protocol.check_kernel({**GOOD, field: value})


def test_a_good_kernel_passes():
    assert protocol.check_kernel(GOOD).name == "python3"


def test_a_kernels_socket_path_fits_into_a_unix_address():
    address = protocol.kernel_address(GOOD["kernel_id"])
    assert len(f"{address}-{max(protocol.PORTS.values())}".encode()) < 107


def test_a_full_list_of_kernels_fits_into_one_line():
    kernel = {**GOOD, "key": "x" * 128, "cwd": "/workspace/" + "d" * 200}
    line = json.dumps({"ok": True, "kernels": [kernel] * protocol.MAX_KERNELS})
    assert len(line) < protocol.MAX_LINE


@pytest.mark.parametrize("value", [True, 0, 32, "9", 1.0, None])
def test_a_signal_number_outside_its_range_is_refused(value):
    with pytest.raises(protocol.ProtocolError):
        protocol.check_integer({"signum": value}, "signum", 1, 31)
