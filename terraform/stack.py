"""Runs Terraform for one environment: the state bucket first, then the stack; what goes wrong becomes one line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.errors import UserError

from . import tools

BOOTSTRAP, STACK = tools.FOLDER / "bootstrap", tools.FOLDER
GRACE_SECONDS = 120

# what AWS or Terraform says → what that means, and what to do. The first that fits wins.
MEANINGS = (
    (
        r"No valid credential sources? found|failed to refresh cached credentials|NoCredentialProviders",
        "there are no AWS credentials: sign in (`aws sso login`), or set AWS_PROFILE, then run it again",
    ),
    (
        r"ExpiredToken|RequestExpired|token (?:has|is) expired|InvalidGrantException",
        "the AWS credentials have expired: sign in again (`aws sso login`), then run it again",
    ),
    (
        r"InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|AuthFailure",
        "AWS refuses the credentials: check AWS_PROFILE, or the AWS_ACCESS_KEY_ID and its secret",
    ),
    (
        r"S3 Bucket \((?P<name>[^)]+)\).*\bBucketAlreadyExists\b",
        "the bucket name {name} is taken by another account: choose another prefix or site_bucket",
    ),
    (
        r"creating IAM OIDC Provider:.*\bEntityAlreadyExists\b",
        "this account has GitHub's identity provider already, and can have no second one: name it as "
        "github_oidc_provider_arn (`aws iam list-open-id-connect-providers` tells it), then run it again",
    ),
    (
        r"creating (?P<what>[^(\n]+) \((?P<name>[^)]+)\)(?:.|\n)*?"
        r"(?:AlreadyExists|AlreadyOwnedByYou|ResourceConflict|ResourceInUse)(?:.|\n)*?with (?P<address>\S+),",
        "{what} {name} exists already and is not in this state: delete it, or take it over with "
        "`python -m terraform adopt {environment} '{address}' {name}`, then run it again",
    ),
    (
        r"doesn't match any of the checksums previously recorded",
        "the provider is not the one whose checksums .terraform.lock.hcl holds: get it from the Terraform registry "
        "itself, or have the mirror that it comes from mended",
    ),
    (
        tools.NOT_TO_BE_HAD,
        "the AWS provider {provider} cannot be had: reach the Terraform registry, or name a mirror of it in "
        "Terraform's own configuration (~/.terraformrc, or what TF_CLI_CONFIG_FILE names)",
    ),
    (
        r"Unsupported Terraform Core version",
        "this Terraform is too old: install version 1.11 or newer",
    ),
    (
        r"connection refused|no such host|dial tcp",
        "nothing answers at the other end: check the network, or, for a local environment, that LocalStack runs",
    ),
)
LOCKED = re.compile(
    r"Error acquiring the state lock(?:.|\n)*?\bID:\s+(?P<id>\S+)(?:.|\n)*?\bOperation:\s+(?P<what>\S+)"
    r"(?:.|\n)*?\bWho:\s+(?P<who>\S+)(?:.|\n)*?\bCreated:\s+(?P<when>\S+ [\d:]+)"
)


@dataclass(frozen=True)
class Environment:
    """One place that the stack stands in.

    Attributes:
        name: names the folder that keeps what is known of it between runs.
        file: the variables' values.
        values: further values; these win.
    """

    name: str
    file: Path
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return tools.BUILD / self.name

    @property
    def variables(self) -> list[str]:
        """The options that hand the values to Terraform; as files, because a root may not know all of them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        values = self.folder / "values.tfvars.json"
        values.write_text(json.dumps(self.values))
        return [f"-var-file={self.file}", f"-var-file={values}"]


@dataclass(frozen=True)
class Changes:
    """What a plan would do, and the file that holds it."""

    any: bool
    summary: str
    file: Path


