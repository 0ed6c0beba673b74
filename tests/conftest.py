"""What all Python tests share. The build folder to test is in SPECTACLES_BUILD (default: build)."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
sys.path.insert(0, str(TESTS))
sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def build() -> Path:
    return (ROOT / os.environ.get("SPECTACLES_BUILD", "build")).resolve()
