"""Where the book's inputs and outputs lie, each named once."""

from warehouse.settings import PROJECT_ROOT

NOTEBOOKS = PROJECT_ROOT / "notebooks"
PAGES = PROJECT_ROOT / "book"
TOC = PROJECT_ROOT / "_toc.yml"
CONFIG = PROJECT_ROOT / "_config.yml"

BUILD = PROJECT_ROOT / "_build"
EXECUTED = BUILD / "notebooks"
SOURCE = BUILD / "book-src"
HTML = BUILD / "html"
DOCTREES = BUILD / ".doctrees"

DBT_TARGET = PROJECT_ROOT / "dbt" / "target"
MANIFEST = DBT_TARGET / "tested" / "manifest.json"
DBT_DOCS = DBT_TARGET / "tested" / "static_index.html"
