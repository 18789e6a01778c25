"""Opens every page of the built site in headless Chromium and fails on what a reader must never meet.

Each page is opened in light, dark and at a phone's width. It fails on: a request to another host, a failed request,
a console error, a missing or second h1, no title or description, a picture without a text, a page wider than the phone,
a dead link inside the site, and accessibility violations that axe calls serious or critical.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response, sync_playwright

from warehouse.errors import UserError, run_command

from .paths import HTML

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
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
# another program's page, published as it is: it must load alone and without errors, the rest is not ours
FOREIGN = ("dbt/",)

_LOOK = """() => ({
  headings: [...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).length,
  title: document.title.trim(),
  description: (document.querySelector('meta[name="description"]')?.content || '').trim(),
  theme: document.documentElement.dataset.theme,
  unnamed: [...document.images].filter(i => !i.hasAttribute('alt')).map(i => i.src.slice(0, 80)),
  excess: document.documentElement.scrollWidth - window.innerWidth,
  ids: [...document.querySelectorAll('[id]')].map(e => e.id),
  links: [...document.querySelectorAll('a[href]')].map(a => a.href),
})"""


@dataclass
class Visit:
    """What one page said in all its views."""

    name: str
    problems: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    requests: int = 0


def check(folder: Path) -> list[Visit]:
    """Visit every page under `folder`, printing one line each; returns the visits with their problems.

    Raises:
        UserError: there is no site in the folder, or no browser on the PATH.
    """
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html") if "_static" not in path.parts
    )
    if not names:
        raise UserError(f"there is no site in {folder}: `make demo` builds it")
    program = browser_program()
    visits = []
    with serve(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        contexts = {view: browser.new_context(**options) for view, options in VIEWS.items()}
        for name in names:
            visits.append(_visit(contexts, address, name))
        browser.close()
        known = {visit.name: visit.ids for visit in visits}
        for visit in visits:
            visit.problems += _dead_links(visit, address, folder, known)
            print(f"{'fail' if visit.problems else 'ok':4}  {visit.name}  ({visit.requests} requests)")
            for problem in visit.problems:
                print(f"      {problem}")
    return visits


def browser_program() -> str:
    """The browser that every check runs in; raises `UserError` where none is on the PATH."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise UserError(f"no browser on the PATH (looked for {', '.join(BROWSERS)}): install Debian's package chromium")
    return program


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` on a free port of the loopback interface; yields the address, which ends in a slash."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _visit(contexts: dict[str, BrowserContext], address: str, name: str) -> Visit:
    visit = Visit(name)
    for view, context in contexts.items():
        page = context.new_page()
        _listen(page, visit, view, address)
        try:
            page.goto(address + name, wait_until="load")
            if name.startswith(FOREIGN):
                page.wait_for_load_state("networkidle")
            else:
                _look(page, visit, view)
        except Error as error:
            visit.problems.append(f"{view}: {error.message.splitlines()[0]}")
        page.close()
    visit.problems = list(dict.fromkeys(visit.problems))
    return visit


def _listen(page: Page, visit: Visit, view: str, address: str) -> None:
    def requested(request: Request) -> None:
        visit.requests += 1
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


def _look(page: Page, visit: Visit, view: str) -> None:
    seen = page.evaluate(_LOOK)
    visit.ids.update(seen["ids"])
    visit.links.update(seen["links"])
    expected = VIEWS[view]["color_scheme"]
    faults = {
        f"{seen['headings']} visible h1": seen["headings"] != 1,
        "no title": not seen["title"],
        "no meta description": not seen["description"],
        f"theme is {seen['theme']}": seen["theme"] != expected,
        f"pictures without alt: {seen['unnamed']}": bool(seen["unnamed"]),
        f"{seen['excess']} pixels wider than the screen": view == "phone" and seen["excess"] > 0,
    }
    visit.problems += [f"{view}: {fault}" for fault, present in faults.items() if present]
    if view != "phone":
        for violation in (
            Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
        ):
            if violation["impact"] in ("serious", "critical"):
                where = violation["nodes"][0]["target"]
                visit.problems.append(f"{view}: axe: {violation['id']}: {violation['help']} at {where}")


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
    options = parser.parse_args(arguments)
    visits = check(options.folder)
    failed = [visit for visit in visits if visit.problems]
    print(
        f"{len(visits)} pages in {len(VIEWS)} views: {len(failed) or 'no'} page{'s' * (len(failed) != 1)} with problems"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
