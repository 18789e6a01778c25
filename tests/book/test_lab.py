"""JupyterLab says where it is, and the check of the chapters in it finds every fault that it is there for."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.check_lab import failures, main
from book.execute import KERNELSPEC
from book.lab import serving
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def lab(taken: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`make lab` without a display, where the port is taken."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "BROWSER")}
    with subprocess.Popen(
        [sys.executable, "-m", "book.lab", f"--ServerApp.port={taken}"],
        cwd=PROJECT_ROOT,
        env=environment | {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.terminate()  # where a test has failed


def test_it_says_its_address_and_ends_quietly(lab: subprocess.Popen[str], taken: int) -> None:
    """Also for root, who runs the tests in a container."""
    assert lab.stdout is not None
    address = next(line.strip() for line in lab.stdout if "http" in line)
    found = re.fullmatch(r"(http://127\.0\.0\.1:(\d+)/)lab/tree/(notebooks/01_\w+\.ipynb)\?token=(\w{20,})", address)
    assert found is not None, address
    assert int(found[2]) != taken
    with urllib.request.urlopen(address) as page:
        assert '"news": {"disabled": true}' in page.read().decode()  # nothing is asked of another host
    # a chapter's links to the book's pages lead somewhere
    for path in (found[3], "book/kpi_dictionary.md"):
        with urllib.request.urlopen(f"{found[1]}api/contents/{path}?content=0&token={found[4]}") as answer:
            assert json.load(answer)["path"] == path
    lab.send_signal(signal.SIGINT)
    said, complained = lab.communicate(timeout=60)
    assert (lab.returncode, said.strip(), complained) == (0, "", "")
    with pytest.raises(OSError):
        urllib.request.urlopen(address)


def test_what_it_says_when_it_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "jupyterlab.py").write_text("import sys; sys.exit('no such option')")
    log = tmp_path / "lab.log"
    with (
        pytest.raises(UserError, match=re.escape(f"does not start (no such option): all of it is in {log}")),
        serving(tmp_path, log, environment={**os.environ, "PYTHONPATH": str(tmp_path)}),
    ):
        pass


def test_every_kind_of_failed_cell_is_found() -> None:
    fine = new_code_cell("1 + 1", execution_count=1, outputs=[new_output("stream", name="stdout", text="2")])
    failed = new_code_cell(
        "assert 0", execution_count=2, outputs=[new_output("error", ename="AssertionError", evalue="no", traceback=[])]
    )
    complains = new_code_cell(
        "%sql select", execution_count=3, outputs=[new_output("stream", name="stderr", text="UsageError:\n no\n")]
    )
    not_run = new_code_cell("2")
    text = new_markdown_cell('Of <span data-say="all">7</span> there are <span data-say="some"></span>.')
    assert failures([fine, new_code_cell(" \n")]) == []
    assert failures([text, fine, failed, complains, not_run, not_run]) == [
        "its text lacks the number some",
        "code cell 2: AssertionError: no",
        "code cell 3: UsageError: no",
        "code cell 4 was not run",
    ]


def test_the_check_finds_what_the_reader_would_meet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solution = "<details><summary>Solution</summary>\n\nSee `f{x}`, $\\frac{a}{b}$.\n\n```python\n{}\n```\n\n</details>"
    chapters = {
        "good": [
            new_markdown_cell("# Good"),
            new_markdown_cell(solution),
            new_code_cell("open('good.ipynb').name"),
        ],
        "bad": [
            new_markdown_cell("(label)=\n\nOf {glue:text}`all` see {doc}`here`.\n\n:::{note}\nA note.\n:::"),
            new_markdown_cell("```{tip}\nA tip.\n```"),
            new_code_cell("1 / 0"),
            new_code_cell("1"),
        ],
    }
    paths = [tmp_path / f"{name}.ipynb" for name in chapters]
    for path, cells in zip(paths, chapters.values(), strict=True):
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), path)
    stored = [path.read_bytes() for path in paths]
    assert main([str(path) for path in paths]) == 1
    *lines, last = (re.sub(r"\d+ s\b", "N s", line) for line in capsys.readouterr().out.splitlines())
    assert last == "2 chapters in JupyterLab, N s: 1 chapter with problems"
    lines.remove("ok    good.ipynb  (N s)")
    assert lines == [
        "fail  bad.ipynb  (N s)",
        "      code cell 1: ZeroDivisionError: division by zero",
        "      code cell 2 was not run",
        "      its text shows {glue:text}",
        "      its text shows {doc}",
        "      its text shows (label)=",
        "      its text shows :::",
        "      its text shows {tip}",
    ]
    assert [path.read_bytes() for path in paths] == stored
