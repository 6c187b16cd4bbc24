"""QR codes: drawn into the page, and as a picture to keep."""

from __future__ import annotations

from io import BytesIO

import segno
from django.utils.safestring import SafeString

_SCALE = 10


def qr_svg(text: str) -> SafeString:
    """Inline SVG without styles (the page's policy allows none); black on whatever is behind it."""
    code = segno.make(text, error="m", micro=False)
    drawing: str = code.svg_inline(scale=1, border=2, dark="#000", light="#fff", omitsize=True)
    crisp = drawing.replace("<svg ", '<svg shape-rendering="crispEdges" aria-hidden="true" ', 1)
    return SafeString(crisp)


def qr_png(text: str) -> bytes:
    """Large enough to be read from another screen."""
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=_SCALE, border=4)
    return out.getvalue()
