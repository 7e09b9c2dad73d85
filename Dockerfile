# The server without a database: give it DATABASE_PUBLIC_URL to serve, and DATABASE_URL as well to
# run `up` or `db upgrade`.
#
#   docker build -t quartier .
#   docker run -p 8000:8000 -e DATABASE_PUBLIC_URL=postgresql://… quartier
#   docker run --rm -e DATABASE_URL=postgresql://… -e DATABASE_PUBLIC_URL=… quartier db upgrade

ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
COPY requirements/base.txt /requirements.txt
RUN python -m venv /opt/quartier/.venv \
    && /opt/quartier/.venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM ${BASE}
RUN useradd --system --no-create-home --uid 10001 quartier
WORKDIR /opt/quartier
COPY --from=build /opt/quartier/.venv .venv
COPY . .
RUN .venv/bin/python -m compileall -q api db seed cli.py
USER quartier
ENV HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD [".venv/bin/python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT [".venv/bin/python", "-m", "cli"]
CMD ["serve"]
