"""Which SOP classes are admitted, and which images may show identifiers in their pixels.

No pixel is looked at: these are the attributes that say where an image comes from. Whoever captures a screen
or digitises a film mostly says so; who does not is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.dataset import Dataset

from provisioning.gate.dicom import values
from provisioning.gate.dicom.reasons import Reason, SetAside

_STORAGE = "1.2.840.10008.5.1.4.1.1."
CLASSES: dict[str, tuple[str, frozenset[str]]] = {
    _STORAGE + "2": ("CT", frozenset({"CT"})),
    _STORAGE + "2.1": ("Enhanced CT", frozenset({"CT"})),
    _STORAGE + "2.2": ("Legacy Converted Enhanced CT", frozenset({"CT"})),
    _STORAGE + "4": ("MR", frozenset({"MR"})),
    _STORAGE + "4.1": ("Enhanced MR", frozenset({"MR"})),
    _STORAGE + "4.4": ("Legacy Converted Enhanced MR", frozenset({"MR"})),
    _STORAGE + "128": ("PET", frozenset({"PT"})),
    _STORAGE + "130": ("Enhanced PET", frozenset({"PT"})),
    _STORAGE + "128.1": ("Legacy Converted Enhanced PET", frozenset({"PT"})),
    _STORAGE + "20": ("Nuclear medicine", frozenset({"NM"})),
    _STORAGE + "1": ("Computed radiography", frozenset({"CR", "DX", "MG"})),
    _STORAGE + "1.1": ("Digital X-ray, for presentation", frozenset({"DX", "PX"})),
    _STORAGE + "1.1.1": ("Digital X-ray, for processing", frozenset({"DX", "PX"})),
    _STORAGE + "1.2": ("Mammography, for presentation", frozenset({"MG"})),
    _STORAGE + "1.2.1": ("Mammography, for processing", frozenset({"MG"})),
    _STORAGE + "1.3": ("Intra-oral X-ray, for presentation", frozenset({"IO"})),
    _STORAGE + "1.3.1": ("Intra-oral X-ray, for processing", frozenset({"IO"})),
    _STORAGE + "13.1.3": ("Breast tomosynthesis", frozenset({"MG"})),
    _STORAGE + "13.1.4": ("Breast projection, for presentation", frozenset({"MG"})),
    _STORAGE + "13.1.5": ("Breast projection, for processing", frozenset({"MG"})),
    _STORAGE + "12.1": ("X-ray angiography", frozenset({"XA"})),
    _STORAGE + "12.1.1": ("Enhanced X-ray angiography", frozenset({"XA"})),
    _STORAGE + "12.2": ("X-ray fluoroscopy", frozenset({"RF"})),
    _STORAGE + "12.2.1": ("Enhanced X-ray fluoroscopy", frozenset({"RF"})),
    _STORAGE + "13.1.1": ("X-ray 3D angiography", frozenset({"XA"})),
    _STORAGE + "66.4": ("Segmentation", frozenset({"SEG"})),
}
"""SOP classes (PS3.4 B.5) of images that a device makes of a body, what they are called here, and the
modalities that their images have."""
_SUSPECT = {
    _STORAGE + "6.1": ("Ultrasound", Reason.ULTRASOUND),
    _STORAGE + "3.1": ("Ultrasound, multi-frame", Reason.ULTRASOUND),
    _STORAGE + "6.2": ("Enhanced ultrasound volume", Reason.ULTRASOUND),
    _STORAGE + "7": ("Secondary capture", Reason.SECONDARY_CAPTURE),
    _STORAGE + "7.1": ("Secondary capture, single-bit", Reason.SECONDARY_CAPTURE),
    _STORAGE + "7.2": ("Secondary capture, grayscale byte", Reason.SECONDARY_CAPTURE),
    _STORAGE + "7.3": ("Secondary capture, grayscale word", Reason.SECONDARY_CAPTURE),
    _STORAGE + "7.4": ("Secondary capture, true colour", Reason.SECONDARY_CAPTURE),
    _STORAGE + "77.1.1": ("Endoscopy", Reason.PHOTOGRAPH),
    _STORAGE + "77.1.2": ("Microscopy", Reason.PHOTOGRAPH),
    _STORAGE + "77.1.3": ("Slide microscopy", Reason.PHOTOGRAPH),
    _STORAGE + "77.1.4": ("Photograph", Reason.PHOTOGRAPH),
    _STORAGE + "77.1.5.1": ("Ophthalmic photograph", Reason.PHOTOGRAPH),
    _STORAGE + "77.1.5.4": ("Ophthalmic tomography", Reason.PHOTOGRAPH),
}
_MODALITIES = {
    "US": Reason.ULTRASOUND,
    "IVUS": Reason.ULTRASOUND,
    "OT": Reason.MODALITY,
    "XC": Reason.PHOTOGRAPH,
    "ES": Reason.PHOTOGRAPH,
    "GM": Reason.PHOTOGRAPH,
    "SM": Reason.PHOTOGRAPH,
    "HC": Reason.SECONDARY_CAPTURE,
    "DG": Reason.MODALITY,
}
_CAPTURE_WORDS = frozenset(
    {"SCREEN", "SCREENSHOT", "SCREENSAVE", "SNAPSHOT", "CAPTURE", "SAVE", "SAVED", "DOSE", "REPORT", "GRAPH"}
    | {"CURVE", "TEXT", "RESULT", "RESULTS", "TABLE", "PHOTO"}
)
"""In a value of Image Type, such as SCREEN SAVE."""
_CAPTURED = (0x00080064, *range(0x00181010, 0x0018101C), 0x00181022, 0x00181023)
"""Conversion Type and the module of a secondary capture device (PS3.3 C.8.6.1)."""
_GREY = ("MONOCHROME1", "MONOCHROME2")
_GRAPHICS = (0x00700001, 0x00700002, 0x00700060)


def class_name(uid: str) -> str:
    """What the SOP class is called. Raises `SetAside` for one that is not admitted."""
    if uid in CLASSES:
        return CLASSES[uid][0]
    if uid in _SUSPECT:
        return _SUSPECT[uid][0]
    raise SetAside(Reason.NOT_AN_IMAGE)


def suspicions(source: Dataset) -> list[Reason]:
    """Why the image's pixels may show identifiers; none where nothing says so."""
    return list(dict.fromkeys(_suspicions(source)))


