"""Opens every page of the built site in headless Chromium and fails on what a reader must never meet.

Each page is opened in light and dark on a desktop, on a phone, in forced colours and without JavaScript. It fails on:

- a request to another host, a failed request, a console error; either also when the network is gone after loading
- a missing or second h1, no title or description, a picture without a text, a dead link inside the site
- anything that axe finds, whatever its impact
- a table that hides a column on a desktop, or has lettering below 14 pixels
- a page that scrolls sideways at 390 pixels, or at 320 (a desktop at 400 %)
- more than 200 KB to load before scrolling (compressed), or too many elements

`--screenshots` also writes a picture of every page: light, dark, phone, print.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import re
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    ViewportSize,
    sync_playwright,
)

from warehouse.errors import UserError, run_command

from .paths import HTML
from .serve import serving

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS_AT_ONCE = 2
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ZOOMED: ViewportSize = {"width": 320, "height": 256}  # what a desktop of 1280 × 1024 leaves at 400 %
PAPER: ViewportSize = {"width": 718, "height": 1000}  # A4 between its margins
MOST_BYTES = 200_000
MOST_NODES, MOST_NODES_OF_A_CHAPTER = 6_000, 3_000
SMALLEST_LETTERING = 14
# another program's page: what a style sheet cannot mend in it is not ours
FOREIGN = ("dbt/",)
# shortest text of a page that can be read
FEWEST_CHARACTERS = 50

_LOOK = """() => ({
  headings: [...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).length,
  title: document.title.trim(),
  description: (document.querySelector('meta[name="description"]')?.content || '').trim(),
  theme: document.documentElement.dataset.theme,
  unnamed: [...document.images].filter(i => !i.hasAttribute('alt')).map(i => i.src.slice(0, 80)),
  ids: [...document.querySelectorAll('[id]')].map(e => e.id),
  links: [...document.querySelectorAll('a[href]')].map(a => a.href),
  nodes: document.getElementsByTagName('*').length,
})"""
_UNFOLD = "() => document.querySelectorAll('details').forEach(d => { d.open = true; })"
_EXCESS = "() => document.documentElement.scrollWidth - window.innerWidth"
# what a script does about a new size is done when the page has been drawn
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_THEME = "() => document.documentElement.dataset.theme"
# tables by their first heading: those that hide something at the side, and the smallest lettering in one
_TABLES = """smallest => {
  const named = t => `${t.closest('[aria-label]')?.ariaLabel || ''} ${t.querySelector('th')?.textContent || ''}`.trim();
  const scrolls = t => { for (let e = t; e && e.tagName != 'ARTICLE'; e = e.parentElement)
    if (getComputedStyle(e).overflowX != 'visible' && e.scrollWidth > e.clientWidth + 1) return true; return false; };
  const tables = [...document.querySelectorAll('article table')].filter(t => t.checkVisibility());
  const lettering = t => Math.min(...[t, ...t.querySelectorAll('*')].filter(e => !e.closest('svg') &&
    [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())).map(e => parseFloat(getComputedStyle(e).fontSize)));
  return {
    cut: tables.filter(scrolls).map(named),
    small: tables.map(t => [named(t), lettering(t)]).filter(([, size]) => size < smallest - 0.01),
  };
}"""
# what repeats what stands before it, made by the same code: rows of one table, blocks of code, columns of models
_ALIKE = """() => { for (const [group, members, most] of [
    ['article table', 'tbody tr', 6], ['article', '.highlight', 3], ['article', 'dl.columns', 2]])
  document.querySelectorAll(group).forEach(g => g.querySelectorAll(members).forEach((m, i) => {
    if (i >= most) m.dataset.alike = ''; })); }"""
_COLOURS = ["color-contrast", "link-in-text-block"]
# what can be read where no script runs: folded parts stay folded
_STATIC = """() => {
  const open = e => !e.closest('details:not([open])') && !e.closest('noscript');
  const hidden = s => [...document.querySelectorAll(s)].filter(e => open(e) && !e.checkVisibility()).length;
  return {
    theme: document.documentElement.dataset.theme,
    characters: document.body.innerText.length,
    tables: hidden('article table'),
    pictures: [...document.querySelectorAll('article figure:has(img, svg)')].filter(f => open(f) &&
      ![...f.querySelectorAll('img, svg')].some(i => i.checkVisibility() && i.clientWidth > 1)).length,
  };
}"""


@dataclass
class Visit:
    """What one page said in all its views."""

    name: str
    problems: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    nodes: int = 0
    weight: int = 0


def check(folder: Path, only: str = "", screenshots: Path | None = None) -> list[Visit]:
    """Visit every page under `folder`, printing one line each; returns the visits with their problems.

    `only` is a regular expression for the names of the pages; `screenshots` a folder for their pictures.

    Raises:
        UserError: there is no site in the folder, no page of such a name, or no browser on the PATH.
    """
    names = page_names(folder, only)
    program = find_browser()
    stop = threading.Event()
    # the largest first, so that the browsers end together
    waiting = iter(sorted(names, key=lambda name: -(folder / name).stat().st_size))
    taking = threading.Lock()

    def work(address: str) -> list[Visit]:
        visits = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            while not stop.is_set():
                with taking:
                    name = next(waiting, None)
                if name is None:
                    break
                visits.append(_visit(browser, address, name, folder, screenshots))
            browser.close()
        return visits

    with serving(folder) as address, ThreadPoolExecutor(BROWSERS_AT_ONCE) as pool:
        try:
            done = [pool.submit(work, address) for _ in range(BROWSERS_AT_ONCE)]
            visits = sorted((visit for worker in done for visit in worker.result()), key=lambda visit: visit.name)
        finally:
            stop.set()
        known = {visit.name: visit.ids for visit in visits}
        for visit in visits:
            visit.problems += _dead_links(visit, address, folder, known)
            print(
                f"{'fail' if visit.problems else 'ok':4}  {visit.name}  "
                f"({len(visit.requests)} requests, {visit.weight / 1000:.0f} KB, {visit.nodes} elements)"
            )
            for problem in visit.problems:
                print(f"      {problem}")
    return visits


def page_names(folder: Path, only: str = "") -> list[str]:
    """The pages of the site in `folder` whose names the regular expression `only` finds.

    Raises:
        UserError: there are none, or it is no regular expression.
    """
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html") if "_static" not in path.parts
    )
    if not names:
        raise UserError(f"there is no site in {folder}: `make demo` builds it")
    try:
        names = [name for name in names if re.search(only, name)]
    except re.error as error:
        raise UserError(f"{only!r} is no regular expression: {error}") from None
    if not names:
        raise UserError(f"no page of {folder} has a name like {only!r}")
    return names


def find_browser() -> str:
    """The path of a Chromium.

    Raises:
        UserError: there is none on the PATH.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise UserError(f"no browser on the PATH (looked for {', '.join(BROWSERS)}): install Debian's package chromium")
    return found


