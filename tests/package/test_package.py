"""The Debian packages, installed into a fresh Debian in a folder of its own (scripts/debian.sh), and started there."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

INSIDE = 'folder=$1 && shift && mount -t proc proc "$folder/proc" && exec chroot "$folder" "$@"'
OURS = ["libspectacles0", "libspectacles-dev", "spectacles-gateway"]


class System:
    """A Debian, which has the packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, *arguments: str, **environment: str) -> list[str]:
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **environment}
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh", str(self.folder), "env", "-i",
                *(f"{name}={value}" for name, value in settings.items()), *arguments]

    def run(self, *arguments: str, status: int = 0, **environment: str) -> str:
        done = subprocess.run(self.command(*arguments, **environment), capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def has(self, package: str) -> list[str]:
        return self.run("dpkg", "-L", package).splitlines()


@pytest.fixture(scope="module")
def system(root: Path) -> Iterator[System]:
    system = System(root / "build" / "package-system")
    packages = sorted((root / "build" / "package").glob("*.deb"))
    if not system.folder.is_dir() or not packages:
        pytest.skip("./dev test package makes the packages and the system")
    shutil.rmtree(system.folder / "packages", ignore_errors=True)
    (system.folder / "packages").mkdir()
    for package in packages:
        if "-dbgsym_" not in package.name:
            shutil.copy(package, system.folder / "packages")
    names = [f"/packages/{each.name}" for each in sorted((system.folder / "packages").iterdir())]
    system.run("apt-get", "install", "-y", "--no-install-recommends", "--reinstall", *names)
    yield system
    system.run("apt-get", "purge", "-y", *OURS)
    left = [path for path in ("etc/spectacles", "usr/bin/spectacles-gateway", "usr/include/spectacles") if (system.folder / path).exists()]
    assert not left


def test_each_package_has_what_it_is_for(system: System) -> None:
    library, development, gateway = map(system.has, OURS)
    assert any(path.endswith("/libspectacles.so.0") for path in library)
    assert any(path.endswith("/pkgconfig/spectacles.pc") for path in development) and "/usr/include/spectacles/gateway.h" in development
    assert "/usr/share/man/man3/spectacles_gateway_new.3.gz" in development
    assert {"/usr/bin/spectacles-gateway", "/usr/share/man/man8/spectacles-gateway.8.gz"} <= set(gateway)


def test_the_units_are_valid(system: System, tmp_path: Path) -> None:
    """By systemd-analyze of this machine, whose units they refer to; the program is that of the package."""
    program = "/usr/bin/spectacles-gateway"
    units = {"": tmp_path / "spectacles-gateway.service", "@": tmp_path / "spectacles-gateway@one.service"}
    for each, unit in units.items():
        text = (system.folder / f"usr/lib/systemd/system/spectacles-gateway{each}.service").read_text()
        assert f"ExecStart={program} " in text
        unit.write_text(text.replace(program, f"{system.folder}{program}"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units.values()], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "spectacles" in line], done.stderr


def test_what_a_person_has_to_mend_ends_it_with_78(system: System) -> None:
    assert "DISCORD_TOKEN" in system.run("spectacles-gateway", status=78)


def test_it_runs(system: System, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate = authority.issue("standin")
    shutil.copy(authority.ca, system.folder / "packages" / "ca.pem")
    sessions = system.folder / "packages" / "sessions"
    with RabbitNode(tmp_path / "rabbit") as rabbit, Standin(cert=certificate.cert, key=certificate.key, shards=1) as standin:
        settings = {"DISCORD_TOKEN": standin.token, "DISCORD_API_HOST": standin.api, "AMQP_URL": rabbit.url(), "DISCORD_INTENTS": "guilds",
                    "SSL_CERT_FILE": "/packages/ca.pem", "SESSION_FILE": "/packages/sessions"}
        gateway = Process(system.command("spectacles-gateway", **settings), dict(os.environ))
        standin.wait_ready(0, timeout=60)
        assert gateway.stop() == 0, gateway.said()
        assert sessions.stat().st_mode & 0o777 == 0o600
        assert standin.violations == []
