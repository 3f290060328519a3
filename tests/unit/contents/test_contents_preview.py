"""Previews: what is seen of an image stays, what travels along does not, and bombs are refused."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import zlib

import pytest
from contents_support import SECRET
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from export_guard import pictures
from export_guard.contents.preview import preview
from export_guard.contents.problems import Refused
from export_guard.pictures import NotAPicture
from export_guard.pictures import png as png_parts

PIXELS = 16_000_000


def drawn(mode: str, size: tuple[int, int] = (37, 23)) -> Image.Image:
    made = Image.new("RGBA", size)
    made.putdata(
        [(x * 7 % 256, y * 11 % 256, (x * y) % 256, 255 - x) for y in range(size[1]) for x in range(size[0])]
    )
    return made.convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_looks_the_same_and_carries_nothing(mode):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    text.add_text("Packed", SECRET, zip=True)
    image = drawn("RGB").convert("I").convert("I;16") if mode == "I;16" else drawn(mode)
    data = saved(image, "PNG", pnginfo=text, dpi=(300, 300)) + SECRET.encode()

    made = pictures.rewritten(data, pixels=PIXELS)

    assert made.media_type == "image/png"
    assert SECRET.encode() not in made.data
    chunks = [kind for kind, _ in png_parts._chunks(made.data)]
    assert set(chunks) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
    shown = Image.open(io.BytesIO(made.data))
    assert shown.mode == image.mode
    assert list(shown.get_flattened_data()) == list(image.get_flattened_data())


def png(header: tuple, rows: bytes, *, after: bytes = b"", between: bytes = b"") -> bytes:
    chunk = png_parts._chunk
    packed = zlib.compress(rows) + after
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", *header)) + between + chunk(b"IDAT", packed)
    return png_parts.START + body + chunk(b"IEND", b"")


def test_an_interlaced_png_is_shown():
    width, height = 11, 5
    rows = b""
    for column, row, step_x, step_y in png_parts._PASSES:
        columns, lines = len(range(column, width, step_x)), len(range(row, height, step_y))
        rows += (b"\0" + b"\x80" * columns) * lines if columns else b""
    made = pictures.rewritten(png((width, height, 8, 0, 0, 0, 1), rows), pixels=PIXELS)
    assert set(Image.open(io.BytesIO(made.data)).get_flattened_data()) == {0x80}


GREY = (4, 2, 8, 0, 0, 0, 0)
ROWS = b"\0abcd\0efgh"


def test_bytes_hidden_after_the_pixels_are_refused():
    assert pictures.rewritten(png(GREY, ROWS), pixels=PIXELS)
    assert (
        SECRET.encode() not in pictures.rewritten(png(GREY, ROWS, after=SECRET.encode()), pixels=PIXELS).data
    )
    for bad in (ROWS + SECRET.encode(), ROWS[:-1], b""):
        with pytest.raises(NotAPicture):
            pictures.rewritten(png(GREY, bad), pixels=PIXELS)


@pytest.mark.parametrize(
    "header",
    [
        (0, 2, 8, 0, 0, 0, 0),
        (4, 2, 3, 0, 0, 0, 0),
        (4, 2, 8, 5, 0, 0, 0),
        (4, 2, 8, 0, 1, 0, 0),
        (4, 2, 8, 0, 0, 1, 0),
        (4, 2, 8, 0, 0, 0, 2),
        (100_000, 100_000, 8, 0, 0, 0, 0),
        (2**31, 2**31, 16, 6, 0, 0, 1),
    ],
)
def test_headers_that_lie_are_refused(header):
    with pytest.raises(NotAPicture):
        pictures.rewritten(png(header, ROWS), pixels=PIXELS)


def test_a_png_that_unpacks_to_gigabytes_costs_nothing():
    bomb = zlib.compressobj(9)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(1024)) + bomb.flush()
    chunk = png_parts._chunk
    data = (
        png_parts.START
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *GREY))
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )
    started = time.perf_counter()
    with pytest.raises(NotAPicture):
        pictures.rewritten(data, pixels=PIXELS)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
def test_a_jpeg_looks_the_same_and_carries_nothing(mode, options):
    exif = Image.Exif()
    exif[0x010E] = SECRET
    image = drawn("RGB", (64, 48)).convert(mode)
    data = saved(image, "JPEG", exif=exif, comment=SECRET.encode(), icc_profile=SECRET.encode(), **options)
    assert data.count(SECRET.encode()) == 3

    made = pictures.rewritten(data + SECRET.encode(), pixels=PIXELS)

    assert made.media_type == "image/jpeg"
    assert SECRET.encode() not in made.data
    shown, wanted = Image.open(io.BytesIO(made.data)), Image.open(io.BytesIO(data))
    assert shown.mode == wanted.mode
    assert list(shown.get_flattened_data()) == list(wanted.get_flattened_data())


def test_jpegs_that_are_cut_off_or_repeat_themselves_are_refused():
    data = saved(drawn("RGB", (64, 48)), "JPEG")
    frame = data[data.index(b"\xff\xc0") : data.index(b"\xff\xc4")]
    scan = data[data.index(b"\xff\xda") : -2]
    for bad in (
        data[:-2],
        data[:100],
        b"\xff\xd8\xff\xd9",
        data[: data.index(b"\xff\xc0")] + frame + data[data.index(b"\xff\xc0") :],
        data[:-2] + scan * 100 + b"\xff\xd9",
        data[:2] + data[data.index(b"\xff\xda") :],
        data.replace(b"\xff\xc0", b"\xff\xc3"),
    ):
        with pytest.raises(NotAPicture):
            pictures.rewritten(bad, pixels=PIXELS)
    with pytest.raises(NotAPicture):
        pictures.rewritten(data, pixels=64 * 48 - 1)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_an_image_or_refused(data):
    good = data.draw(st.sampled_from([saved(drawn("RGB"), "PNG"), saved(drawn("RGB"), "JPEG")]))
    at = data.draw(st.integers(0, len(good) - 1))
    damaged = good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 8)) :]
    with contextlib.suppress(NotAPicture):
        pictures.rewritten(damaged, pixels=PIXELS)


def test_a_file_is_shown_within_its_size_and_never_through_a_link(manager, workspace, outside):
    data = saved(drawn("RGB"), "PNG")
    (workspace / "figure.png").write_bytes(data)
    (outside / "secret.png").write_bytes(data)
    (workspace / "link.png").symlink_to(outside / "secret.png")
    (workspace / "large.png").write_bytes(data + bytes(4 << 20))
    (workspace / "text.png").write_text(SECRET)
    assert preview(manager, "figure.png").media_type == "image/png"
    for path, reason in (
        ("link.png", "link"),
        ("large.png", "too-large-image"),
        ("text.png", "not-image"),
        ("none.png", "missing"),
        ("../outside/secret.png", "name"),
        ("", "root"),
    ):
        with pytest.raises(Refused) as caught:
            preview(manager, path)
        assert caught.value.reason == reason
