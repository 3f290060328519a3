"""What CSS an output may use. Everything that is not named here is left out."""

from __future__ import annotations

import re

from export_guard.outputs.words import words

# Looks and layout inside the output's own box. Left out on purpose: position and its offsets, z-index,
# transform, outline, filter, clip, animation, transition, pointer-events, user-select, cursor, all.
PROPERTIES = words("""
    align-content align-items align-self aspect-ratio background background-color background-image
    background-position background-repeat background-size background-clip
    border border-block border-bottom border-bottom-color border-bottom-left-radius
    border-bottom-right-radius border-bottom-style border-bottom-width border-collapse border-color
    border-inline border-left border-left-color border-left-style border-left-width border-radius
    border-right border-right-color border-right-style border-right-width border-spacing border-style
    border-top border-top-color border-top-left-radius border-top-right-radius border-top-style
    border-top-width border-width box-shadow box-sizing caption-side clear color color-scheme column-count
    column-gap column-width columns content counter-increment counter-reset direction display empty-cells
    fill fill-opacity fill-rule flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-wrap
    float font font-family font-feature-settings font-kerning font-size font-stretch font-style
    font-variant font-variant-caps font-variant-numeric font-weight gap grid grid-area grid-auto-columns
    grid-auto-flow grid-auto-rows grid-column grid-column-end grid-column-start grid-gap grid-row
    grid-row-end grid-row-start grid-template grid-template-areas grid-template-columns
    grid-template-rows height hyphens justify-content justify-items justify-self letter-spacing
    line-height list-style list-style-position list-style-type margin margin-block margin-bottom
    margin-inline margin-left margin-right margin-top max-height max-width min-height min-width
    object-fit object-position opacity order overflow overflow-wrap overflow-x overflow-y padding
    padding-block padding-bottom padding-inline padding-left padding-right padding-top place-content
    place-items place-self quotes row-gap stop-color stop-opacity stroke stroke-dasharray
    stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width
    tab-size table-layout text-align text-anchor text-decoration text-decoration-color
    text-decoration-line text-decoration-style text-indent text-overflow text-shadow text-transform
    unicode-bidi vertical-align visibility white-space width word-break word-spacing word-wrap
    writing-mode dominant-baseline alignment-baseline baseline-shift shape-rendering text-rendering
    image-rendering vector-effect paint-order clip-path clip-rule mask marker-start marker-mid marker-end
    """)
# Whose values are text that a screen shows, or names that a person gave; no other value holds a string.
TEXTS = frozenset(["content", "quotes", "font", "font-family", "grid-template-areas", "grid-template"])
# No keyword, colour or number is as long.
LONG_WORD = re.compile(r"[\w-]{36,}")
# Where a value may point into the same document, as url(#name).
REFERENCES = frozenset(
    ["fill", "stroke", "clip-path", "mask", "marker-start", "marker-mid", "marker-end", "filter"]
)
FUNCTIONS = words("""
    calc clamp color-mix counter fit-content hsl hsla hwb lab lch linear-gradient max min minmax oklab
    oklch radial-gradient conic-gradient repeat repeating-linear-gradient rgb rgba var
    """)
# Functions in selectors.
SELECTORS = words("not is where has nth-child nth-last-child nth-of-type nth-last-of-type lang dir")
# Conditions of @media and what may stand in them.
MEDIA = words("""
    screen print all and not only or prefers-color-scheme dark light min-width max-width width height
    min-height max-height orientation portrait landscape prefers-reduced-motion reduce no-preference
    """)
