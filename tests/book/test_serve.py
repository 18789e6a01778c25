"""The site at an address: compressed, of the right types, and its ends are one line each."""

import gzip
import http.client
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from book.serve import main, serving
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<h1>Größe</h1>" * 50, encoding="utf-8")
    (tmp_path / "a.mjs").write_text("1")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "folder").mkdir()
    return tmp_path


def asked(address: str, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def test_texts_come_compressed_to_whoever_takes_that(site: Path) -> None:
    packed = {"Accept-Encoding": "gzip"}
    with serving(site) as address:
        assert address.startswith("http://127.0.0.1:")
        page = asked(address, "/?q=1", **packed)
        assert (page.headers["Content-Encoding"], page.headers["Content-Type"]) == ("gzip", "text/html; charset=utf-8")
        assert gzip.decompress(page.read()) == (site / "index.html").read_bytes()
        assert asked(address, "/index.html").read() == (site / "index.html").read_bytes()
        assert asked(address, "/a.mjs", **packed).headers["Content-Type"].startswith("text/javascript")
        assert asked(address, "/a.png", **packed).headers["Content-Encoding"] is None
        assert asked(address, "/", method="HEAD", **packed).read() == b""
        (site / "index.html").write_text("new")
        assert gzip.decompress(asked(address, "/", **packed).read()) == b"new"


def test_what_is_not_a_page_is_not_there(site: Path) -> None:
    with serving(site) as address:
        for path in ("/missing.html", "/folder/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
            assert asked(address, path).status == 404, path


def test_a_folder_without_a_site_and_a_port_in_use_are_one_line(site: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no site in .*make demo"):
        main([str(tmp_path / "folder")])
    with serving(site) as address, pytest.raises(UserError, match=r"cannot be had .*PORT="):
        main([str(site), "--port", str(urlsplit(address).port)])


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", ""])
def test_a_port_that_is_none_is_refused(site: Path, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(site), f"--port={port}"])
    assert "is no port" in capsys.readouterr().err


def test_it_says_its_address_and_ctrl_c_ends_it_with_one_line(site: Path) -> None:
    command = [sys.executable, "-m", "book.serve", str(site), "--port", "0"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        address = line.split()[4]
        assert asked(address, "/").status == 200
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=20)
    assert (running.returncode, errors) == (130, "error: interrupted\n")
