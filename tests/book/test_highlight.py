"""Code is in colour with few elements, and no character of it changes."""

import html
import re
from io import StringIO

import pytest
from pygments import lex
from pygments.lexers import PythonLexer, YamlLexer

from book.highlight import LeanFormatter
from book.sphinx_ext import SqlCellLexer

STYLES = ("a11y-high-contrast-light", "a11y-high-contrast-dark")
PYTHON = "def f(x):\n    # a comment\n    return x + 1 if x not in (2, 'three') else None\n"
SQL = "%%sql\nselect count(*) as n from marts.dim_contacts -- {{all}}\nwhere a = 'b' and not c\n"


@pytest.mark.parametrize(
    ("lexer", "code", "coloured"),
    [
        (
            PythonLexer(),
            PYTHON,
            ["def", "f", "# a comment", "return", "1", "if", "not", "in", "2", "'three'", "else", "None"],
        ),
        (SqlCellLexer(), SQL, ["select", "as", "from", "-- {{all}}", "where", "'b'", "and", "not"]),
        (YamlLexer(), "kind: [one]  # two\n", ["kind", "# two"]),
    ],
)
def test_words_have_colours_signs_and_names_none(lexer: PythonLexer, code: str, coloured: list[str]) -> None:
    formatter = LeanFormatter(nowrap=True)
    formatter.styles = STYLES  # type: ignore[misc]
    out = StringIO()
    formatter.format(lex(code, lexer), out)
    page = out.getvalue()
    assert html.unescape(re.sub(r"<[^>]+>", "", page)) == code
    pieces = [html.unescape(piece) for piece in re.findall(r"<span[^>]*>([^<]+)</span>", page)]
    assert set(coloured) <= set(pieces)
    assert not {"x", "+", "=", "(", ")", ":", "marts", ".", " "} & set(pieces)