def _suspicions(source: Dataset) -> Iterator[Reason]:
    uid, modality = values.code_of(source, 0x00080016), values.code_of(source, 0x00080060)
    if uid in _SUSPECT:
        yield _SUSPECT[uid][1]
    elif modality not in CLASSES[uid][1]:
        yield _MODALITIES.get(modality, Reason.MODALITY)
    burned = values.code_of(source, 0x00280301)
    if 0x00280301 in source and burned != "NO":
        yield Reason.BURNED_IN
    if 0x00280302 in source and values.code_of(source, 0x00280302) != "NO":
        yield Reason.RECOGNIZABLE
    if any(tag in source for tag in _CAPTURED):
        yield Reason.SECONDARY_CAPTURE
    kinds = values.code_of(source, 0x00080008).upper()
    if kinds.split("\\")[1:2] != ["PRIMARY"] or _CAPTURE_WORDS & set(re.split(r"[\s_\\]+", kinds)):
        yield Reason.IMAGE_TYPE
    if not values.code_of(source, 0x00080070):
        yield Reason.NO_MANUFACTURER
    if uid in CLASSES and (
        values.code_of(source, 0x00280004) not in _GREY or values.number_of(source, 0x00280002) != 1
    ):
        yield Reason.COLOUR
    if any(tag in source for tag in _GRAPHICS):
        yield Reason.GRAPHICS
    for group in range(0x6000, 0x6020, 2):
        base = group << 16
        placed = base | 0x0102 in source and values.number_of(source, base | 0x0102) != 0
        if placed or (base | 0x0010 in source and base | 0x3000 not in source):
            yield Reason.OVERLAY_IN_PIXELS
