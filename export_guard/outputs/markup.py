"""The elements and attributes that an output's HTML and SVG may have, and how HTML nests them."""

from __future__ import annotations

import re

from export_guard.outputs.words import words

HTML = words("""
    a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd
    label li main mark meter nav ol p pre progress q rp rt ruby s samp section small span strike strong style
    sub summary sup svg table tbody td tfoot th thead time tr tt u ul var
    """)
# Not animate, set, a, script, foreignObject, nor title and desc, inside which HTML begins again.
SVG = words("""
    circle clipPath defs ellipse g image line linearGradient marker mask path pattern polygon polyline
    radialGradient rect stop style svg switch symbol text textPath tspan use
    """)
VOID = frozenset(["br", "col", "hr", "img"])
# What a browser leaves open when they are closed in the wrong order, and opens again later.
FORMATTING = words("a b big code em font i s small strike strong tt u")

# Elements whose content is not markup, or makes a world of its own: dropped with what is inside.
DROPPED = words("""
    applet audio canvas datalist desc foreignobject frameset iframe math metadata noembed noframes
    noscript object plaintext script select template textarea title video xmp
    """)

# Start tags before which a browser closes an open paragraph.
CLOSES_P = words("""
    address article aside blockquote center details div dl figcaption figure footer h1 h2 h3 h4 h5 h6
    header hgroup hr li main nav ol p pre section summary table ul dd dt
    """)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
# Elements that a browser puts elsewhere unless they stand in one of these.
PARENTS: dict[str, frozenset[str]] = {
    "td": frozenset(["tr"]),
    "th": frozenset(["tr"]),
    "tr": frozenset(["tbody", "thead", "tfoot", "table"]),
    "tbody": frozenset(["table"]),
    "thead": frozenset(["table"]),
    "tfoot": frozenset(["table"]),
    "caption": frozenset(["table"]),
    "colgroup": frozenset(["table"]),
    "col": frozenset(["colgroup", "table"]),
    "li": frozenset(["ul", "ol"]),
    "dt": frozenset(["dl"]),
    "dd": frozenset(["dl"]),
    "summary": frozenset(["details"]),
    "rp": frozenset(["ruby"]),
    "rt": frozenset(["ruby"]),
}
# Inside these only their own parts, nothing else.
TABLE_PARTS = frozenset(["table", "tbody", "thead", "tfoot", "tr", "colgroup"])

GLOBAL_ATTRIBUTES = frozenset(["class", "id", "title", "dir", "lang", "style", "hidden", "role"])
HTML_ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset(["href"]),
    "col": frozenset(["span", "width", "align", "valign"]),
    "colgroup": frozenset(["span", "width", "align", "valign"]),
    "details": frozenset(["open"]),
    "div": frozenset(["align"]),
    "font": frozenset(["color", "face", "size"]),
    "hr": frozenset(["align", "size", "width"]),
    "img": frozenset(["src", "alt", "width", "height", "align", "border"]),
    "li": frozenset(["value"]),
    "meter": frozenset(["value", "min", "max", "low", "high", "optimum"]),
    "ol": frozenset(["start", "reversed", "type"]),
    "p": frozenset(["align"]),
    "progress": frozenset(["value", "max"]),
    "table": frozenset(
        ["border", "cellpadding", "cellspacing", "width", "align", "bgcolor", "frame", "rules"]
    ),
    "tbody": frozenset(["align", "valign"]),
    "td": frozenset(["colspan", "rowspan", "align", "valign", "width", "height", "bgcolor", "headers"]),
    "th": frozenset(["colspan", "rowspan", "align", "valign", "width", "height", "bgcolor", "scope"]),
    "thead": frozenset(["align", "valign"]),
    "time": frozenset(["datetime"]),
    "tr": frozenset(["align", "valign", "bgcolor"]),
    "ul": frozenset(["type"]),
}
SVG_ATTRIBUTES = words("""
    class clip-path clip-rule clipPathUnits color cx cy d dominant-baseline dx dy fill fill-opacity fill-rule
    font-family font-size font-style font-weight fx fy gradientTransform gradientUnits height id
    lengthAdjust letter-spacing marker-end marker-mid marker-start markerHeight markerUnits markerWidth
    mask maskContentUnits maskUnits offset opacity orient overflow paint-order patternContentUnits
    patternTransform patternUnits points preserveAspectRatio r refX refY rotate rx ry shape-rendering
    spreadMethod startOffset stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset
    stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width style text-anchor
    text-decoration text-rendering textLength transform vector-effect version viewBox visibility width
    word-spacing x x1 x2 y y1 y2
    """)
# What a person sees, as text.
SHOWN = frozenset(["title", "alt"])
# What each other attribute may say: an attribute that no screen shows is no place to keep a text.
_NUMBER = re.compile(r"[-+]?\d{0,10}(?:\.\d{0,10})?(?:%|px|em|rem|ex|pt|\*)?")
_WORD = re.compile(r"#?[A-Za-z-]{0,24}|#[0-9A-Fa-f]{3,8}")
_FORMS: dict[str, re.Pattern[str]] = {
    "lang": re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}"),  # BCP 47
    "datetime": re.compile(r"[\dTPYMWDHSZ:.+ -]{1,35}"),
    "face": re.compile(r"[A-Za-z ,-]{1,60}"),
    "headers": re.compile(r"[\w -]{1,60}"),
    **dict.fromkeys(
        words("""
            border cellpadding cellspacing colspan height high low max min optimum rowspan size span start
            value width
            """),
        _NUMBER,
    ),
}


def plain_attribute(name: str, value: str) -> str | None:
    """``value`` where attribute ``name`` of an HTML element can mean it, else None."""
    return value if _FORMS.get(name, _WORD).fullmatch(value) else None


# Inside these nothing is drawn where it stands, and no figure needs text there.
UNDRAWN = frozenset(
    ["defs", "symbol", "clipPath", "mask", "pattern", "marker", "linearGradient", "radialGradient"]
)
SVG_TEXT = frozenset(["text", "tspan", "textPath"])
# Elements with an address, and those where the address may be an image's bytes.
LINKED = frozenset(["a", "use", "textPath", "linearGradient", "radialGradient", "pattern", "image", "img"])
PICTURES = frozenset(["image", "img"])
