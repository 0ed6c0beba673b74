"""The order of the tests: the longest ones begin first, so that none of them is left over at the end, alone."""
from __future__ import annotations

import pytest


def seconds(item: pytest.Item) -> float:
    mark = item.get_closest_marker("takes")
    return float(mark.args[0]) if mark else 0.0


def spread(long: list[pytest.Item], short: list[pytest.Item]) -> list[pytest.Item]:
    """The short ones are dealt out behind the long ones: xdist gives each process several tests in a row, and only one of them is to be long."""
    return [each for place, one in enumerate(long) for each in (one, *short[place::len(long)])]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Behind what is left out by its mark."""
    long = sorted((each for each in items if seconds(each)), key=seconds, reverse=True)
    if long:
        items[:] = spread(long, [each for each in items if not seconds(each)])
