"""Runs every chapter in a fresh JupyterLab, in headless Chromium, by its command *Run All Cells*.

Fresh: no settings, extensions or kernels of a user's. A chapter fails where a cell fails, writes to standard error or
is not run, and where its text shows markup that only the book would understand. The chapters are copies.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Error, async_playwright

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT

from .chapter import QUOTE
from .check import FLAGS, find_browser
from .lab import Lab, serving
from .paths import BUILD, NOTEBOOKS

LOG = BUILD / "logs" / "check-lab.log"
AT_A_TIME = 2
CHAPTER_SECONDS = 300

_RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
_SHUT_DOWN = "() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
_IDLE = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
  return session?.isReady && session.session?.kernel?.status === 'idle';
}"""
_CELLS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells, cell => cell.toJSON())"""
# what the book's parser takes for a role, a directive, a label or a target, and JupyterLab shows as it stands
_RAW = r"""() => [...document.querySelectorAll('.jp-MarkdownCell .jp-RenderedMarkdown')].flatMap(cell => {
  const copy = cell.cloneNode(true);
  const raw = [];
  for (const code of copy.querySelectorAll('code')) {
    const role = /\{[a-z][\w:+-]*\}$/.exec(code.previousSibling?.textContent || '');
    if (role) raw.push(role[0]);
    const directive = /language-(\{[^ ]+)/.exec(code.className);
    if (directive) raw.push(directive[1]);
    code.remove();
  }
  raw.push(...(copy.textContent.match(/:{3,}|^\([\w-]+\)=$|\{glue[^}]*\}?/gm) || []));
  return raw.map(markup => `its text shows ${markup}`);
})"""


def check(chapters: Sequence[Path], environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Run each of the chapters, printing one line for each; returns their problems by name.

    Args:
        environment: of the server and its kernels.

    Raises:
        UserError: no browser on the PATH, or JupyterLab does not start.
    """
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="check-lab-") as name:
        folder = Path(name)
        (folder / "notebooks").mkdir()
        for chapter in chapters:
            shutil.copy(chapter, folder / "notebooks")
        fresh = {
            variable: str(folder / ".fresh" / variable)
            for variable in (
                *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"),
                *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"),
            )
        }
        options = ("--no-browser", "--LabApp.expose_app_in_browser=True")
        with serving(folder, LOG, options, {**environment, **fresh}) as lab:
            return asyncio.run(_run(lab, program, [chapter.name for chapter in chapters]))


async def _run(lab: Lab, program: str, names: list[str]) -> dict[str, list[str]]:
    turns = asyncio.Semaphore(AT_A_TIME)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)

        async def one(name: str) -> list[str]:
            async with turns:
                begin = time.monotonic()
                problems = await _chapter(browser, lab, name)
                print(f"{'fail' if problems else 'ok':4}  {name}  ({time.monotonic() - begin:.0f} s)", flush=True)
                for problem in problems:
                    print(f"      {problem}", flush=True)
                return problems

        return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))


async def _chapter(browser: Browser, lab: Lab, name: str) -> list[str]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(CHAPTER_SECONDS * 1000)
    try:
        # a workspace of its own: what is open in one is not opened by another
        where = f"lab/workspaces/{Path(name).stem}/tree/notebooks/{name}?token={lab.token}"
        await page.goto(lab.address + where)
        await page.wait_for_function(_IDLE)
        await asyncio.wait_for(page.evaluate(_RUN_ALL), CHAPTER_SECONDS)
        cells = await page.evaluate(_CELLS)
        problems = failures(cells) + await page.evaluate(_RAW)
        rendered = await page.locator(".jp-MarkdownCell .jp-RenderedMarkdown").count()
        if rendered != (expected := sum(cell["cell_type"] == "markdown" for cell in cells)):
            problems.append(f"{rendered} of {expected} texts are shown")
        await page.evaluate(_SHUT_DOWN)
    except (Error, TimeoutError) as error:
        problems = [(str(error) or "it takes too long").splitlines()[0]]
    await context.close()
    return list(dict.fromkeys(problems))


def failures(cells: list[dict[str, Any]]) -> list[str]:
    """What is wrong in the cells, in nbformat's form, of a notebook that was run; code cells count from 1."""
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    quotes = (quote for text in texts for quote in QUOTE.finditer(text))
    problems = [f"its text lacks the number {quote['name']}" for quote in quotes if not quote["text"].strip()]
    code = [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    for number, cell in enumerate(code, start=1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                problems.append(f"code cell {number}: {output['ename']}: {output['evalue']}"[:300])
            elif output.get("name") == "stderr":
                problems.append(f"code cell {number}: {' '.join(''.join(output['text']).split())}"[:300])
        if cell["execution_count"] is None:
            problems.append(f"code cell {number} was not run")
            break  # nor was any after it
    return problems


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status: 1 if any chapter has a problem."""
    parser = argparse.ArgumentParser(prog="python -m book.check_lab", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", type=Path, help="notebooks to run (default: all in notebooks/)")
    options = parser.parse_args(arguments)
    chapters = options.chapters or sorted(NOTEBOOKS.glob("*.ipynb"))
    if missing := [str(path) for path in chapters if not path.is_file()]:
        raise UserError(f"no such notebook: {', '.join(missing)}")
    path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    begin = time.monotonic()
    failed = sum(map(bool, check(chapters, {**os.environ, "PYTHONPATH": path}).values()))
    print(
        f"{len(chapters)} chapters in JupyterLab, {time.monotonic() - begin:.0f} s: {failed or 'no'} "
        f"chapter{'s' * (failed != 1)} with problems"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
