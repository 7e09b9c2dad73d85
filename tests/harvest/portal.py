"""A CKAN with its DCAT harvester, as open-data portals have it. Runs in an environment of its own.

    python portal.py DATABASE_URL FOLDER

It reads orders from its standard input, a JSON object a line, and answers each with a line:
`{"source": URL, "format": …, "only_gather": …}` harvests, as a portal does it night after night.
The datasets are in CKAN's own database; only the search engine is not there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pysolr
from ckan import model
from ckan.config.middleware import make_app
from ckan.plugins import toolkit
from ckanext.dcat.harvesters import DCATRDFHarvester
from ckanext.harvest import queue
from ckanext.harvest.model import (
    HarvestGatherError,
    HarvestJob,
    HarvestObject,
    HarvestObjectError,
    HarvestSource,
)

NOWHERE = "127.0.0.1:9"


def start(database: str, folder: Path) -> Any:
    """The application, with its tables. Nothing is written to the search engine."""
    for name in ("add", "delete", "commit"):
        setattr(pysolr.Solr, name, lambda *_, **__: None)
    configuration = folder / "ckan.ini"
    configuration.touch()
    app = make_app(
        {
            "__file__": str(configuration),
            "here": str(folder),
            "sqlalchemy.url": database,
            "solr_url": f"http://{NOWHERE}/solr",
            "ckan.redis.url": f"redis://{NOWHERE}/0",
            "ckan.site_url": "http://portal.invalid",
            "ckan.plugins": "harvest dcat dcat_rdf_harvester",
            "ckan.auth.create_unowned_dataset": "true",
            "SECRET_KEY": "not secret",
        }
    )
    model.repo.create_db()
    return app


def harvest(source: str, format: str | None = None, *, only_gather: bool = False) -> dict[str, Any]:
    """One job of the harvester on a source, whole; what went wrong, and what the portal has now."""
    harvester = DCATRDFHarvester()
    job = HarvestJob(source=_source(source, format), status="Running")
    job.save()
    gathered = queue.gather_stage(harvester, job) or []
    found = [HarvestObject.get(each) for each in gathered]
    contents = [json.loads(each.content) for each in found if each.content]
    for each in [] if only_gather else found:
        queue.fetch_and_import_stages(harvester, each)
    errors = model.Session.query(HarvestGatherError).filter_by(harvest_job_id=job.id).all()
    errors += model.Session.query(HarvestObjectError).filter(
        HarvestObjectError.harvest_object_id.in_(gathered)
    )
    model.Session.commit()
    return {
        "errors": [error.message for error in errors],
        "gathered": contents,
        "deleted": sum(not each.content for each in found),
        "datasets": [] if only_gather else _datasets(),
    }


def _source(address: str, format: str | None) -> HarvestSource:
    known = model.Session.query(HarvestSource).filter_by(url=address).first()
    if known:
        return known
    context = {"ignore_auth": True, "user": _site_user(), "model": model, "session": model.Session}
    made = toolkit.get_action("harvest_source_create")(
        context,
        {
            "url": address,
            "name": f"source-{model.Session.query(HarvestSource).count()}",
            "title": address,
            "source_type": "dcat_rdf",
            "config": json.dumps({"rdf_format": format}) if format else "",
        },
    )
    return HarvestSource.get(made["id"])


def _datasets() -> list[dict[str, Any]]:
    """As anybody gets them from the portal."""
    packages = model.Session.query(model.Package).filter_by(type="dataset", state="active")
    show = toolkit.get_action("package_show")
    return [show({"ignore_auth": True}, {"id": package.id}) for package in packages]


def _site_user() -> str:
    found = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return str(found["name"])


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    app = start(sys.argv[1], Path(sys.argv[2]))
    _answer("ready")
    for line in sys.stdin:
        with app._wsgi_app.test_request_context():
            _answer(json.dumps(harvest(**json.loads(line))))


if __name__ == "__main__":
    main()
