"""Rates the site's pages as Lighthouse does, on a desktop and on a phone: ``python -m tools.lighthouse``.

Accessibility, best practices and SEO must be 100, performance at least 95 on a desktop and 90 on a phone. Performance
is simulated from a measured load, so it wants a quiet machine: a page that falls short is loaded again, twice at most.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

from book.check import find_browser, page_names
from book.paths import HTML
from book.serve import serving
from warehouse.errors import UserError, run_command

from . import program

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FORMS = {"desktop": ["--preset=desktop"], "phone": []}
LEAST_PERFORMANCE = {"desktop": 95, "phone": 90}
ATTEMPTS = 3
# another program's page
FOREIGN = "dbt/"
SECONDS = 180


def rate(address: str, form: str, browser: str) -> dict[str, int]:
    """The scores of a page, from 0 to 100, by category.

    Raises:
        UserError: Lighthouse could not load the page.
    """
    command = [program("lighthouse"), address, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}"]
    flags = "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [*command, flags, f"--output-path={report}", *FORMS[form]],
            env={**os.environ, "CHROME_PATH": browser, "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if done.returncode or not report.is_file():
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"Lighthouse could not rate {address}: {reason}")
        said = json.loads(report.read_text(encoding="utf-8"))
    if said.get("runtimeError"):
        raise UserError(f"Lighthouse could not rate {address}: {said['runtimeError']['message']}")
    return {name: round(100 * (said["categories"][name]["score"] or 0)) for name in CATEGORIES}


def short(scores: dict[str, int], form: str) -> list[str]:
    """The categories in which a page falls short."""
    least = dict.fromkeys(CATEGORIES, 100) | {"performance": LEAST_PERFORMANCE[form]}
    return [name for name in CATEGORIES if scores[name] < least[name]]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status: 1 if a page falls short."""
    parser = argparse.ArgumentParser(prog="python -m tools.lighthouse", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HTML, help="the built site (default: _build/html)")
    parser.add_argument("--only", default="", help="rate the pages whose names this regular expression finds")
    options = parser.parse_args(arguments)
    names = [name for name in page_names(options.folder, options.only) if not name.startswith(FOREIGN)]
    failed = 0
    with serving(options.folder) as address:
        browser = find_browser()
        print(f"{'page':<44}{'on':<9}" + "".join(f"{name:>15}" for name in CATEGORIES), flush=True)
        for name in names:
            for form in FORMS:
                scores = rate(address + name, form, browser)
                for _ in range(ATTEMPTS - 1):
                    if short(scores, form) == ["performance"]:
                        again = rate(address + name, form, browser)
                        scores = max(scores, again, key=lambda found: found["performance"])
                lacking = short(scores, form)
                failed += bool(lacking)
                cells = "".join(f"{scores[key]:>14}{'!' if key in lacking else ' '}" for key in CATEGORIES)
                print(f"{name:<44}{form:<9}{cells}", flush=True)
    print(f"{len(names)} pages, {failed or 'no'} rating{'s' * (failed != 1)} below what they must be")
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
