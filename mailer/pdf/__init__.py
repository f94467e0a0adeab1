"""A petition on paper. `render` makes the file, `seal.seal` marks it, `missing_glyphs` asks before."""

from mailer.pdf.fonts import missing_glyphs
from mailer.pdf.rendering import Rendering, render

__all__ = ["Rendering", "missing_glyphs", "render"]
