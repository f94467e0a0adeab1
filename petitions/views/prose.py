"""An organiser's text as HTML: a small part of Markdown, sanitised; no image, no script, no foreign address fetched."""

import re
from functools import lru_cache

import nh3
from markupsafe import Markup

from petitions.plain import markdown

_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "blockquote", "h3", "h4", "a"}


@lru_cache(maxsize=256)
def prose(source: str) -> Markup:
    """Headings begin at the third level: the page has its own."""
    rendered = markdown.render(source.replace("\r\n", "\n"))
    lowered = re.sub(r"(</?h)([12])>", lambda found: f"{found[1]}{int(found[2]) + 2}>", rendered)
    return Markup(  # noqa: S704 - nh3 lets nothing through but the tags above
        nh3.clean(
            lowered,
            tags=_TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer",
        )
    )
