"""How a binding hangs itself in: README.md says what its programs do and print."""
from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Union

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# In order of the table of doc/bindings.md.
LANGUAGES = ("python", "go", "rust", "node", "luajit", "cpp")
BUILD_TIMEOUT = 1800  # seconds; a registry that does not answer


class Missing(Exception):
    """What a language needs and this machine has not."""


@dataclass(frozen=True)
class Place:
    """Where a language finds the library, and where it builds."""
    source: Path  # bindings/<language>
    folder: Path  # build/bindings/<language>: the language's own
    prefix: Path  # where the library is installed

    @property
    def environment(self) -> dict[str, str]:
        """What pkg-config, compilers and the loader need, when the library is installed outside the system's folders."""
        return {"PKG_CONFIG_PATH": str(self.prefix / "lib" / "pkgconfig"), "LD_LIBRARY_PATH": str(self.prefix / "lib")}

    def _digest(self) -> str:
        """Of the sources, and of the library that they are built against."""
        made = hashlib.sha256()
        ignored = {"node_modules", "target", "build", "dist", "__pycache__"}
        files = [path for path in sorted(self.source.rglob("*")) if path.is_file() and not ignored & set(path.relative_to(self.source).parts)]
        for path in [*files, self.prefix / "lib" / "libspectacles.so", self.prefix / "share" / "spectacles" / "spectacles.cdef"]:
            made.update(str(path).encode() + path.read_bytes())
        return made.hexdigest()

    def is_current(self) -> bool:
        """Whether what was built last is of these sources: a build that takes long need not be made again."""
        stamp = self.folder / "built"
        return stamp.exists() and stamp.read_text() == self._digest()

    def keep_current(self) -> None:
        (self.folder / "built").write_text(self._digest())

    def run(self, *command: Union[str, Path], cwd: Optional[Path] = None, **environment: str) -> str:
        """A step of the build. What it said is kept beside what it made."""
        words = [str(word) for word in command]
        try:
            done = subprocess.run(words, cwd=cwd or self.folder, env={**os.environ, **self.environment, **environment}, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False)
        except FileNotFoundError:
            raise Missing(f"{words[0]} is not there") from None
        except subprocess.TimeoutExpired:
            raise Missing(f"{' '.join(words[:3])} took over {BUILD_TIMEOUT} s") from None
        with (self.folder / "build.log").open("a") as log:
            log.write(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}\n")
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}\n{(done.stdout + done.stderr)[-4000:]}")
        return done.stdout


@dataclass(frozen=True)
class Peer:
    """What people of the language use today, for ./dev bench bindings. It is started and prints like `shard` and `consume`."""
    name: str
    command: list[str]  # the count comes behind it
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Binding:
    """How each program is started: the words in front of its arguments."""
    programs: dict[str, list[str]]
    environment: dict[str, str] = field(default_factory=dict)
    # Other ways of the binding, for ./dev bench bindings: a name, and the environment that chooses it.
    variants: dict[str, dict[str, str]] = field(default_factory=dict)
    shard_peer: Optional[Peer] = None
    consume_peer: Optional[Peer] = None

    def command(self, program: str, *arguments: object) -> list[str]:
        return [*self.programs[program], *map(str, arguments)]


def is_test() -> bool:
    """The peers are for the benchmark alone."""
    return "PYTEST_VERSION" in os.environ or "PYTEST_CURRENT_TEST" in os.environ


def first_block(source: Path) -> str:
    """The first block of code of the README."""
    return (source / "README.md").read_text().split("```", 2)[1].partition("\n")[2]


def place_of(language: str) -> Place:
    folder = ROOT / "build" / "bindings"
    made = Place(ROOT / "bindings" / language, folder / language, folder / "prefix")
    made.folder.mkdir(parents=True, exist_ok=True)
    return made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two processes build one language one after the other."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(language: str) -> Binding:
    place = place_of(language)
    if not (HERE / "languages" / f"{language}.py").exists():
        raise Missing("there is no such binding yet")
    if not (place.prefix / "lib" / "pkgconfig" / "spectacles.pc").exists():
        raise Missing(f"the library is not installed in {place.prefix}: ./dev test bindings does it")
    with alone(place.folder):
        return importlib.import_module(f"bindings.languages.{language}").build(place)  # type: ignore[no-any-return]
