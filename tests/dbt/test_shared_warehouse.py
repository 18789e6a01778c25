"""On a server that others use, dbt needs no right that it does not use, and what others hang on a table survives."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from tests.conftest import default_settings
from tests.running import DbtRun, dbt, environment_of
from warehouse.connect import postgres_dsn
from warehouse.scratch import scratch_database
from warehouse.settings import PROJECT_ROOT, Settings

BUILD = ("build", "--select", "rfm_segment_rules", "rfm_segments")
SCHEMAS = ("staging", "intermediate", "marts")
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def shared(server: Settings) -> Iterator[tuple[Settings, Query]]:
    """Settings of a role that may create nothing in its database but what its three schemas hold; SQL as an admin."""
    with scratch_database(server) as scratch:
        role = f"modeller_{secrets.token_hex(4)}"
        names = [name for name in Settings.model_fields if name.startswith("postgres_")]
        own = {name: getattr(scratch, name) for name in names}
        own |= {"postgres_user": role, "postgres_password": SecretStr("only-here")}

        def query(statement: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(postgres_dsn(scratch), autocommit=True) as admin:
                cursor = admin.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []

        query(f"create role {role} login password 'only-here'; create role {role}_reader")
        # what a server, a database and a role may be set to
        query(f"alter database {scratch.postgres_db} set timezone = 'America/New_York'")
        query(f"alter role {role} set datestyle = 'German'")
        query(f"alter role {role} set search_path = 'reports'")
        query("create schema reports; " + "; ".join(f"create schema {name} authorization {role}" for name in SCHEMAS))
        yield default_settings(target="postgres", **own), query
    with psycopg.connect(postgres_dsn(server), autocommit=True) as admin:
        admin.execute(f"drop role {role}; drop role {role}_reader".encode())


@pytest.mark.slow
def test_what_others_hang_on_a_table_survives(shared: tuple[Settings, Query], tmp_path: Path) -> None:
    settings, query = shared
    reader = f"{settings.postgres_user}_reader"
    granted = f"select has_table_privilege('{reader}', 'marts.rfm_segments', 'select')"
    vips = "select count(*) from reports.vip"

    def build(*command: str) -> DbtRun:
        return dbt(settings, tmp_path, *(command or BUILD), PGTZ="Asia/Tokyo", PGOPTIONS="-c extra_float_digits=-3")

    # no right to create a schema is needed where the schemas are there
    first = build()
    assert first.status == 0, first.printed
    query("create view reports.vip as select * from marts.rfm_segments where segment = 'Champions'")
    query(f"grant select on marts.rfm_segments to {reader}")
    # what the table holds is replaced, though the table stays
    query("delete from marts.rfm_segments")

    again = build()
    assert again.status == 0, again.printed
    assert query(vips) == [(2,)]
    assert query(granted) == [(True,)]
    assert query("select count(*) from pg_class where relname like 'rfm_segments__dbt%'") == [(0,)]

    # with other columns the view could not stay: refused, and nothing is lost
    query("alter table marts.rfm_segments add column note text")
    refused = build()
    assert refused.status == 1
    assert (
        "view reports.vip hangs on marts.rfm_segments, whose columns change: the table was not touched"
        in refused.printed
    )
    assert query(vips) == [(2,)]

    query("drop view reports.vip")
    changed = build()
    assert changed.status == 0, changed.printed
    assert query("select count(*) from information_schema.columns where column_name = 'note'") == [(0,)]
    assert query(granted) == [(True,)]


@pytest.mark.slow
def test_another_package_in_the_project_is_left_alone(tmp_path: Path) -> None:
    """Its tables carry no mark of ours, lie in the same schema, and are built again and again."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT_ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    package = project / "dbt_packages" / "neighbour"
    (package / "models").mkdir(parents=True)
    (package / "dbt_project.yml").write_text("name: neighbour\nversion: 1.0.0\nmodel-paths: [models]\n")
    (package / "models" / "theirs.sql").write_text("{{ config(materialized='table') }} select 1 as one\n")
    (project / "packages.yml").write_text("packages: [{local: dbt_packages/neighbour}]\n")
    settings = default_settings(target="duckdb", warehouse_path=tmp_path / "warehouse.duckdb")

    for command in (
        # theirs alone, so that the schema holds nothing of ours; then theirs again, and ours
        ("run", "--select", "theirs"),
        (*BUILD, "theirs"),
    ):
        # another project, so a dbt of its own
        program = str(Path(sys.executable).with_name("dbt"))
        environment = environment_of(settings, DBT_TARGET_PATH=str(tmp_path / "target"), DBT_LOG_PATH=str(tmp_path))
        done = subprocess.run(
            [program, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:]
