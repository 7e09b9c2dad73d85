"""The operations of the contract, to be asked one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api import examples
from api.app import create_app
from api.settings import Settings


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    definition: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        name: str = self.definition["operationId"]
        return name

    @property
    def address(self) -> str:
        """The path with an entity that exists."""
        return self.path.replace("{name}", examples.NAMES.get(self.id, ""))

    @property
    def query(self) -> dict[str, dict[str, Any]]:
        """The parameters of the query by name."""
        found = self.definition.get("parameters", ())
        return {entry["name"]: entry for entry in found if entry["in"] == "query"}

    @property
    def required(self) -> dict[str, str | list[str]]:
        """The parameters without which nothing works, with their examples."""
        needed = [name for name, entry in self.query.items() if entry.get("required")]
        return self.asking(*needed)

    def asking(self, *names: str) -> dict[str, str | list[str]]:
        """The examples of these parameters as a query has them; of an object each member is one."""
        found: dict[str, str | list[str]] = {}
        for name in names:
            example = self.query[name]["schema"]["examples"][0]
            if isinstance(example, dict):
                found |= {f"{name}[{member}]": value for member, value in example.items()}
            else:
                found[name] = written(self.query[name])
        return found


def written(parameter: dict[str, Any]) -> str | list[str]:
    """A parameter's example as a query has it."""
    value = parameter["schema"]["examples"][0]
    if isinstance(value, list):
        texts = [str(part) for part in value]
        return texts if parameter["explode"] else ",".join(texts)
    return str(value).lower() if isinstance(value, bool) else str(value)


DOCUMENT: dict[str, Any] = create_app(Settings.model_construct()).openapi()
"""The contract as the application makes it, without a database."""

OPERATIONS = [
    Operation(path, method, definition)
    for path, methods in DOCUMENT["paths"].items()
    for method, definition in methods.items()
]

READ = [operation for operation in OPERATIONS if operation.method == "get"]
