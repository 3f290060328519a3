"""Colours, sizes and fonts of the figures, and the language that their labels can have."""

from __future__ import annotations

import matplotlib as mpl
from cycler import cycler
from matplotlib import font_manager

CHINESE_FONTS = (
    "WenQuanYi Micro Hei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which colour-blind readers can tell apart."""
QUIET = "#5a6675"


def chinese_font() -> str | None:
    """The first known font with Chinese characters that is installed."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in installed), None)


def use(language: str) -> str:
    """Set the figures' style; the language for their labels: English where no font can show Chinese."""
    font = chinese_font()
    mpl.rcParams.update(
        {
            "font.family": ["DejaVu Sans", *([font] if font else [])],
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": QUIET,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(color=COLOURS),
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
            "svg.hashsalt": "carrel",
        }
    )
    return language if language == "en" or font else "en"
