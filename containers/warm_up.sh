#!/bin/sh
# Runs a little of everything while an image is built: the bytecode of what is imported stays in the image, which cannot
# write any later, and a package that lacks something is noticed. Arguments: chapters to run.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PYTHONDONTWRITEBYTECODE='' NUMBER_CONTACTS_TO_CREATE=100
export HOME="$scratch" WAREHOUSE_PATH="$scratch/warehouse.duckdb"
export DBT_TARGET_PATH="$scratch/dbt" DBT_LOG_PATH="$scratch/dbt"

python -m mock_data generate
python -c 'import adbc_driver_postgresql.dbapi, dbt.adapters.postgres, psycopg'
(cd dbt && dbt build --quiet --select stg_crm__user_roles stg_crm__users)
if [ $# -gt 0 ]; then
  python -m book.execute --out "$scratch/executed" "$@"
  jupyter lab --version
  python -c 'import nbval.plugin'
fi
