"""Builds the site: gathers pages, executed chapters and generated pieces under `_build/book-src/`, runs Jupyter Book.

Any warning fails the build, and so does a page of the table of contents that has no HTML afterwards.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import yaml

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT, load_settings

from . import palette
from .benchmark_tables import fragments
from .chapter import for_book
from .facts import facts_strip, read_facts
from .kpi_dictionary import dictionary_page
from .kpis import current_values, read_kpis
from .landing import findings_piece
from .paths import CONFIG, DBT_DOCS, DOCTREES, EXECUTED, HTML, MANIFEST, PAGES, SOURCE, TOC
from .pictures import take_out
from .preview import png, preview
from .schema_tables import reference_page, schema_diagram
from .words import word_pieces

LANDING = "book/index"
# what the theme brings and no page uses: the icon font's script (the icons are CSS) and source maps
UNUSED = ("_static/scripts/fontawesome.js*", "_static/**/*.map", "_static/sphinx-thebe.*")


def build() -> list[str]:
    """Build the site into `_build/html`; returns the names of its pages.

    Raises:
        UserError: an input is missing, Jupyter Book warned or failed, or a page is missing.
    """
    toc = yaml.safe_load(TOC.read_text(encoding="utf-8"))
    pages = list(toc_pages(toc))
    gather(_sources(toc, pages), SOURCE)
    # from scratch: an incremental build leaves old titles in the sidebars of pages that did not change themselves
    for leftover in (HTML, DOCTREES):
        shutil.rmtree(leftover, ignore_errors=True)
    _run_jupyter_book()
    for path in HTML.rglob("*.html"):
        # without JavaScript nobody turns "auto" into a theme, and code would have no colours
        path.write_text(path.read_text(encoding="utf-8").replace('data-theme="auto"', 'data-theme="light"', 1), "utf-8")
    take_out(HTML)
    for pattern in UNUSED:
        for path in HTML.glob(pattern):
            path.unlink()
    (HTML / "dbt").mkdir(exist_ok=True)
    (HTML / "dbt" / "index.html").write_text(dbt_docs(DBT_DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    # static hosts that would otherwise hide folders whose names begin with an underscore
    (HTML / ".nojekyll").touch()
    built = [site_name(page) for page in pages]
    missing = [name for name in [*built, "dbt/index"] if not (HTML / f"{name}.html").is_file()]
    if missing:
        raise UserError(f"the build left no HTML for: {', '.join(missing)}")
    return built


def dbt_docs(page: str) -> str:
    """dbt's docs fit to publish: no request that must fail, and nothing about where they were made.

    The page as dbt makes it asks for its icons before their names are filled in, and for a favicon that it lacks.
    """
    changes = {
        ' xlink:href="{{': ' ng-attr-xlink:href="{{',
        "${require('./assets/favicons/favicon.ico')}": "../_static/favicon.svg",
        f"{PROJECT_ROOT}/": "",
    }
    for old, new in changes.items():
        page = page.replace(old, new)
    return page


def toc_pages(part: Any) -> Iterator[str]:
    """The file names in a table of contents (or a part of one), in order."""
    if isinstance(part, dict):
        yield from (part[key] for key in ("root", "file") if key in part)
        for key in ("parts", "chapters", "sections"):
            yield from toc_pages(part.get(key, []))
    elif isinstance(part, list):
        for item in part:
            yield from toc_pages(item)


def site_name(page: str) -> str:
    """Where a page of the table of contents lies in the site: the landing page at the root, the others as they are."""
    return "index" if page == LANDING else page


def gather(files: dict[str, bytes], folder: Path) -> None:
    """Make `folder` hold exactly `files` (relative path → content)."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _sources(toc: dict[str, Any], pages: list[str]) -> dict[str, bytes]:
    """Every file that Jupyter Book is to see."""
    _require(DBT_DOCS, MANIFEST)
    files = {"_config.yml": CONFIG.read_bytes(), "_toc.yml": yaml.safe_dump({**toc, "root": "index"}).encode()}
    for page in pages:
        if page.startswith("notebooks/"):
            executed = EXECUTED / f"{Path(page).name}.ipynb"
            _require(executed)
            files[f"{page}.ipynb"] = nbformat.writes(for_book(nbformat.read(executed, as_version=4))).encode()
        else:
            source = PROJECT_ROOT / f"{page}.md"
            _require(source)
            files[f"{site_name(page)}.md"] = source.read_bytes()
    for folder in ("static", "templates", "figures", "generated"):
        for path in sorted((PAGES / folder).rglob("*")):
            if path.is_file():
                files[path.relative_to(PROJECT_ROOT).as_posix()] = path.read_bytes()
    kpis = read_kpis(MANIFEST)
    settings = load_settings()
    files["book/static/preview.png"] = png(preview(settings, MANIFEST))
    generated = {
        "static/palette.css": palette.css(),
        "generated/facts.md": facts_strip(read_facts(settings, MANIFEST, len(kpis))),
        "generated/findings.md": findings_piece(settings),
        **{f"generated/words_{word}.md": text for word, text in word_pieces(settings).items()},
        "generated/kpi_dictionary.md": dictionary_page(kpis, current_values(settings, kpis), pages),
        "generated/crm_schema.md": reference_page(),
        "generated/crm_diagram.md": schema_diagram().html,
        **{f"generated/benchmarks_{name}.md": text for name, text in fragments().items()},
    }
    return files | {f"book/{name}": text.encode() for name, text in generated.items()}


def _require(*paths: Path) -> None:
    if missing := [str(path.relative_to(PROJECT_ROOT)) for path in paths if not path.is_file()]:
        raise UserError(f"missing: {', '.join(missing)}: `make demo` makes it")


def _run_jupyter_book() -> None:
    run = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", run, "build", str(SOURCE), "--path-output", str(PROJECT_ROOT)]
    done = subprocess.run(
        [*command, "-W", "--keep-going", "-q"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise UserError("Jupyter Book found something wrong, see above")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.build", description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    pages = build()
    print(f"{len(pages)} pages and the dbt docs: {(HTML / 'index.html').relative_to(PROJECT_ROOT)}")
    return 0


if __name__ == "__main__":
    run_command(main)
