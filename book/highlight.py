"""Code in colour with few elements: what the book's colour styles draw like plain text gets no element of its own.

Names, punctuation and spaces are two thirds of the pieces into which Pygments cuts code: thousands in a chapter.
Signs such as `=` and `.` are plain too: words carry the colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from pygments.formatters import HtmlFormatter
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Operator, Text, _TokenType
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.highlighting import PygmentsBridge


class LeanFormatter(HtmlFormatter):
    """Pygments' HTML without elements for what looks like plain text."""

    styles: ClassVar[tuple[str, ...]] = ()
    """The names of the styles that count: the site's light one and its dark one."""

    def format_unencoded(self, tokensource: Any, outfile: Any) -> None:
        """Write `tokensource`, pairs of token type and text, as HTML."""
        pieces: Iterator[tuple[_TokenType, str]] = (
            (Text if looks_plain(kind, self.styles) else kind, text) for kind, text in tokensource
        )
        super().format_unencoded(pieces, outfile)


@cache
def looks_plain(kind: _TokenType, styles: tuple[str, ...]) -> bool:
    """Whether a kind of token is a sign, or each of `styles` draws it as it draws plain text."""
    while kind not in STANDARD_TYPES:  # a lexer's own kind looks like the one that it belongs to
        kind = kind.parent
    drawn = [get_style_by_name(name) for name in styles]
    return kind is Operator or all(style.style_for_token(kind) == style.style_for_token(Text) for style in drawn)


def register(app: Sphinx) -> None:
    """Let Sphinx use the formatter, with the styles of the configuration."""
    app.connect("config-inited", _take_styles)


def _take_styles(app: Sphinx, config: Config) -> None:
    options = config.html_theme_options
    LeanFormatter.styles = (options["pygments_light_style"], options["pygments_dark_style"])
    PygmentsBridge.html_formatter = LeanFormatter