def new_state_bucket(environment: Environment) -> str | None:
    """The name of the bucket that `prepare` will make or take over; None where this checkout knows of one.

    Raises:
        UserError: in one line.
    """
    if (environment.folder / "bootstrap.tfstate").exists():
        return None
    _init_bootstrap(environment)
    _, output = _run(environment, BOOTSTRAP, "plan", *environment.variables)
    name = re.search(r'^ +\+ bucket += "([^"]+)"', output, re.M)
    return name[1] if name else None


def prepare(environment: Environment) -> None:
    """Make the state bucket, or take over the one that is there, and connect the stack to it.

    Raises:
        UserError: in one line.
    """
    _init_bootstrap(environment)
    try:
        _run(environment, BOOTSTRAP, "apply", "-auto-approve", *environment.variables)
    except Failed as error:
        # the bucket outlives the file that tells of it, and its name belongs to this account and prefix alone
        mine = re.search(r"S3 Bucket \(([^)]+)\).*BucketAlreadyOwnedByYou", error.output)
        if not mine:
            raise
        _run(environment, BOOTSTRAP, "import", *environment.variables, "aws_s3_bucket.state", mine[1])
        _run(environment, BOOTSTRAP, "apply", "-auto-approve", *environment.variables)
    _connect(environment)


def plan(environment: Environment) -> Changes:
    """Compare the stack with what stands; ask `prepare` first."""
    file = environment.folder / "plan"
    status, output = _run(
        environment, STACK, "plan", "-detailed-exitcode", f"-out={file}", *environment.variables, fine=(0, 2)
    )
    summary = re.search(r"^Plan: .*$", output, re.M)
    return Changes(status == 2, summary[0] if summary else "Plan: outputs only.", file)


def apply(environment: Environment, changes: Changes | None = None) -> str:
    """Do what a plan says, or without one whatever is to be done; return how much that was."""
    options = ["-auto-approve", *environment.variables] if changes is None else [str(changes.file)]
    _, output = _run(environment, STACK, "apply", *options)
    done = re.search(r"^Apply complete! Resources: (.*)\.$", output, re.M)
    return done[1] if done else "nothing"


def destroy(environment: Environment, bootstrap: bool) -> None:
    """Delete the stack, and with `bootstrap` the state bucket too, with every state in it."""
    if bootstrap and not (environment.folder / "bootstrap.tfstate").exists():
        return
    _reach(environment)
    _run(environment, STACK, "destroy", "-auto-approve", *environment.variables)
    if bootstrap:
        _run(environment, BOOTSTRAP, "destroy", "-auto-approve", *environment.variables)
        for state in environment.folder.glob("bootstrap.tfstate*"):
            state.unlink()


def unlock(environment: Environment, lock: str) -> None:
    """Remove a lock that a dead run has left."""
    _reach(environment)
    _run(environment, STACK, "force-unlock", "-force", lock)


def adopt(environment: Environment, address: str, name: str) -> None:
    """Take something that stands already into the state."""
    _reach(environment)
    _run(environment, STACK, "import", *environment.variables, address, name)


def outputs(environment: Environment) -> dict[str, Any]:
    """What the stack tells of itself; what is null is not there."""
    return _outputs(environment, STACK)


# Running ---------------------------------------------------------------------------------------------------------