def _visit(browser: Browser, address: str, name: str, folder: Path, screenshots: Path | None) -> Visit:
    visit = Visit(name)

    def picture(page: Page, view: str) -> None:
        if screenshots:
            file = screenshots / f"{name.removesuffix('.html').replace('/', '-')}-{view}.png"
            page.screenshot(path=file, full_page=True)

    try:
        with browser.new_context(viewport=DESKTOP, color_scheme="light") as context:
            page = _open(context, visit, "light", address)
            visit.weight = sum(_compressed(folder, address, url) for url in visit.requests)
            picture(page, "light")
            _look(page, visit)
            page.evaluate(_UNFOLD)
            if not _foreign(name):
                _tables(page, visit)
            _axe(page, visit, "light")
            # what depends on colours alone is asked for where the colours are others, the rest where the width is
            page.emulate_media(forced_colors="active")
            _axe(page, visit, "forced colours", only=_COLOURS)
            page.emulate_media(forced_colors="none")
            page.set_viewport_size(PHONE)
            _fits(page, visit, "phone")
            _axe(page, visit, "phone", without=_COLOURS)
            if not _foreign(name):
                page.set_viewport_size(ZOOMED)
                _fits(page, visit, "400 %")
            _offline(page, visit)
            page.close()
        with browser.new_context(viewport=DESKTOP, color_scheme="dark") as context:
            page = _open(context, visit, "dark", address)
            picture(page, "dark")
            if not _foreign(name) and (theme := page.evaluate(_THEME)) != "dark":
                visit.problems.append(f"dark: theme is {theme}")
            page.evaluate(_UNFOLD)
            _axe(page, visit, "dark", only=_COLOURS)
        with browser.new_context(viewport=DESKTOP, java_script_enabled=False) as context:
            _static(_open(context, visit, "no JavaScript", address), visit)
        if screenshots:
            with browser.new_context(viewport=PHONE) as context:
                page = _open(context, visit, "phone", address)
                picture(page, "phone")
                page.emulate_media(media="print")
                page.set_viewport_size(PAPER)
                picture(page, "print")
    except Error as error:
        visit.problems.append(f"browser: {error.message.splitlines()[0]}")
    visit.problems = list(dict.fromkeys(visit.problems))
    return visit


def _open(context: BrowserContext, visit: Visit, view: str, address: str) -> Page:
    page = context.new_page()
    _listen(page, visit, view, address)
    page.goto(address + visit.name, wait_until="load")
    if _foreign(visit.name):
        page.wait_for_load_state("networkidle")
    return page


