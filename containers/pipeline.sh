#!/bin/sh
# What a container does by default: mock the CRM, build and test the models, say where everything is.
set -eu
cd "$(dirname "$0")/.."

echo '1/2  Simulate the customers and load the CRM'
python -m mock_data generate
echo '2/2  Build and test the models'
(cd dbt && dbt build --exclude-resource-type unit_test)

if [ "${TARGET:-duckdb}" = postgres ]; then
  echo "The warehouse is ready: database $POSTGRES_DB at $POSTGRES_HOST:$POSTGRES_PORT."
else
  echo "The warehouse is ready: ${WAREHOUSE_PATH:-data/warehouse.duckdb}"
fi
echo 'Schemas: crm (as the connector lands it), truth (what the simulator knows), staging, intermediate, marts.'

# only in the default image: the other one has no chapters, and is started by what knows its volume
if [ -d notebooks ] && [ "${TARGET:-duckdb}" = duckdb ]; then
  cat <<'END'

Keep it in a volume, and read the chapters on it in Jupyter:
  docker run -t -i --rm -v handbook:/app/data demo_consulting
  docker run -t -i --rm -v handbook:/app/data -p 127.0.0.1:8888:8888 demo_consulting \
    jupyter lab --ip=0.0.0.0 --no-browser --LabApp.default_url=/lab/tree/notebooks
END
fi
