"""Credentials that are missing, expired or refused: one line each, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from terraform import stack
from warehouse.errors import UserError

ANSWER = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>refused</Message></Error><RequestId>1</RequestId></ErrorResponse>"""


@contextmanager
def refusing(code: str) -> Iterator[str]:
    """An AWS that refuses every call with that code."""

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = ANSWER.format(code=code).encode()
            self.send_response(403)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> stack.Environment:
    """An environment on AWS itself, which no test may reach."""
    file = tmp_path_factory.mktemp("aws") / "aws.tfvars"
    file.write_text('prefix = "menswear-test"\n')
    patch.delenv("TF_REATTACH_PROVIDERS", raising=False)
    return stack.Environment("aws-test", file)


def told(aws: stack.Environment) -> str:
    with pytest.raises(UserError) as told:
        stack.prepare(aws)
    assert not (aws.folder / "bootstrap.tfstate").exists()
    return str(told.value)


def test_missing(aws: stack.Environment) -> None:
    assert told(aws).startswith(
        "there are no AWS credentials: sign in (`aws sso login`), or set AWS_PROFILE, then run it again"
    )


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("ExpiredToken", "the AWS credentials have expired: sign in again (`aws sso login`), then run it again"),
        (
            "InvalidClientTokenId",
            "AWS refuses the credentials: check AWS_PROFILE, or the AWS_ACCESS_KEY_ID and its secret",
        ),
    ],
)
def test_refused(code: str, line: str, aws: stack.Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-a-real-one")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "old")
    with refusing(code) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        said = told(aws)
    assert said.startswith(line)
    assert "never-a-real-one" not in said


def test_a_missing_terraform_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws: stack.Environment) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"terraform is not installed: install version 1\.11 or newer"):
        stack.prepare(aws)