def _listen(page: Page, visit: Visit, view: str, address: str) -> None:
    def requested(request: Request) -> None:
        visit.requests.append(request.url)
        if not request.url.startswith((address, "data:", "blob:")):
            visit.problems.append(f"{view}: request to another host: {request.url[:120]}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            visit.problems.append(f"{view}: {response.status} for {response.url[:120]}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            visit.problems.append(f"{view}: console: {message.text[:160]}")

    def failed(request: Request) -> None:
        visit.problems.append(f"{view}: request failed: {request.url[:120]}")

    page.on("request", requested)
    page.on("response", answered)
    page.on("requestfailed", failed)
    page.on("console", said)
    page.on("pageerror", lambda error: visit.problems.append(f"{view}: script error: {str(error)[:160]}"))


def _look(page: Page, visit: Visit) -> None:
    seen = page.evaluate(_LOOK)
    visit.ids.update(seen["ids"])
    visit.links.update(seen["links"])
    visit.nodes = seen["nodes"]
    most = MOST_NODES_OF_A_CHAPTER if visit.name.startswith("notebooks/") else MOST_NODES
    faults = {"no title": not seen["title"], "no meta description": not seen["description"]}
    if not _foreign(visit.name):
        faults |= {
            f"{seen['headings']} visible h1": seen["headings"] != 1,
            f"light: theme is {seen['theme']}": seen["theme"] != "light",
            f"pictures without alt: {seen['unnamed']}": bool(seen["unnamed"]),
            f"{visit.weight} bytes to load before scrolling, more than {MOST_BYTES}": visit.weight > MOST_BYTES,
            f"{visit.nodes} elements, more than {most}": visit.nodes > most,
        }
    visit.problems += [fault for fault, present in faults.items() if present]


def _tables(page: Page, visit: Visit) -> None:
    tables = page.evaluate(_TABLES, SMALLEST_LETTERING)
    visit.problems += [f"light: the table {table[:60]!r} hides columns" for table in tables["cut"]]
    visit.problems += [
        f"light: the table {table[:60]!r} has lettering of {size:.3g} px" for table, size in tables["small"]
    ]


def _fits(page: Page, visit: Visit, view: str) -> None:
    page.evaluate(_DRAWN)
    if (excess := page.evaluate(_EXCESS)) > 0:
        visit.problems.append(f"{view}: {excess} pixels wider than the screen")


def _axe(page: Page, visit: Visit, view: str, only: Sequence[str] = (), without: Sequence[str] = ()) -> None:
    page.evaluate(_ALIKE)
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if only:
        options["runOnly"] = list(only)
    options["rules"] = {rule: {"enabled": False} for rule in without}
    found = Axe().run(page, {"exclude": [["[data-alike]"]]}, options).response["violations"]
    for violation in found:
        where = violation["nodes"][0]["target"]
        visit.problems.append(f"{view}: axe: {violation['id']}: {violation['help']} at {where}")


def _offline(page: Page, visit: Visit) -> None:
    """Scroll to the end without a network: whatever the page still asks for fails, and that was listened for."""
    page.context.set_offline(True)
    page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(50)
    if len(page.inner_text("body")) < FEWEST_CHARACTERS:
        visit.problems.append("offline: nothing to read")


def _static(page: Page, visit: Visit) -> None:
    seen = page.evaluate(_STATIC)
    faults = {"nothing to read": seen["characters"] < FEWEST_CHARACTERS}
    if not _foreign(visit.name):
        faults |= {
            f"theme is {seen['theme']}": seen["theme"] != "light",
            f"{seen['tables']} tables cannot be seen": seen["tables"] > 0,
            f"{seen['pictures']} pictures cannot be seen": seen["pictures"] > 0,
        }
    visit.problems += [f"no JavaScript: {fault}" for fault, present in faults.items() if present]


def _foreign(name: str) -> bool:
    return name.startswith(FOREIGN)


def _compressed(folder: Path, address: str, url: str) -> int:
    """The bytes that a request costs where the server compresses what is not compressed already."""
    if not url.startswith(address):
        return 0
    file = folder / unquote(urlsplit(url).path).lstrip("/")
    return _file_compressed(file, file.stat().st_mtime_ns) if file.is_file() else 0


@functools.cache
def _file_compressed(file: Path, _changed: int) -> int:
    content = file.read_bytes()
    return min(len(content), len(gzip.compress(content, 6)))


def _dead_links(visit: Visit, address: str, folder: Path, known: dict[str, set[str]]) -> list[str]:
    dead = []
    for link in sorted(visit.links):
        url, fragment = urldefrag(urljoin(address + visit.name, link))
        if not url.startswith(address):
            continue
        name = unquote(urlsplit(url).path).lstrip("/")
        name = name + "index.html" if not name or name.endswith("/") else name
        ids = known.get(name, set())
        if not (folder / name).is_file():
            dead.append(f"dead link: {name}")
        elif fragment and ids and not fragment.startswith("!") and unquote(fragment) not in ids:
            dead.append(f"dead link: {name} has no #{fragment}")
    return dead


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status: 1 if any page has a problem."""
    parser = argparse.ArgumentParser(prog="python -m book.check", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HTML, help="the built site (default: _build/html)")
    parser.add_argument("--only", default="", help="check the pages whose names this regular expression finds")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="write pictures of every page into this folder")
    options = parser.parse_args(arguments)
    visits = check(options.folder, options.only, options.screenshots)
    failed = [visit for visit in visits if visit.problems]
    print(f"{len(visits)} pages: {len(failed) or 'no'} page{'s' * (len(failed) != 1)} with problems")
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
