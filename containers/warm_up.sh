#!/bin/sh
# Runs a little of everything while an image is built: the bytecode of what is imported stays in the image, which cannot
# write any later, and a package that lacks something is noticed. Argument: `chapters`, where the image is to run them.
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
if [ "${1:-}" = chapters ]; then
  # all that chapters are made of; their claims are about the default world, which this one is not
  python - "$scratch/warm_up.ipynb" <<'END'
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cells = (
    "from book.notebook import *\nconnect()",
    "%sql select count(*) as users from staging.stg_crm__users",
    "import pandas as pd\nline = pd.DataFrame({'x': [1, 2], 'y': [3, 4]})",
    "show(alt.Chart(line).mark_line().encode(x='x', y='y'), alt='A line that rises to the right', caption='A line.')",
    "schema_diagram()",
)
nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), sys.argv[1])
END
  python -m book.execute --out "$scratch/executed" "$scratch/warm_up.ipynb"
  jupyter lab --version
  python -c 'import nbval.plugin'
fi
