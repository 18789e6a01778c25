# The finished handbook in a container: built with the embedded warehouse, served on port 8000.
# docker build -t handbook . && docker run --rm -p 127.0.0.1:8000:8000 handbook
ARG BASE_IMAGE=python:3.12-slim-bookworm
FROM ${BASE_IMAGE}

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 handbook

USER handbook
WORKDIR /home/handbook/project

# the packages in a layer of their own: they change far less often than the project
COPY --chown=handbook Makefile requirements.lock ./
RUN make packages

COPY --chown=handbook . .
RUN make demo

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/')"]
CMD [".venv/bin/python", "-m", "http.server", "8000", "--directory", "_build/html"]
