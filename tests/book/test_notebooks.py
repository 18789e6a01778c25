"""The stored chapters are executed, deterministic and built on one template.

That their outputs are what their code prints, on both engines, is compared by `tests/notebooks/`, which runs

    python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=300 -p no:cacheprovider notebooks

with `TARGET=duckdb` and with `TARGET=postgres`. A cell that was never executed passes there
uncompared: hence this test.
"""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from book.build import toc_pages
from book.chapter import QUOTE, YOUR_TURN, finish, for_book, said_by
from book.execute import normalise
from book.paths import NOTEBOOKS, TOC
from warehouse.errors import UserError

HEADINGS = ("What you will be able to answer", "What it needs", "Exercises", "Summary", "Next")
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:home|root|Users|tmp|work|usr|var|private)/|[A-Z]:\\\\Users"),
    "an object's address": re.compile(r"\bat 0x[0-9a-f]{6,}"),
    "a library's warning": re.compile(r"\b(?:Syntax|Deprecation|Future|Runtime|User)Warning\b"),
    "a progress bar": re.compile("[▕▏]"),
    "a database address": re.compile(r"(?:duckdb|postgresql)(?:\+\w+)?://"),
}

NOT_PROSE = re.compile(
    "|".join(
        (
            r"^(?:```+|~~~+).*?^(?:```+|~~~+)",  # code
            r"\$\$.*?\$\$|\$[^$\n]+\$",  # formulas
            r"`[^`]*`",  # names
            QUOTE.pattern,  # what a cell said
            r"\]\([^)]*\)",  # addresses
            r"\b(?:chapter|edge case) \d+",
        )
    ),
    flags=re.DOTALL | re.MULTILINE,
)
OPEN_LINES = 25
NUMBER = re.compile(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?")

CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])


@cache
def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def read(path: Path) -> Any:
    """The notebook, a copy of its own for each test: reading checks it against its format, which takes long."""
    return deepcopy(_read(path))


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def test_the_chapters_are_those_of_the_contents() -> None:
    pages = toc_pages(yaml.safe_load(TOC.read_text(encoding="utf-8")))
    assert [path.stem for path in CHAPTERS] == [Path(page).name for page in pages if page.startswith("notebooks/")]


@chapters
def test_every_cell_is_executed_in_order(path: Path) -> None:
    cells = code_cells(path)
    assert all(cell.source.strip() for cell in cells), "an empty code cell"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 3, "hardly any stored output"


@chapters
def test_no_output_is_an_error_or_a_complaint(path: Path) -> None:
    for number, cell in enumerate(code_cells(path), start=1):
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {number} failed"
            assert output.get("name") != "stderr", f"cell {number} wrote to stderr"


@chapters
def test_nothing_stored_depends_on_the_machine(path: Path) -> None:
    for number, cell in enumerate(read(path).cells, start=1):
        stored = json.dumps([cell.source, cell.get("outputs", [])], ensure_ascii=False)
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(stored)
            assert found is None, f"cell {number} holds {what}: {stored[max(0, found.start() - 40) : found.end() + 40]}"


@chapters
def test_the_notebook_is_stored_as_make_notebooks_stores_it(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == nbformat.writes(normalise(read(path))) + "\n"


@chapters
def test_the_prose_quotes_what_the_cells_said(path: Path) -> None:
    """A number that was changed by hand, or a stored text older than its outputs, differs from what `finish` writes."""
    stored, finished = read(path), read(path)
    finish(finished)
    assert [cell.source for cell in stored.cells] == [cell.source for cell in finished.cells]


@chapters
def test_the_prose_reads_the_same_without_an_extension(path: Path) -> None:
    """Roles and directives are plain characters in Jupyter, VS Code and on GitHub, and so is a span in backticks."""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"^:::|\{[a-z:-]+\}`|^```\{|\]\(/", cell.source, flags=re.MULTILINE), cell.source
            inline = [part for token in MarkdownIt().parse(cell.source) for part in token.children or []]
            assert not [part.content for part in inline if part.type == "code_inline" and "data-say" in part.content]


@chapters
def test_each_exercise_has_a_cell_for_the_reader_and_a_closed_answer(path: Path) -> None:
    cells = read(path).cells
    asked = [n for n, cell in enumerate(cells) if re.search(r"^\*\*Exercise \w+", cell.source, flags=re.MULTILINE)]
    assert len(asked) >= 2
    for n in asked:
        assert cells[n + 1].source == YOUR_TURN
        assert cells[n + 2].source.startswith("<details>\n<summary>")
    assert YOUR_TURN not in [cell.source for cell in for_book(read(path)).cells]