class Failed(UserError):
    """Terraform ended with an error; `output` is all that it said."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def _init_bootstrap(environment: Environment) -> None:
    _init(environment, BOOTSTRAP, f"-backend-config=path={environment.folder / 'bootstrap.tfstate'}")


def _init(environment: Environment, root: Path, *options: str) -> None:
    """Connect a root to its state and its provider, unless that is done: it reads all of the provider, for seconds."""
    sources = sorted([*root.glob("*.tf"), root / ".terraform.lock.hcl", *STACK.glob("modules/*/main.tf")])
    content = b"".join(path.read_bytes() for path in sources if path.exists())
    content += "".join(options).encode() + b"".join(_named(option) for option in options)
    stamp = _data(environment, root) / "connected"
    wanted = hashlib.sha256(content).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    command = ("init", "-reconfigure", "-lockfile=readonly", *options)
    try:
        _run(environment, root, *command)
    except Failed as error:
        mirror = tools.mirror(error.output)
        if not mirror:
            raise
        _run(environment, root, *command, extra=mirror)
    stamp.write_text(wanted)


def _named(option: str) -> bytes:
    path = Path(option.partition("=")[2])
    return path.read_bytes() if path.suffix == ".hcl" else b""


def _reach(environment: Environment) -> None:
    """Connect the stack to its state without looking at the bucket, unless this checkout knows of none."""
    known = (environment.folder / "bootstrap.tfstate").exists() and "backend" in _outputs(environment, BOOTSTRAP)
    if known:
        _connect(environment)
    else:
        prepare(environment)


def _connect(environment: Environment) -> None:
    """Tell the stack's backend what `bootstrap` has made."""
    known = _outputs(environment, BOOTSTRAP)["backend"]
    lines = [f'{name} = "{known[name]}"' for name in ("bucket", "region")]
    if known["endpoint"]:
        lines += [
            f'endpoints = {{ s3 = "{known["endpoint"]}", sts = "{known["endpoint"]}" }}',
            'access_key = "local"',
            'secret_key = "local"',
            *(
                f"{name} = true"
                for name in (
                    "use_path_style",
                    "skip_credentials_validation",
                    "skip_metadata_api_check",
                    "skip_requesting_account_id",
                )
            ),
        ]
    file = environment.folder / "backend.hcl"
    file.write_text("\n".join(lines) + "\n")
    _init(environment, STACK, f"-backend-config={file}")


def _outputs(environment: Environment, root: Path) -> dict[str, Any]:
    _, output = _run(environment, root, "output", "-json")
    return {name: value["value"] for name, value in json.loads(output).items()}


def _data(environment: Environment, root: Path) -> Path:
    return environment.folder / ("bootstrap" if root == BOOTSTRAP else "stack")


def _run(
    environment: Environment,
    root: Path,
    command: str,
    *options: str,
    fine: tuple[int, ...] = (0,),
    extra: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run one command, with `extra` in its environment; return its exit code and what it said.

    What it says goes to a file, and it is no child of the terminal: where this program dies, Terraform ends its work
    and keeps its state; where this program is interrupted, Terraform is asked once to come to an end.

    Raises:
        Failed: in one line, with all that it said.
    """
    logs = environment.folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{_data(environment, root).name}-{command}.log"
    plain = () if command in ("output", "force-unlock") else ("-no-color",)
    with log.open("w") as output:
        process = subprocess.Popen(
            [tools.terraform(), f"-chdir={root}", command, *plain, *options],
            env={**tools.terraform_environment(), "TF_DATA_DIR": str(_data(environment, root)), **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status = process.wait()
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait(GRACE_SECONDS)
            raise
    said = log.read_text()
    if status not in fine:
        raise Failed(f"{explain(said, environment.name)} ({_shown(log)})", said)
    return status, said


def _shown(path: Path) -> str:
    return os.path.relpath(path, tools.PROJECT_ROOT)


def explain(output: str, environment: str) -> str:
    """One line for what Terraform said: what went wrong, and what to do about it."""
    locked = LOCKED.search(output)
    if locked:
        return (
            "the state is locked by {who}, who runs {what} since {when}: wait for that run; if it is dead, "
            "`python -m terraform unlock {environment} {id}`"
        ).format(environment=environment, **locked.groupdict())
    refused = re.search(r"\n\n([^\n]+(?:\n[^\n]+)*)\n\nThis was checked by the validation rule", output)
    if refused:
        return " ".join(refused[1].split())
    for pattern, meaning in MEANINGS:
        found = re.search(pattern, output)
        if found:
            words = {name: value or "" for name, value in found.groupdict().items()}
            return meaning.format(environment=environment, provider=tools.provider_version(), **words)
    errors = re.findall(r"^Error: (.+(?:\n.+)*)", output, re.M)
    if not errors:
        return "Terraform ended without a word"
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"Terraform failed: {' '.join(errors[0].split())[:300]}{more}: mend that and run it again"
