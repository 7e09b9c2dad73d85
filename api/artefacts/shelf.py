"""The artefacts as the server finds them: which states there are."""

from __future__ import annotations

from pathlib import Path

from api.artefacts import manifest as manifests
from api.artefacts.manifest import MANIFEST, Failure, Manifest

OF_STATE = "artefacts "


def key_of(manifest: Manifest) -> str:
    """What an answer from a file of a state is kept under, in place of a format."""
    return f"{OF_STATE}{manifest.key}"


class Shelf:
    """The folder that somebody builds in, this server or another process. None: there is none."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.key: str | None = None
        self._known: dict[str, Manifest] = {}

    def current(self) -> Manifest | None:
        """The newest complete state. Where `current` leads is looked up each time, no more."""
        key = manifests.current_key(self.folder) if self.folder else None
        return self._manifest(key) if key else None

    def sequences(self) -> list[int]:
        """The publications whose files are kept, the newest first."""
        kept = manifests.kept(self.folder) if self.folder else []
        return sorted({manifest.sequence for manifest in kept}, reverse=True)

    def of_sequence(self, sequence: int) -> Manifest | None:
        """The newest of the kept states that show this publication."""
        if self.folder is None:
            return None
        keys = [path.parent.name for path in self.folder.glob(f"{sequence}-*/{MANIFEST}")]
        found = [manifest for key in keys if (manifest := self._manifest(key))]
        return max(found, key=lambda manifest: manifest.built_at, default=None)

    def outdated(self, kept: str) -> bool:
        """Whether an answer that is kept under such a key is of a state before the current one."""
        return kept.startswith(OF_STATE) and kept != f"{OF_STATE}{self.key}"

    def follow(self) -> bool:
        """Whether there is another current state than when this was last asked."""
        before, self.key = self.key, manifests.current_key(self.folder) if self.folder else None
        return self.key != before

    def failure(self) -> Failure | None:
        """Of the last attempt to build, if it did not succeed."""
        return manifests.failure(self.folder) if self.folder else None

    def path(self, manifest: Manifest, name: str) -> Path:
        assert self.folder is not None  # a manifest was read from it
        return self.folder / manifest.key / name

    def _manifest(self, key: str) -> Manifest | None:
        """A state never changes: its manifest is read once, and forgotten with the next one."""
        assert self.folder is not None
        if key not in self._known and (found := manifests.read(self.folder / key)):
            self._known = {**dict(list(self._known.items())[-8:]), key: found}
        return self._known.get(key)
