"""Commands for who works on the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.checkout import ROOT, build_scripts
from commands.console import notes, progress, stop
from commands.signals import end_cleanly_on_signals

CONTRACT = ROOT / "openapi" / "openapi.json"

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)


def check_and_test(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to pytest.")] = None,
) -> None:
    """Check the code and run every test. With arguments: only the tests that pytest then picks."""
    build_scripts(development=True)
    tests = ("pytest", "-n", "auto", "--dist", "worksteal", *(arguments or ()))
    commands = (tests,) if arguments else (*CHECKS, tests)
    codes = []
    for command in commands:
        notes.print("$", *command, style="bold")
        codes.append(subprocess.call([sys.executable, "-m", *command], cwd=ROOT))
    raise typer.Exit(next((code for code in codes if code), 0))


def openapi(
    check: Annotated[bool, typer.Option(help="Only say whether the file is up to date.")] = False,
) -> None:
    """Write the API's contract to openapi/openapi.json."""
    import json

    from api.app import create_app
    from api.settings import Settings

    # Not from the environment: the contract is the same wherever it is written.
    contract = create_app(Settings.model_construct()).openapi()
    text = json.dumps(contract, indent=2, ensure_ascii=False) + "\n"
    if not check:
        CONTRACT.parent.mkdir(exist_ok=True)
        CONTRACT.write_text(text, encoding="utf-8")
    elif CONTRACT.read_text(encoding="utf-8") != text:
        stop("openapi/openapi.json is out of date; run ./quartier openapi")


def bench(
    offerings: Annotated[
        int | None, typer.Option(min=200, help="How many to generate; 100000 if not given.")
    ] = None,
    indicators: Annotated[
        int | None,
        typer.Option(min=0, help="How many, of 61 districts and 15 years; 200 if not given."),
    ] = None,
    against: Annotated[
        int | None,
        typer.Option(min=200, help="Measure only how much faster so many, fewer, are answered."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A case to measure; repeat it for several.")
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Turns of each contestant, a case; 5 if not given.")
    ] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round of a second, 1000 offerings, 12 indicators.")
    ] = False,
    peers: Annotated[bool, typer.Option(help="Measure other servers beside this one.")] = True,
    data: Annotated[
        Path | None, typer.Option(help="Folder of databases; `bench` in that of the private one.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables to this file as well.")
    ] = None,
) -> None:
    """Measure this server beside others on generated offerings; prints ratios with their spread."""
    if not (ROOT / "bench").is_dir():
        stop("this installation has no bench/: use a checkout")
    from bench.load import WrongAnswer
    from bench.report import markdown as tables
    from bench.run import CASES, Order, run
    from db.cluster import default_data_folder

    end_cleanly_on_signals()
    order = Order(
        folder=(data or default_data_folder(ROOT) / "bench").absolute(),
        offerings=offerings or (1_000 if quick else 100_000),
        indicators=(12 if quick else 200) if indicators is None else indicators,
        against=against,
        only=tuple(only or ()),
        rounds=1 if quick else rounds,
        seconds=1 if quick else 3,
        warm_up=0 if quick else 1,
        peers=peers,
    )
    if unknown := set(order.only) - set(CASES):
        stop(f"no such case: {', '.join(sorted(unknown))}. There are: {', '.join(CASES)}")
    try:
        with progress("Measuring") as detail:
            results = run(order, progress=detail)
    except (WrongAnswer, ChildProcessError, FileNotFoundError) as error:
        stop(str(error))
    if markdown:
        markdown.write_text(tables(results), encoding="utf-8")
    typer.echo(tables(results))
