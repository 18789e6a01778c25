"""Serves the built site on this machine, compressed as any web host does: ``python -m book.serve``."""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from warehouse.errors import UserError, run_command

from .paths import HTML

HOST = "127.0.0.1"
COMPRESSED = (".html", ".css", ".js", ".mjs", ".svg", ".json", ".ipynb", ".csv")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, those of text compressed for whoever takes that, and no list of a folder's content."""

    protocol_version = "HTTP/1.1"  # one connection for a page and all that it asks for

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        """Send the headers; returns what follows them."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            if self.path.partition("?")[0].endswith("/") and not (path / "index.html").is_file():
                self.send_error(HTTPStatus.NOT_FOUND)
                return None
            path /= "index.html"
            if not self.path.partition("?")[0].endswith("/"):
                return super().send_head()
        if path.suffix not in COMPRESSED or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        content = _gzipped(path, path.stat().st_mtime_ns)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def guess_type(self, path: Any) -> str:
        """The type of a file, with the encoding of texts."""
        kind = super().guess_type(path)
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def end_headers(self) -> None:
        """Ask again each time: the site may have been built anew."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""


@functools.lru_cache(maxsize=256)
def _gzipped(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


class Server(http.server.ThreadingHTTPServer):
    """A thread a request, and no word about a browser that went away in the middle of one."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless it is the other end that hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve `folder` on the loopback interface, on a free port unless one is given; yields the address, with a slash.

    Raises:
        UserError: the port is taken, or not ours to take.
    """
    try:
        server = Server((HOST, port), functools.partial(Handler, directory=str(folder)))
    except OSError as error:
        raise UserError(f"port {port} of {HOST} cannot be had ({error.strerror}): give another with PORT=") from None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 0 (a free one) to 65535")
    return int(text)


def main(arguments: list[str] | None = None) -> None:
    """The command line: serves until it is interrupted.

    Raises:
        UserError: there is no site, or the port is taken.
    """
    parser = argparse.ArgumentParser(prog="python -m book.serve", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HTML, help="the built site (default: _build/html)")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes a free one (default: 8000)")
    options = parser.parse_args(arguments)
    if not (options.folder / "index.html").is_file():
        raise UserError(f"there is no site in {options.folder}: `make demo` builds it")
    with serving(options.folder, options.port) as address:
        print(f"The handbook is at {address} (Ctrl-C ends this)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()  # the line of the ^C
            raise


if __name__ == "__main__":
    run_command(main)
