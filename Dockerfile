# Three images: `pipeline` (mock CRM and models, nothing else), `book` (the finished handbook, served on port 8000), and
# by default everything with Jupyter: docker build -t demo_consulting . && docker run -t -i --rm demo_consulting
# The tag is a moving one. Where a build must repeat, name a digest: --build-arg BASE_IMAGE=python@sha256:…
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS base
# Everything that runs writes to data/ (a volume) and /tmp, so that the root may be read-only and the user any.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DBT_TARGET_PATH=/app/data/dbt/target \
    DBT_LOG_PATH=/app/data/dbt/logs \
    HOME=/tmp
WORKDIR /app
RUN useradd --uid 1000 --no-create-home --home-dir /tmp handbook \
    && install --directory --owner=handbook --group=handbook --mode=1777 data

# The project's files that every image needs, gathered so that each takes them in one layer
FROM scratch AS project
COPY warehouse/ /warehouse/
COPY mock_data/ /mock_data/
COPY dbt/ /dbt/
COPY containers/pipeline.sh containers/warm_up.sh /containers/

# Installing -----------------------------------------------------------------------------------------------------------

FROM base AS packages
ENV UV_CACHE_DIR=/var/cache/uv \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/app/.venv
# strips what the wheels carry for debuggers
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock /tmp/
# uv is one package of the lock: from its line to the last of its hashes
RUN sed -n '/^uv==/,/[^\\]$/p' /tmp/requirements.lock >/tmp/uv.lock \
    && python -m pip install --no-cache-dir --root-user-action=ignore --require-hashes -r /tmp/uv.lock \
    && uv venv .venv
COPY containers/trim.py /tmp/

FROM packages AS pipeline-packages
COPY containers/pipeline.lock /tmp/
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --require-hashes -r /tmp/pipeline.lock \
    && python /tmp/trim.py pipeline

FROM packages AS notebooks-packages
COPY containers/notebooks.lock /tmp/
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --require-hashes -r /tmp/notebooks.lock \
    && python /tmp/trim.py notebooks

# The pipeline alone ---------------------------------------------------------------------------------------------------

FROM base AS pipeline
COPY --from=pipeline-packages /app/.venv .venv
COPY --from=project / ./
# A small run leaves the bytecode of every module that it imports, and proves that nothing is missing.
RUN sh containers/warm_up.sh
USER 1000
VOLUME /app/data
CMD ["python", "-m", "warehouse", "run", "--", "sh", "containers/pipeline.sh"]

# Everything, with the chapters ----------------------------------------------------------------------------------------

FROM base AS everything
COPY --from=notebooks-packages /app/.venv .venv
COPY --from=project / ./
COPY book/ book/
COPY benchmarks/ benchmarks/
COPY tests/__init__.py tests/
COPY tests/mutation/ tests/mutation/
COPY --chown=1000:1000 notebooks/ notebooks/
RUN sh containers/warm_up.sh chapters

# The finished handbook ------------------------------------------------------------------------------------------------

FROM everything AS site
COPY README.md _config.yml _toc.yml pyproject.toml requirements.lock ./
# The chapters are taken as they are stored, since `make test` proves that they print just that.
RUN unset DBT_TARGET_PATH DBT_LOG_PATH \
    && python -m mock_data generate \
    && python -m warehouse run -- sh -c 'cd dbt && dbt seed --quiet && dbt run --quiet \
        && dbt docs generate --static --quiet --target-path target/tested --exclude test_type:data test_type:unit' \
    && mkdir _build \
    && cp -R notebooks _build/ \
    && python -m book.build

FROM base AS book
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* /var/log/nginx
COPY containers/nginx.conf containers/
COPY --from=site /app/_build/html html/
USER 1000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["nginx", "-c", "/app/containers/nginx.conf", "-e", "stderr"]

# The default: last in the file ----------------------------------------------------------------------------------------

FROM everything AS notebooks
USER 1000
VOLUME /app/data
EXPOSE 8888
CMD ["python", "-m", "warehouse", "run", "--", "sh", "containers/pipeline.sh"]
