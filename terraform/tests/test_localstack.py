"""The commands as a user gives them, on LocalStack: deploy, what can go wrong and how it is mended, destroy.

The tests run in the order of this file: the first one deploys, the last one takes everything down.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from terraform import stack, tools
from terraform.__main__ import environment, localstack, page
from terraform.localstack import LocalStack
from warehouse.errors import UserError

from .conftest import Client, client_of, free_port, say, terraform

PREFIX = "menswear-local"
ACCOUNT = "000000000000"
SITE, STATE = f"{PREFIX}-site-{ACCOUNT}", f"{PREFIX}-state-{ACCOUNT}"
ELSEWHERE = "111111111111"


@pytest.fixture(scope="module", autouse=True)
def local(provider: None, patch: pytest.MonkeyPatch) -> Iterator[LocalStack]:
    """The LocalStack of `deploy local`, at a port of its own, gone when the tests end."""
    patch.setenv("LOCALSTACK_PORT", str(free_port()))
    yield localstack()
    localstack().stop()


@pytest.fixture(scope="module")
def client(local: LocalStack) -> Client:
    return client_of(local.endpoint)


def get(path: str) -> tuple[int, str]:
    """A page, and the status it came with."""
    site = stack.outputs(environment("local"))["site_url"]
    try:
        return 200, page(site + path)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# Deploying -------------------------------------------------------------------------------------------------------


def test_a_missing_book_is_told(tmp_path: Path) -> None:
    status, _, errors = say("deploy", "local", "--book", str(tmp_path))
    assert (status, errors) == (1, f"error: there is no book in {tmp_path}: run `make demo` first\n")


def test_deploy_publishes_the_book(local: LocalStack, book: Path) -> None:
    status, printed, errors = say("deploy", "local", "--book", str(book))
    assert status == 0, printed + errors
    assert re.search(r"^The stack: \d+ added, 0 changed, 0 destroyed\.$", printed, re.M)
    assert re.search(r"^The book is at http://\S+$", printed, re.M)
    assert get("")[1] == (book / "index.html").read_text()
    assert get("dbt/")[1] == (book / "dbt" / "index.html").read_text()
    status, missing = get("nowhere.html")
    assert status == 404 and "No such page" in missing


def test_what_was_made_is_what_was_asked_for() -> None:
    """Terraform compares again, and finds nothing to do."""
    changes = stack.plan(environment("local"))
    assert not changes.any, (environment("local").folder / "logs" / "stack-plan.log").read_text()


def test_a_second_deploy_changes_nothing(book: Path) -> None:
    status, printed, errors = say("deploy", "local", "--book", str(book))
    assert status == 0, printed + errors
    assert "The stack: 0 added, 0 changed, 0 destroyed." in printed


def test_upload_follows_the_folder(local: LocalStack, client: Client, book: Path, tmp_path: Path) -> None:
    python = tools.environment("infra")

    def upload(folder: Path) -> str:
        command = [str(python), "-m", "terraform.upload", str(folder), SITE, "eu-central-1", local.endpoint, ""]
        return subprocess.run(command, cwd=tools.PROJECT_ROOT, capture_output=True, text=True, check=True).stdout

    (tmp_path / "index.html").write_text("<title>Another</title>")
    assert upload(tmp_path) == "1 files uploaded, 0 unchanged, 2 deleted\n"
    keys = {item["Key"] for item in client("s3").list_objects_v2(Bucket=SITE)["Contents"]}
    assert keys == {"index.html", "404.html"}
    assert upload(book) == "3 files uploaded, 0 unchanged, 0 deleted\n"
    assert upload(book) == "0 files uploaded, 3 unchanged, 0 deleted\n"
    assert client("s3").head_object(Bucket=SITE, Key="_static/page.mjs")["ContentType"].startswith("text/javascript")


def test_the_state_is_encrypted_versioned_and_closed(client: Client) -> None:
    s3 = client("s3")
    rules = s3.get_bucket_encryption(Bucket=STATE)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=STATE)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=STATE)["PublicAccessBlockConfiguration"].values()) == {True}
    (denied,) = json.loads(s3.get_bucket_policy(Bucket=STATE)["Policy"])["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=STATE)["Contents"]] == ["stack.tfstate"]


# Mistakes and accidents ------------------------------------------------------------------------------------------


def test_a_held_lock_is_told_and_can_be_removed(client: Client, book: Path) -> None:
    lock = {
        "ID": "6f3c0a8e-5d0e-4a4e-9c55-000000000000", "Operation": "OperationTypeApply", "Info": "", "Who": "jo@laptop",
        "Version": "1.11.4", "Created": "2026-01-02T03:04:05Z", "Path": f"{STATE}/stack.tfstate",
    }  # fmt: skip
    client("s3").put_object(Bucket=STATE, Key="stack.tfstate.tflock", Body=json.dumps(lock))
    for command in (["deploy", "local", "--book", str(book)], ["destroy", "local"]):
        status, _, errors = say(*command)
        assert status == 1
        assert errors.startswith(
            "error: the state is locked by jo@laptop, who runs OperationTypeApply since 2026-01-02 03:04:05: wait for "
            f"that run; if it is dead, `python -m terraform unlock local {lock['ID']}`"
        )
        assert errors.count("\n") == 1
    assert say("unlock", "local", lock["ID"])[0] == 0
    assert [item["Key"] for item in client("s3").list_objects_v2(Bucket=STATE)["Contents"]] == ["stack.tfstate"]


def test_what_a_killed_run_has_made_is_told_and_taken_over(book: Path) -> None:
    """Whoever is killed writes no state: what was made then stands, and nobody knows of it."""
    address, name = "module.github_oidc[0].aws_iam_role.publisher", f"{PREFIX}-publisher"
    done = terraform(stack.STACK, environment("local").folder / "stack", "state", "rm", address)
    assert done.returncode == 0, done.stderr
    status, _, errors = say("deploy", "local", "--book", str(book))
    assert status == 1
    assert errors.startswith(
        f"error: IAM Role {name} exists already and is not in this state: delete it, or take it over with "
        f"`python -m terraform adopt local '{address}' {name}`"
    )
    assert errors.count("\n") == 1
    assert say("adopt", "local", address, name)[0] == 0


def test_a_lost_bootstrap_state_is_found_again(book: Path) -> None:
    """The bucket tells of itself: the file that told of it may go."""
    (environment("local").folder / "bootstrap.tfstate").unlink()
    status, printed, errors = say("deploy", "local", "--book", str(book))
    assert status == 0, printed + errors
    assert "0 destroyed" in printed


def test_a_taken_bucket_name_is_told(half_way: str) -> None:
    assert half_way.startswith(
        "the bucket name taken-book is taken by another account: choose another prefix or site_bucket"
    )


def test_a_stack_left_half_way_can_be_destroyed(half_way: str, client: Client) -> None:
    place = environment("local")
    assert SITE not in {bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]}
    assert resources(), "the run that failed has made something"
    stack.destroy(place, bootstrap=False)
    assert resources() == set()
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == [STATE]


def test_an_interrupted_deploy_is_completed(local: LocalStack, book: Path) -> None:
    """Ctrl-C comes while a call is under way and others must follow: it ends in order, and the next run goes on."""
    log = environment("local").folder / "logs" / "stack-apply.log"
    with Gate(local.port, f"PUT /{SITE}/404.html") as gate:
        process = subprocess.Popen(
            [str(tools.environment("infra")), "-c", DEPLOY.format(build=str(tools.BUILD), book=str(book))],
            cwd=tools.PROJECT_ROOT, env={**os.environ, "LOCALSTACK_PORT": str(gate.server_address[1])},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 240
        while not gate.reached.wait(0.1):
            assert process.poll() is None and time.monotonic() < until, process.communicate()
        process.send_signal(signal.SIGINT)
        while "Interrupt received" not in log.read_text():
            assert process.poll() is None and time.monotonic() < until, process.communicate()
            time.sleep(0.1)
        gate.opened.set()
        _, errors = process.communicate(timeout=120)
        known = resources()  # this state was reached through the gate
    assert process.returncode == 130
    assert errors == "error: interrupted: what stands is in the state; run it again to go on\n"
    assert "module.site.aws_s3_bucket.site" in known
    assert "module.site.aws_s3_bucket_website_configuration.site[0]" not in known
    status, printed, errors = say("deploy", "local", "--book", str(book))
    assert status == 0, printed + errors
    assert get("")[1] == (book / "index.html").read_text()


def resources() -> set[str]:
    """What the state knows of, without what is only read."""
    done = terraform(stack.STACK, environment("local").folder / "stack", "state", "list")
    assert done.returncode == 0, done.stderr
    return {address for address in done.stdout.split() if not re.search(r"(^|\.)data\.", address)}


class Gate(socketserver.ThreadingTCPServer):
    """Hands everything on to a port, but holds the call that begins with certain words until it is let through."""

    daemon_threads = True

    def __init__(self, port: int, words: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.port, self.words = port, words.encode()
        self.reached, self.opened = threading.Event(), threading.Event()

    def __enter__(self) -> Gate:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.set()
        self.shutdown()
        self.server_close()


class Handler(socketserver.BaseRequestHandler):
    """One connection through a `Gate`."""

    server: Gate

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.server.port)) as there:
            threading.Thread(target=self.back, args=(there,), daemon=True).start()
            while data := self.request.recv(65536):
                if data.startswith(self.server.words):
                    self.server.reached.set()
                    self.server.opened.wait(300)
                there.sendall(data)

    def back(self, there: socket.socket) -> None:
        with suppress(OSError):
            while data := there.recv(65536):
                self.request.sendall(data)
            self.request.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def half_way(client: Client) -> str:
    """The stack, after a run in which the old bucket went and the new one could not be made; what that run said."""
    client("s3", ELSEWHERE).create_bucket(
        Bucket="taken-book", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    place = environment("local")
    with pytest.raises(UserError) as told:
        stack.apply(stack.Environment("local", place.file, {**place.values, "site_bucket": "taken-book"}))
    return str(told.value)


DEPLOY = """
from pathlib import Path
from terraform import tools
tools.BUILD = Path({build!r})
from terraform.__main__ import app
from warehouse.errors import run_command
run_command(app, ["deploy", "local", "--book", {book!r}], standalone_mode=False)
"""


# Destroying ------------------------------------------------------------------------------------------------------


def test_destroy_leaves_nothing(local: LocalStack, client: Client) -> None:
    stack.destroy(environment("local"), bootstrap=True)
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == []
    assert [role["RoleName"] for role in client("iam").list_roles()["Roles"] if PREFIX in role["RoleName"]] == []
    assert client("sns").list_topics()["Topics"] == []
    assert not (environment("local").folder / "bootstrap.tfstate").exists()


def test_a_localstack_of_somebody_else_is_told(local: LocalStack, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"LocalStack still answers at port {local.port}"):
        LocalStack(local.port, tmp_path).stop()
    assert local.answers()


def test_destroy_stops_localstack(local: LocalStack) -> None:
    status, printed, _ = say("destroy", "local")
    assert (status, printed) == (0, "Nothing of it is left.\n")
    assert not local.answers() and not local.record.exists()
    assert say("destroy", "local")[0] == 0
