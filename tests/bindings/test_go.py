"""The module of bindings/go by Go's own measures: gofmt, vet, its tests with the race detector and with cgo's check of pointers, its documentation."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.rabbit import RabbitNode

from bindings.conftest import asked
from bindings.frame import Binding, Place, place_of
from bindings.languages.go import check_null, go

pytestmark = [pytest.mark.skipif("go" not in asked(), reason="go was not asked for"), pytest.mark.xdist_group("go")]


@pytest.fixture(scope="session")
def language() -> str:
    return "go"


@pytest.fixture
def place(binding: Binding) -> Place:
    """Built."""
    return place_of("go")


@pytest.fixture
def module(place: Place) -> Path:
    return place.folder / "workshop" / "module"


def sources(place: Place) -> list[Path]:
    return sorted(place.source.rglob("*.go"))


def test_the_layout(place: Place) -> None:
    told = subprocess.run(["gofmt", "-l", place.source, place.source.parent.parent / "tests" / "bindings" / "go"], capture_output=True, text=True, check=True)
    assert told.stdout == "", "gofmt -w lays it out"


def test_vet_has_nothing_to_say(place: Place, module: Path) -> None:
    go(place, module, "vet", "./...")


@pytest.fixture
def servers(place: Place, authority: Authority, standin: Standin, rabbit: RabbitNode, vhost: str) -> dict[str, str]:
    """Over TLS. Who runs the tests may not read the folders of root."""
    authorities = place.folder / "workshop" / "home" / "authorities.pem"
    authorities.write_bytes(authority.ca.read_bytes())
    authorities.chmod(0o644)
    return {"AMQP_URL": rabbit.url(vhost, tls=True, host="localhost"), "DISCORD_TOKEN": standin.token, "GATEWAY_URL": standin.url,
            "SSL_CERT_FILE": str(authorities)}


def test_the_tests_with_the_race_detector(place: Place, module: Path, servers: dict[str, str]) -> None:
    told = go(place, module, "test", "-race", "-count=1", "-timeout=4m", "-v", ".", **servers)
    assert "--- SKIP" not in told and "--- PASS: TestAGatewayWithoutABroker" in told, told


def test_no_pointer_to_memory_of_go_crosses(place: Place, module: Path, servers: dict[str, str]) -> None:
    """By cgo's own check. Go 1.19 makes it at run time, and Go 1.21 and later in a runtime that is built for it."""
    (minor,) = map(int, re.findall(r"go1\.(\d+)", go(place, module, "version"))[:1])
    check = {"GODEBUG": "cgocheck=2"} if minor < 21 else {"GOEXPERIMENT": "cgocheck2"}
    go(place, module, "test", "-count=1", "-timeout=4m", ".", **check, **servers)


def test_no_call_of_c_is_given_an_address_of_go(place: Place) -> None:
    """What C reads and writes is in memory of C: scratch, or the engine."""
    wrong = [f"{path.name}: {line.strip()}" for path in sources(place) for line in path.read_text().splitlines()
             if re.search(r"C\.(?:sgo|spectacles)_\w+\(.*&", line)]
    assert not wrong, wrong


def test_everything_is_documented(place: Place, module: Path) -> None:
    """Each exported function, method and type has a comment in front of it."""
    bare = []
    for path in [each for each in sources(place) if each.parent == place.source and not each.name.endswith("_test.go")]:
        lines = path.read_text().splitlines()
        for before, line in zip(lines, lines[1:]):
            found = re.match(r"(?:func (?:\(\w+ \*?[A-Z]\w*\) )?|type )([A-Z]\w*)", line)
            if found and found[1] not in ("String", "Error") and not before.startswith("//"):
                bare.append(f"{path.name}: {line}")
    assert not bare, bare
    assert "libspectacles for Go" in go(place, module, "doc", ".")


def test_the_module_needs_nothing_else(place: Place) -> None:
    text = (place.source / "go.mod").read_text()
    assert text.startswith("module spectacles\n") and "require" not in text and not (place.source / "go.sum").exists()


def test_what_is_built_as_root_is_built_by_nobody(place: Place, module: Path) -> None:
    """/dev/null is still the device."""
    check_null()
    assert shutil.which("go") and (module / "out").stat().st_uid == module.stat().st_uid