def test_a_quote_that_nobody_says_stops_the_run() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell('<span data-say="lost">…</span>')])
    with pytest.raises(UserError, match='quotes "lost", which no cell says'):
        finish(notebook)


def test_two_amounts_in_a_sentence_are_no_formula() -> None:
    sentence = nbformat.v4.new_markdown_cell('<span data-say="low">…</span> or <span data-say="high">…</span>: $p$')
    said = [nbformat.v4.new_output("display_data", metadata={"say": {"name": name, "text": text}})
            for name, text in (("low", "$1.50"), ("high", "−$2,000"))]  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[sentence, nbformat.v4.new_code_cell("…", outputs=said)])
    finish(notebook)
    finish(notebook)  # what is filled can be filled again
    (line,) = [t for t in MarkdownIt().use(dollarmath_plugin).parse(sentence.source) if t.type == "inline"]
    assert [t.content for t in line.children or [] if t.type == "math_inline"] == ["p"]
    assert "".join(t.content for t in line.children or [] if t.type == "text") == "$1.50 or −$2,000: "


@chapters
def test_code_never_stands_between_a_reader_and_the_answer_for_long(path: Path) -> None:
    """At most 25 lines of code stand open in a row; longer code is folded, or a function that is imported."""
    row = 0
    for cell in read(path).cells:
        folded = {"hide-input", "hide-cell", "remove-input", "remove-cell"} & set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown" or folded:
            row = 0
        else:
            row += len(cell.source.splitlines())
        assert row <= OPEN_LINES, f"cell {cell.id}: {row} lines open in a row"


@chapters
def test_nothing_is_said_twice(path: Path) -> None:
    """A whole sentence or row of a table stands once in a cell."""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            rows = [line for line in cell.source.splitlines() if line.startswith("|") and "---" not in line]
            text = " ".join(line for line in cell.source.splitlines() if not line.startswith("|"))
            said = rows + [part for part in re.split(r"(?<=[.!?])\s+", text) if len(part) > 40]
            assert len(said) == len(set(said)), {part for part in said if said.count(part) > 1}


def numbers(text: str) -> set[str]:
    return {number.replace(",", "").replace("_", "") for number in NUMBER.findall(text)}


def unfounded(path: Path) -> set[str]:
    """Numbers in a chapter's prose that no cell says and that are no parameter in the chapter's code."""
    cells = read(path).cells
    prose = "\n".join(NOT_PROSE.sub(" ", cell.source) for cell in cells if cell.cell_type == "markdown")
    return numbers(prose) - {n for cell in cells if cell.cell_type == "code" for n in numbers(cell.source)}


@chapters
def test_no_number_in_the_prose_is_typed_in(path: Path) -> None:
    assert not unfounded(path), "let a cell compute it, and write <span data-say=…>"


def test_a_number_that_is_typed_in_is_found(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_markdown_cell(
            'Of 8,993 buyers `4` and <span data-say="five">5</span> ($6$, [seven](7.ipynb)) within 182 days; '
            "see chapter 8."
        ),
        nbformat.v4.new_code_cell("WINDOW = 182"),
    ]
    path = tmp_path / "chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert unfounded(path) == {"8993"}


@chapters
def test_a_cell_asserts_what_the_text_claims(path: Path) -> None:
    """Every chapter compares; what it says of larger and smaller must turn a cell red in a world where it is not so."""
    assert sum(len(re.findall(r"^ *assert ", cell.source, flags=re.MULTILINE)) for cell in code_cells(path)) >= 5


@chapters
def test_the_chapter_follows_the_template(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    text = re.sub(r"^(```+|~~~+).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^# (.+)$", text, flags=re.MULTILINE)
    sections = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert len(titles) == 1
    assert [section for section in sections if section in HEADINGS] == list(HEADINGS)
    assert len(sections) > len(HEADINGS), "nothing between what it needs and the exercises"
    said = set(said_by(read(path)))
    used = {quote["name"] for quote in QUOTE.finditer("\n".join(c.source for c in read(path).cells))}
    assert used == said, "names said and names used differ"
