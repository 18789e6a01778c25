"""`python -m terraform`: deploy the stack and the book, take it down, and test all of it."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from containers import compose
from warehouse.errors import UserError, run_command

from . import stack, tools
from .localstack import FOLDER, LocalStack, end

ENVIRONMENTS = tools.FOLDER / "environments"
BOOK = tools.PROJECT_ROOT / "_build" / "html"
LOCAL = "local"
FETCH_SECONDS = 30

app = typer.Typer(
    help="The stack on AWS, or on LocalStack.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
Name = Annotated[str, typer.Argument(help="A file in terraform/environments without its ending; local is LocalStack.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before something on AWS is changed.")]


def localstack() -> LocalStack:
    """The LocalStack of `deploy local`, at LOCALSTACK_PORT where the shell or `.env` sets that."""
    return LocalStack(compose.port("LOCALSTACK_PORT", compose.settings()), tools.BUILD / FOLDER)


def environment(name: str) -> stack.Environment:
    """The environment of that name.

    Raises:
        UserError: it has no file.
    """
    file = ENVIRONMENTS / f"{name}.tfvars"
    if not file.exists():
        sample = file.with_name(f"{file.name}.sample")
        what = f"copy {sample.name} to {file.name} and fill it in" if sample.exists() else "see terraform/README.md"
        raise UserError(f"there is no terraform/environments/{file.name}: {what}")
    return stack.Environment(name, file, {"local_endpoint": localstack().endpoint} if name == LOCAL else {})


def resumable(command: Callable[..., None]) -> Callable[..., None]:
    """Say of an interruption that the command can be run again."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt as interruption:
            interruption.add_note("what stands is in the state; run it again to go on")
            raise

    return wrapped


@app.command()
@resumable
def deploy(
    name: Name = LOCAL,
    book: Annotated[Path, typer.Option(help="The built book.")] = BOOK,
    yes: Yes = False,
) -> None:
    """Make the stack what the files say, upload the book, and fetch a page of it."""
    place = environment(name)
    if not (book / "index.html").exists():
        raise UserError(f"there is no book in {book}: run `make demo` first")
    tools.terraform()
    if name == LOCAL:
        localstack().start()
    _ask_for_bucket(place, yes)
    stack.prepare(place)
    changes = None
    if name != LOCAL:
        changes = stack.plan(place)
        print(changes.summary)
        if changes.any and not yes:
            typer.confirm(f"All of it: {place.folder}/logs/stack-plan.log. Go on?", abort=True)
    print(f"The stack: {stack.apply(place, changes)}.")
    known = stack.outputs(place)
    _upload(book, known)
    _fetch(known["site_url"])
    print(f"The book is at {known['site_url']}")
    if "registry_url" in known:
        print(f"The pipeline runs what is pushed to {known['registry_url']}")


@app.command()
@resumable
def destroy(name: Name = LOCAL, yes: Yes = False) -> None:
    """Delete the stack; with LocalStack the state bucket too, and LocalStack itself is stopped."""
    place = environment(name)
    if name != LOCAL:
        if not yes:
            typer.confirm(f"Delete everything of {name}?", abort=True)
        _ask_for_bucket(place, yes)
        stack.destroy(place, bootstrap=False)
        return
    local = localstack()
    if local.answers():
        stack.destroy(place, bootstrap=True)
    local.stop()
    print("Nothing of it is left.")


@app.command()
@resumable
def unlock(
    name: Name, lock: Annotated[str, typer.Argument(help="The id that the message tells.")], yes: Yes = False
) -> None:
    """Remove the lock that a dead run has left on the state."""
    place = environment(name)
    _ask_for_bucket(place, yes)
    stack.unlock(place, lock)
    print("Unlocked. Run the command again that was refused.")


@app.command()
@resumable
def adopt(
    name: Name,
    address: Annotated[str, typer.Argument(help="The address that the message tells.")],
    identifier: Annotated[str, typer.Argument(metavar="NAME", help="The name that the message tells.")],
    yes: Yes = False,
) -> None:
    """Take into the state what stands already, as after a run that was killed."""
    place = environment(name)
    _ask_for_bucket(place, yes)
    stack.adopt(place, address, identifier)
    print("Taken over. Run the command again that was refused.")


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@resumable
def test(context: typer.Context) -> None:
    """Check the code; put the stack up on LocalStack, and on a stand-in with every service. Takes pytest's options."""
    tools.terraform()
    tools.environment("checkov")
    tools.environment("localstack")
    python = tools.environment("infra")
    folder = tools.BUILD.parent / "cloud-test"
    options = ["--numprocesses=2", "--dist=loadfile", f"--basetemp={folder}", str(tools.FOLDER / "tests")]
    try:
        done = subprocess.run([python, "-m", "pytest", *options, *context.args], cwd=tools.PROJECT_ROOT)
    finally:
        # whatever ended the tests: what they started does not outlive them
        for record in folder.rglob("pid"):
            end(record, "localstack.runtime.main")
            end(record, "moto_server")
            end(record, "terraform-provider-aws")
    raise typer.Exit(done.returncode)


@app.command()
@resumable
def lock() -> None:
    """Choose the newest allowed version of every package of the environments anew."""
    tools.lock()


def _ask_for_bucket(place: stack.Environment, yes: bool) -> None:
    """The state bucket comes before any plan, so it is asked for by itself, where this checkout knows of none."""
    if yes or place.name == LOCAL:
        return
    bucket = stack.new_state_bucket(place)
    if bucket:
        typer.confirm(
            f"The state of {place.name} is kept in the bucket {bucket}, of which this checkout knows nothing. "
            "Make it, or take it over where it stands?",
            abort=True,
        )


def _upload(book: Path, known: dict[str, Any]) -> None:
    place = [known["site_bucket"], known["region"], known.get("local_endpoint", ""), known.get("cdn_id", "")]
    command = [tools.environment("infra"), "-m", "terraform.upload", book, *place]
    if subprocess.run(command, cwd=tools.PROJECT_ROOT).returncode:
        raise UserError("the stack stands, but not all of the book is there: run it again")


def _fetch(address: str) -> None:
    """Read a page as a reader would; a new CDN takes a while to answer."""
    until = time.monotonic() + FETCH_SECONDS
    while True:
        try:
            if "<title>" in page(address):
                return
            raise UserError(f"{address} answers, but not with a page of the book")
        except OSError as error:
            if time.monotonic() > until:
                raise UserError(f"the book is uploaded, but {address} does not answer: {error}") from None
            time.sleep(1)


def page(address: str) -> str:
    """What is at an address. Names that end in localhost are this machine for a browser, but not for every system.

    Raises:
        OSError: nothing answers there, or it answers with an error.
    """
    host = urlsplit(address).netloc
    name, _, port = host.partition(":")
    here = address.replace(host, f"127.0.0.1:{port}") if name.endswith(".localhost") else address
    with urllib.request.urlopen(urllib.request.Request(here, headers={"Host": host}), timeout=10) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    run_command(app, standalone_mode=False)
