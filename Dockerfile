# The server and the commands, without a database. compose.yaml shows how they are run.
#
#   docker build -t quartier .
#
# BASE can be any Debian or Ubuntu with Python 3.11 or newer and its venv module.

ARG BASE=docker.io/library/python:3.13-slim-trixie

# Node.js comes as a Python wheel and stays in this stage.
FROM ${BASE} AS scripts
WORKDIR /opt/quartier
COPY requirements/node.txt requirements/
COPY web web
RUN python3 -m venv /opt/node \
    && /opt/node/bin/python -m web.build /opt/node \
    && rm -rf web/node_modules web/components web/build.* web/*.json web/.[a-z]*

FROM ${BASE} AS build
COPY requirements/base.txt /requirements.txt
RUN python3 -m venv /opt/quartier/.venv \
    && /opt/quartier/.venv/bin/python -m pip install --no-cache-dir --require-hashes -r /requirements.txt \
    && /opt/quartier/.venv/bin/python -m pip uninstall --quiet --yes pip
WORKDIR /opt/quartier
COPY api api
COPY commands commands
COPY db db
COPY seed seed
COPY --from=scripts /opt/quartier/web web
COPY cli.py LICENSE ./
RUN .venv/bin/python -m compileall -q api commands db seed cli.py

FROM ${BASE}
# pg_dump, pg_restore and psql, for `backup` and `restore`.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
RUN groupadd --gid 10001 quartier \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin quartier
# Where the files for download are made: a volume that is mounted here gets this owner.
RUN install -d -o 10001 -g 10001 /var/lib/quartier /var/lib/quartier/artefacts
COPY --from=build /opt/quartier /opt/quartier
WORKDIR /opt/quartier
USER 10001:10001
ENV HOST=0.0.0.0 PORT=8000 ARTEFACTS=/var/lib/quartier/artefacts PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD [".venv/bin/python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT [".venv/bin/python", "-m", "cli"]
CMD ["serve"]
