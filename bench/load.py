"""The two load generators: wrk for servers, pgbench for the reference. A call is one short turn."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 4  # busy enough for one worker; more would only queue
LUA = Path(__file__).parent / "rotate.lua"

_TPS = re.compile(r"^tps = ([\d.]+) \(without initial", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


class WrongAnswer(Exception):  # noqa: N818 - reads as what happened
    """Something measured did not do what it was measured for. The bench fails."""


@dataclass(frozen=True)
class Turn:
    """What one turn came to; times in seconds, except of pgbench, which reports a rate only."""

    rate: float
    bytes_each: float = 0.0
    p50: float = 0.0
    p99: float = 0.0


def find_wrk() -> Path:
    found = shutil.which("wrk")
    if not found:
        raise FileNotFoundError("wrk is needed to measure. Debian, Ubuntu: apt-get install wrk")
    return Path(found)


def request(url: str, paths: Path, seconds: float, *, headers: Sequence[str] = ()) -> Turn:
    """Ask a server for the paths in a file in turn, for so long; longer, if it needs that."""
    for longer in (1, 4, 16):
        output = _wrk(url, paths, max(1, round(seconds * longer)), headers)
        if " requests=0 " not in output:
            break
    return read_wrk(output, url)


def _wrk(url: str, paths: Path, seconds: int, headers: Sequence[str]) -> str:
    command: list[str | Path] = [find_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += [part for header in headers for part in ("-H", header)]
    done = subprocess.run(
        [*command, "--timeout", "60s", "-s", LUA, url, "--", paths],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def read_wrk(output: str, url: str) -> Turn:
    line = next((line for line in output.splitlines() if line.startswith("RESULT ")), "")
    told = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
    if not told.get("requests"):
        raise WrongAnswer(f"{url} answered nothing:\n{output.strip()}")
    failed = {kind: told[kind] for kind in ("status", "socket", "timeout") if told[kind]}
    if failed:
        raise WrongAnswer(f"{url}: {failed} of {told['requests']} requests failed")
    return Turn(
        rate=told["requests"] / (told["microseconds"] / 1e6),
        bytes_each=told["bytes"] / told["requests"],
        p50=told["p50"] / 1e6,
        p99=told["p99"] / 1e6,
    )


def transact(
    pgbench: Path, url: str, script: Path, seconds: float, *, custom_plan: bool = False
) -> Turn:
    """Send a statement, prepared, with arguments at random, for so long."""
    plans = "force_custom_plan" if custom_plan else "auto"
    command: list[str | Path] = [
        pgbench,
        "--no-vacuum",
        "-M",
        "prepared",
        f"-c{CONNECTIONS}",
        "-j1",
    ]
    done = subprocess.run(
        [*command, f"-T{max(1, round(seconds))}", "-f", script, url],
        env={**os.environ, "PGOPTIONS": f"-c plan_cache_mode={plans}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(f"pgbench failed:\n{done.stderr.strip()}")
    return read_pgbench(done.stdout)


def read_pgbench(output: str) -> Turn:
    rate, failed = _TPS.search(output), _FAILED.search(output)
    if rate is None or (failed and failed[1] != "0"):
        raise WrongAnswer(f"pgbench reports failures:\n{output.strip()}")
    return Turn(rate=float(rate[1]))
