"""The folder that the code is in, and the scripts that are built there."""

from __future__ import annotations

from pathlib import Path

from commands.console import notes

ROOT = Path(__file__).parents[1]


def build_scripts(*, development: bool = False) -> None:
    """Bring web/dist up to date, in a checkout. Pages work without it, so nothing stops here."""
    if not (ROOT / "web" / "build.py").is_file():
        return
    from db.cluster import default_data_folder
    from web.build import CannotBuild, build

    try:
        build(default_data_folder(ROOT), progress=notes.print, development=development)
    except CannotBuild as error:
        notes.print(f"The scripts in web/ could not be built: {error}", style="yellow")
        notes.print("Pages work without them; what was built before stays in use.", style="yellow")
