"""Images: known by their bytes, kept only as far as they draw."""

from __future__ import annotations

import io
import struct
import zlib
from base64 import b64encode
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from export_guard.outputs import images
from export_guard.outputs.limits import DEFAULTS
from export_guard.pictures import png

SECRET = b"SECRET-OF-THE-WORKSPACE"


def picture(kind: str, **options: object) -> bytes:
    image = Image.effect_noise((40, 30), 90).convert("P" if kind == "GIF" else "RGB")
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


EXIF = Image.Exif()
EXIF[0x010E] = SECRET.decode()
TEXT = PngInfo()
TEXT.add_text("note", SECRET.decode())
CARRIERS = {
    "png text": picture("PNG", pnginfo=TEXT),
    "png exif": picture("PNG", exif=EXIF),
    "png behind": picture("PNG") + SECRET,
    "jpeg comment": picture("JPEG", comment=SECRET),
    "jpeg exif": picture("JPEG", exif=EXIF),
    "jpeg profile": picture("JPEG", icc_profile=SECRET * 9),
    "jpeg behind": picture("JPEG") + SECRET,
    "jpeg progressive": picture("JPEG", progressive=True, comment=SECRET),
    "gif comment": picture("GIF", comment=SECRET),
    "gif behind": picture("GIF") + SECRET,
}


@pytest.mark.parametrize("name", CARRIERS)
def test_what_does_not_draw_is_dropped_and_the_pixels_stay(name):
    data = CARRIERS[name]
    kept = images.check(data, DEFAULTS)
    assert SECRET in data
    assert kept is not None
    assert SECRET not in kept.data
    assert kept.media_type == f"image/{name.split()[0]}"
    assert pixels(kept.data) == pixels(data)
    assert images.check(kept.data, DEFAULTS) == kept


def test_an_animation_stays_one():
    frames = [Image.new("L", (8, 8), colour) for colour in (0, 100, 200)]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], loop=0)
    kept = images.check(written.getvalue(), DEFAULTS)
    assert kept is not None
    assert Image.open(io.BytesIO(kept.data)).n_frames == 3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_cut_or_broken_image_is_refused(kind):
    data = picture(kind)
    for end in range(0, len(data) - 1, 7):
        assert images.check(data[:end], DEFAULTS) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"<svg/>", b"GIF", b"RIFF\0\0\0\0WEBP", b"BM", b"%PDF-1.4", png.START, b"GIF89a<script>"],
)
def test_other_bytes_are_no_image(data):
    assert images.check(data, DEFAULTS) is None


def test_size_and_pixels_are_bounded():
    data = picture("PNG")
    assert images.check(data, replace(DEFAULTS, image_bytes=len(data) - 1)) is None
    assert images.check(data, replace(DEFAULTS, image_pixels=40 * 30 - 1)) is None
    huge = bytearray(data)
    huge[16:24] = struct.pack(">II", 60_000, 60_000)
    assert images.check(bytes(huge), DEFAULTS) is None


def test_base64_is_read_strictly_and_written_anew():
    data = picture("PNG")
    text = b64encode(data).decode()
    folded = "\n".join(text[start : start + 76] for start in range(0, len(text), 76)) + "\n"
    kept = images.from_base64(folded, DEFAULTS)
    assert kept is not None
    assert pixels(kept.data) == pixels(data)
    assert images.from_base64(text + "!", DEFAULTS) is None
    assert images.from_base64("<script>", DEFAULTS) is None
    assert images.from_data_uri("data:image/png;charset=x;base64," + text, DEFAULTS) is None
    assert images.from_data_uri("DATA:image/PNG;base64," + text, DEFAULTS) is not None


def test_bytes_behind_the_pixels_stream_are_dropped():
    """In IDAT, where a reader that only copies chunks would keep them."""
    data = picture("PNG")
    parts = [(kind, body) for kind, body in png._chunks(data)]
    packed = b"".join(body for kind, body in parts if kind == b"IDAT")
    carrier = png.START + png._chunk(b"IHDR", parts[0][1]) + png._chunk(b"IDAT", packed + SECRET)
    carrier += png._chunk(b"IEND", b"")
    kept = images.check(carrier, DEFAULTS)
    assert kept is not None
    assert SECRET not in kept.data
    assert pixels(kept.data) == pixels(data)


def test_pixels_that_are_not_as_many_as_the_header_says_are_refused():
    data = picture("PNG")
    (_, header), *_ = png._chunks(data)
    packed = zlib.compress(
        zlib.decompress(b"".join(b for k, b in png._chunks(data) if k == b"IDAT")) + SECRET
    )
    carrier = png.START + png._chunk(b"IHDR", header) + png._chunk(b"IDAT", packed) + png._chunk(b"IEND", b"")
    assert images.check(carrier, DEFAULTS) is None
