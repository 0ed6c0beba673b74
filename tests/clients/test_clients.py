"""Clients that live on the real Discord, and the library, on the unpatched stand-in and through the same faults. See README.md.

CLIENTS=all tries all that can be had; without it the two quickest to build are tried, and the library."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from . import builds, known, table
from .run import Report, run

ALL = os.environ.get("CLIENTS") == "all"


def cases() -> list[Any]:
    """Name, encoding, compression, TLS. Over TLS each client is tried with what it would use by itself."""
    wanted = [("spectacles", builds.SPECTACLES), *((each.name, each.variants) for each in builds.CLIENTS.values() if ALL or each.name in builds.QUICKEST)]
    made = []
    for name, variants in wanted:
        made.append(pytest.param(name, *variants[0], True, id=f"{name}-{'-'.join(variants[0])}-tls"))
        made += [pytest.param(name, *variant, False, id=f"{name}-{'-'.join(variant)}") for variant in variants if ALL]
    return made


def command(name: str, compression: str, build: Path) -> list[str]:
    if name == "spectacles":
        return [str(build / "tests" / "clients" / "client_spectacles")]
    try:
        client = builds.CLIENTS[name]
        return client.start(builds.prepare(client, compression), compression)
    except builds.Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(("name", "encoding", "compression", "tls"), cases())
def test_nothing_is_lost_but_what_is_known(name: str, encoding: str, compression: str, tls: bool, build: Path, tmp_path: Path) -> None:
    report, said = run(name, command(name, compression, build), tmp_path, encoding, compression, tls)
    table.keep(name, f"{encoding} {compression}{' TLS' if tls else ''}", report)
    assert report.altered == [], "\n".join(said)
    assert report.disordered == [], "\n".join(said)
    assert surprises(name, report) == [], "\n".join(said)
    if name == "spectacles":
        assert [each.fault.name for each in report.outcomes if each.lost or each.repeated] == []


def surprises(name: str, report: Report) -> list[str]:
    found = [f"{each.fault.name}: lost {each.lost}" for each in report.outcomes if each.lost and not known.excuses_loss(name, each.fault.name)]
    found += [f"{each.fault.name}: {each.repeated} came twice" for each in report.outcomes
              if each.repeated and not known.reason(known.REPEATS, name, each.fault.name)]
    found += [f"{each.fault.name}: never came back" for each in report.outcomes if each.how == "stuck" and not known.reason(known.HANGS, name, each.fault.name)]
    return found + [f"violation: {each}" for each in report.violations if not known.reason(known.VIOLATES, name, each)]
