"""Builds the site: gathers pages, executed chapters and generated pieces under `_build/book-src/`, runs Jupyter Book.

Any warning fails the build, and so does a page of the table of contents that has no HTML afterwards.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import yaml

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

from . import palette
from .benchmark_tables import fragments
from .chapter import for_book
from .facts import facts_strip, read_facts
from .kpi_dictionary import dictionary_page
from .kpis import current_values, read_kpis
from .landing import findings_piece
from .models_reference import Relation, overview, queried, read_relations, reference_pages
from .numbers import day
from .paths import CONFIG, DBT_DOCS, DOCTREES, EXECUTED, HTML, MANIFEST, PAGES, SOURCE, TOC
from .pictures import take_out
from .preview import png, preview
from .schema_tables import reference_page, schema_diagram
from .stylesheets import names_in_use, slim
from .words import word_pieces

LANDING = "book/index"
BRANCH = "main"  # the one that is published
# what the theme brings and no page uses: the icon font (the icons are CSS), source maps, other programs' logos
UNUSED = (
    "_static/scripts/fontawesome.js*", "_static/vendor/**/*", "_static/**/*.map", "_static/sphinx-thebe.*",
    "_static/images/logo_*", "_static/locales/**/*", "_static/togglebutton.*", "_static/design-tabs.js",
    "_static/*webpack-macros.html",
)  # fmt: skip
# what the theme writes, and what each page has instead
MENDED = {
    # without JavaScript nobody turns "auto" into a theme, and code would have no colours
    'data-theme="auto"': 'data-theme="light"',
    # a button without a name
    '<summary><span class="toctree-toggle"': '<summary aria-label="Pages below this one"><span class="toctree-toggle"',
}
DBT_DOCS_WITHOUT_JAVASCRIPT = (
    '<noscript><main style="padding: 2rem; max-width: 44rem"><h1>dbt docs</h1><p>This page needs JavaScript. '
    'What it says can be read without: <a href="../book/models.html">every model with its columns and its SQL</a>, '
    '<a href="../book/kpi_dictionary.html">every KPI with its definition</a>, '
    '<a href="../book/crm_schema.html">every table of the CRM</a>.</p></main></noscript>'
)
# what only the machinery writes; in code it may stand
LEFTOVERS = re.compile(r"\{[a-z][\w:+-]*\}`|:::|\{\{|``")
LEFTOVERS_IN_CODE = re.compile(r"\{glue\b|\bdata-say=")  # no code of this book has it
UNSAID = re.compile(r'<span data-say="([^"]*)">\s*</span>')


def build() -> list[str]:
    """Build the site into `_build/html`; returns the names of its pages.

    Raises:
        UserError: an input is missing, Jupyter Book warned or failed, or a page is missing.
    """
    toc = yaml.safe_load(TOC.read_text(encoding="utf-8"))
    pages = list(toc_pages(toc))
    settings = load_settings()
    relations = read_relations(_require(MANIFEST))
    gather(_sources(toc, pages, settings, relations), SOURCE)
    # from scratch: an incremental build leaves old titles in the sidebars of pages that did not change themselves
    for leftover in (HTML, DOCTREES):
        shutil.rmtree(leftover, ignore_errors=True)
    _run_jupyter_book()
    for path in HTML.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for old, new in MENDED.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    take_out(HTML)
    for page in pages:
        if page.startswith("notebooks/"):  # to be downloaded
            shutil.copy(_executed(page), HTML / "notebooks")
    for pattern in UNUSED:
        for path in HTML.glob(pattern):
            if path.is_file():
                path.unlink()
    names = names_in_use(HTML)
    for path in HTML.glob("_static/**/*.css"):
        path.write_text(slim(path.read_text(encoding="utf-8"), names), encoding="utf-8")
    (HTML / "dbt").mkdir(exist_ok=True)
    (HTML / "dbt" / "index.html").write_text(dbt_docs(_require(DBT_DOCS).read_text(encoding="utf-8")), encoding="utf-8")
    # static hosts that would otherwise hide folders whose names begin with an underscore
    (HTML / ".nojekyll").touch()
    built = [site_name(page) for page in pages]
    missing = [name for name in [*built, "dbt/index"] if not (HTML / f"{name}.html").is_file()]
    if missing:
        raise UserError(f"the build left no HTML for: {', '.join(missing)}")
    left = [
        f"{name} shows {text!r}" for name in built for text in leftovers((HTML / f"{name}.html").read_text("utf-8"))
    ]
    if left:
        raise UserError(f"a page shows what a reader must not see: {'; '.join(left)}")
    return built


def leftovers(page: str) -> list[str]:
    """Markup that a page shows to its reader instead of what it stands for, each with the text around it."""
    found = [f"no number for {name}" for name in UNSAID.findall(page)]
    for markup, hidden in ((LEFTOVERS, "pre|code|script|style|svg|head"), (LEFTOVERS_IN_CODE, "pre|script|style|head")):
        text = re.sub(rf"<({hidden})\b.*?</\1>", " ", page, flags=re.DOTALL)
        text = " ".join(html.unescape(re.sub(r"<[^<>]+>", "", text)).split())
        found += [text[max(0, match.start() - 30) : match.end() + 30] for match in markup.finditer(text)]
    return found


def dbt_docs(page: str) -> str:
    """dbt's docs fit to publish: named, readable, without a request that must fail or a word on where they were made.

    The page as dbt makes it asks for its icons before their names are filled in, and for a favicon that it lacks. It
    calls itself the root of a site, has no landmarks, forbids to zoom, and says nothing where no script runs.
    """
    style = (PAGES / "dbt_docs.css").read_text(encoding="utf-8")
    changes = {
        ' xlink:href="{{': ' ng-attr-xlink:href="{{',
        "${require('./assets/favicons/favicon.ico')}": "../_static/favicon.svg",
        '<link rel="canonical" href="/overview/"/>': "",
        "minimum-scale=1,maximum-scale=1,": "",
        "<title>dbt Docs</title>": "<title>dbt docs of the Menswear Analytics Handbook</title>",
        '<meta name="description" content="dbt Docs"/>': (
            '<meta name="description" content="Every source, model, column and test of the handbook, with lineage.">'
        ),
        "</head><body>": f"<style>{style}</style></head><body>{DBT_DOCS_WITHOUT_JAVASCRIPT}",
        '<div class="app-menu app-column">': '<div class="app-menu app-column" role="navigation" aria-label="Project">',
        '<div class="app-content app-column">': '<div class="app-content app-column" role="main">',
        '<div class="app-details app-scroll app-pad"': '<div class="app-details app-scroll app-pad" tabindex="0"',
        "<div class='app-scroll'>": "<div class='app-scroll' tabindex='0'>",
        '<div class="app-scroll app-pad app-flush-right': '<div tabindex="0" class="app-scroll app-pad app-flush-right',
        '<div class="detail-body">': '<div class="detail-body" tabindex="0">',
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


def _sources(
    toc: dict[str, Any], pages: list[str], settings: Settings, relations: dict[str, Relation]
) -> dict[str, bytes]:
    """Every file that Jupyter Book is to see."""
    files = {"_toc.yml": yaml.safe_dump({**toc, "root": "index"}).encode()}
    own: dict[str, dict[str, Any]] = {}
    for page in pages:
        source = _require(_executed(page) if page.startswith("notebooks/") else PROJECT_ROOT / f"{page}.md")
        content = source.read_bytes()
        own[site_name(page)] = page_facts(page, content, settings, relations)
        if source.suffix == ".ipynb":
            content = nbformat.writes(for_book(nbformat.reads(content.decode(), as_version=4))).encode()
        files[site_name(page) + source.suffix] = content
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["sphinx"]["config"] |= {
        "html_baseurl": f"{settings.site_url.rstrip('/')}/" if settings.site_url else "",
        "book_facts": {"as_of": day(settings.as_of_date), "version": version()},
        "book_pages": own,
    }
    files["_config.yml"] = yaml.safe_dump(config).encode()
    for folder in ("static", "templates", "figures", "generated"):
        for path in sorted((PAGES / folder).rglob("*")):
            if path.is_file():
                files[path.relative_to(PROJECT_ROOT).as_posix()] = path.read_bytes()
    kpis = read_kpis(MANIFEST)
    files["book/static/preview.png"] = png(preview(settings, MANIFEST))
    generated = {
        "static/palette.css": palette.css(),
        "generated/facts.md": facts_strip(read_facts(settings, MANIFEST, len(kpis))),
        "generated/findings.md": findings_piece(settings),
        **{f"generated/words_{word}.md": text for word, text in word_pieces(settings).items()},
        "generated/kpi_dictionary.md": dictionary_page(kpis, current_values(settings, kpis), pages),
        "generated/crm_schema.md": reference_page(),
        "generated/crm_diagram.md": schema_diagram().html,
        "generated/models.md": overview(relations),
        **{f"generated/{page}.md": text for page, text in reference_pages(relations).items()},
        **{f"generated/benchmarks_{name}.md": text for name, text in fragments().items()},
    }
    return files | {f"book/{name}": text.encode() for name, text in generated.items()}


def page_facts(page: str, content: bytes, settings: Settings, relations: dict[str, Relation]) -> dict[str, Any]:
    """What the strip under a page's heading says of this page alone; addresses are relative to the page.

    Binder, Codespaces and the page's source are left out where no repository is set.
    """
    chapter = page.startswith("notebooks/")
    source = f"{page}.ipynb" if chapter else f"{page}.md"
    links = []
    if repository := settings.repository_url.rstrip("/"):
        owner_and_name = repository.removeprefix("https://github.com/")
        if chapter:
            lab = f"https://mybinder.org/v2/gh/{owner_and_name}/{BRANCH}?labpath={source}"
            links += [("Open in Binder", lab), ("Open in Codespaces", f"https://codespaces.new/{owner_and_name}")]
        links.append(("Edit this page", f"{repository}/edit/{BRANCH}/{source}"))
    code = ""
    if chapter:
        cells = json.loads(content)["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    root = "../" * site_name(page).count("/")
    return {
        "notebook": Path(source).name if chapter else "",
        "links": links,
        "relations": [
            {"name": found.name, "reference": root + found.reference, "dbt": root + found.dbt}
            for found in queried(code, relations)
        ],
    }


def version() -> str:
    """The project's version, as `pyproject.toml` has it."""
    return str(tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _executed(page: str) -> Path:
    return EXECUTED / f"{Path(page).name}.ipynb"


def _require(path: Path) -> Path:
    if not path.is_file():
        raise UserError(f"missing: {path.relative_to(PROJECT_ROOT)}: `make demo` makes it")
    return path


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
