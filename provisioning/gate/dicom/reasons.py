"""Why a file is not in the extract. Only suspects can be admitted by a policy and a second person."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a file is set aside; the value is what findings carry as their kind."""

    NOT_DICOM = "not-dicom"
    """No DICOM file of PS3.10: no prefix DICM, a link, an empty file."""
    DAMAGED = "damaged"
    """Its elements do not fit into one another or into the file."""
    OUT_OF_BOUNDS = "out-of-bounds"
    """Deeper, longer or of more elements than a header may be."""
    TRANSFER_SYNTAX = "transfer-syntax"
    """An encoding that is not read: deflated, big endian, video."""
    NOT_AN_IMAGE = "not-an-image"
    """A SOP class that is not admitted: reports, documents, waveforms, DICOMDIR, plans."""
    NO_PATIENT = "no-patient"
    """No patient ID, or several."""
    DUPLICATE = "duplicate"
    """The SOP instance is there already."""
    PIXEL_DATA = "pixel-data"
    """Pixels missing, or not as many as rows and columns say."""

    BURNED_IN = "burned-in-annotation"
    """Burned In Annotation says so, or anything but NO."""
    MODALITY = "modality"
    """Not the modality of the SOP class."""
    ULTRASOUND = "ultrasound"
    SECONDARY_CAPTURE = "secondary-capture"
    """Of that SOP class, converted from something else, or captured from a screen or film."""
    PHOTOGRAPH = "photograph"
    """Visible light: photographs, endoscopy, microscopy."""
    IMAGE_TYPE = "image-type"
    """Not an image of the first kind (PRIMARY), or its type names a capture or report."""
    NO_MANUFACTURER = "no-manufacturer"
    """No device says that it made the image."""
    COLOUR = "colour"
    """Colour where the modality has none, as in fused displays and screens."""
    OVERLAY_IN_PIXELS = "overlay-in-pixels"
    """An overlay in unused bits of the pixels."""
    GRAPHICS = "graphics"
    """Graphic annotations stand beside the pixels."""
    RECOGNIZABLE = "recognizable-features"
    """Recognizable Visual Features says that a face or the like is to be seen."""


SUSPECTS = tuple(
    reason for reason in Reason if list(Reason).index(reason) >= list(Reason).index(Reason.BURNED_IN)
)
"""Images that may show identifiers in their pixels."""


class SetAside(Exception):
    """A file that may not be in the extract, with the reason; never with anything that the file says."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason
