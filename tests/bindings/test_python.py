"""What is Python's own: its types, its packages, its declarations, and the second transport."""
from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import Process

from bindings.conftest import Bot, asked, lines, wait_lines
from bindings.frame import Binding, Place, place_of
from bindings.functions import declared

pytestmark = [pytest.mark.xdist_group("python"), pytest.mark.skipif("python" not in asked(), reason="Python was not asked for")]


@pytest.fixture(scope="session")
def language() -> str:
    return "python"


@pytest.fixture
def place(binding: Binding) -> Place:
    """Built."""
    return place_of("python")


def python(place: Place, program: str) -> str:
    """Without the library in the environment: the wheel has its own."""
    return place.run(place.folder / "venv" / "bin" / "python", "-c", program, cwd=place.folder / "fresh", LD_LIBRARY_PATH="")


def test_the_types_are_strict(place: Place, tmp_path: Path) -> None:
    if not shutil.which("mypy"):
        pytest.skip("mypy is not installed")
    files = ["spectacles", "examples/worker.py", "examples/gateway.py", "tests/programs.py"]
    done = subprocess.run(["mypy", "--strict", "--cache-dir", tmp_path, *files], cwd=place.source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_a_user_writes_is_typed(place: Place, tmp_path: Path) -> None:
    """The marker is in the wheel, and a mistake is seen."""
    if not shutil.which("mypy"):
        pytest.skip("mypy is not installed")
    (tmp_path / "bot.py").write_text("import spectacles\nname: int = spectacles.version()\n")
    command = ["mypy", "--strict", "--cache-dir", tmp_path / "cache", "--python-executable", place.folder / "venv" / "bin" / "python", tmp_path / "bot.py"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert 'expression has type "str", variable has type "int"' in done.stdout and "Found 1 error" in done.stdout, done.stdout


def test_the_declarations_are_current(root: Path, place: Place) -> None:
    """They are made of the installed headers when the extension is built."""
    known = set(json.loads(python(place, "import json; from spectacles._spectacles import lib; print(json.dumps(dir(lib)))")))
    assert set(declared(root)) <= known, sorted(set(declared(root)) - known)


def test_a_wheel_has_the_library_inside(place: Place) -> None:
    wheel = next((place.folder / "repaired").glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "manylinux" in wheel.name and any(name.startswith("spectacles.libs/libspectacles") for name in names), names
    assert "spectacles/py.typed" in names and "spectacles/_spectacles.pyi" in names
    mapped = python(place, "import spectacles; print(open('/proc/self/maps').read())")
    assert "spectacles.libs/libspectacles" in mapped and str(place.prefix) not in mapped


def test_a_source_package_builds(place: Place, tmp_path: Path) -> None:
    """Without the repository: what is in the package is enough."""
    source, out = tmp_path / "source", tmp_path / "out"
    shutil.copytree(place.source, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    place.run("/usr/bin/python3", "setup.py", "--quiet", "sdist", "--dist-dir", out, cwd=source)
    archive = next(out.glob("*.tar.gz"))
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"build_cffi.py", "pyproject.toml", "README.md", "examples/worker.py", "spectacles/py.typed"} <= names
    place.run(place.folder / "venv" / "bin" / "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out, archive, cwd=tmp_path)
    assert next(out.glob("*.whl"))


def test_without_the_library_a_sentence_says_so(place: Place, tmp_path: Path) -> None:
    done = subprocess.run(["/usr/bin/python3", place.source / "build_cffi.py"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_LIBDIR": str(tmp_path)},
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "libspectacles was not found: install it first" in done.stderr


def test_exceptions_carry_the_sentence(place: Place) -> None:
    told = python(place, """
import spectacles
for make in (lambda: spectacles.Shard("a b"), lambda: spectacles.Shard("t", url="https://x"), lambda: spectacles.Broker("amqp://h/?x=1"),
             lambda: spectacles.Gateway("t"), lambda: spectacles.Broker([])):
    try:
        make()
    except spectacles.InvalidError as error:
        print(error.name, isinstance(error, ValueError), str(error))
""").splitlines()
    assert len(told) == 5 and all(line.startswith("E_INVAL True ") and len(line) > 30 for line in told), told


def test_nobody_has_to_enter(place: Place) -> None:
    """`async with` closes in order; who only iterates or asks is served as well, and is cancelled as well."""
    told = python(place, """
import asyncio, spectacles
async def main():
    broker = spectacles.Broker("amqp://127.0.0.1:1")
    for work in (broker.consume("A").__anext__(), broker.publish("A", "1"), spectacles.Shard("t", url="ws://127.0.0.1:1").__anext__()):
        try:
            await asyncio.wait_for(work, 0.1)
        except asyncio.TimeoutError:
            print("waited", broker.state in ("CONNECTING", "BACKOFF"))
asyncio.run(main())
""").split("\n")
    assert told[:3] == ["waited True"] * 3, told


def test_a_name_that_is_looked_up_costs_nothing(place: Place) -> None:
    """The link tells of a name until it has the addresses: nobody turns round and round for that."""
    told = python(place, """
import asyncio, socket, spectacles
turns = 0
async def main():
    loop = asyncio.get_running_loop()
    soon = loop.call_soon
    def call_soon(*arguments, **named):
        global turns
        turns += 1
        return soon(*arguments, **named)
    async def slow(*arguments, **named):
        await asyncio.sleep(1)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    loop.call_soon, loop.getaddrinfo = call_soon, slow
    shard = spectacles.Shard("t", url="ws://discord.invalid")
    try:
        await asyncio.wait_for(shard.__anext__(), 0.9)
    except asyncio.TimeoutError:
        print(turns)
asyncio.run(main())
""")
    assert int(told) < 100, told


BOT_IN_ONE_PROCESS = """
import asyncio, os, spectacles
async def main():
    gateway = spectacles.Gateway(os.environ["DISCORD_TOKEN"], url=os.environ["GATEWAY_URL"], events=["MESSAGE_CREATE"])
    async with gateway:
        async for event in gateway:
            if event.type == "MESSAGE":
                ticket = gateway.send(0, 8, {"guild_id": event.json()["guild_id"], "query": "", "limit": 0})
                event.ack()
            elif event.type == "COMMAND_SENT" and event.ticket == ticket:
                print("SENT", gateway.stats()["confirmed"], gateway.event_counts()["MESSAGE_CREATE"], gateway.state() is not None, flush=True)
                gateway.set_token(os.environ["DISCORD_TOKEN"])
                gateway.stop()
asyncio.run(main())
"""


def test_a_bot_in_one_process(place: Place, authority: Authority, standin: Standin) -> None:
    """Without a broker: a message is acknowledged here, and a packet is sent from here."""
    environment = {"DISCORD_TOKEN": standin.token, "GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)}
    program = Process([place.folder / "venv" / "bin" / "python", "-c", BOT_IN_ONE_PROCESS], environment)
    standin.wait_ready(0, timeout=60 * PATIENCE)
    standin.dispatch(0, "MESSAGE_CREATE", {"id": "1", "guild_id": str(2 << 22)})
    assert wait_lines(program, "SENT") == [["SENT", "1", "1", "True"]]
    assert program.wait() == 0 and len(standin.received(0, 8)) == 1 and standin.violations == []


COPIES = """
import asyncio, os, spectacles
EVENTS = [("a", "4:a", 4), ("a", "8:a", 8), ("b", "8:b:1", 8), ("b", "8:b:2", 8), ("b", "4:b:1", 4), ("b", "4:b:2", 4)]
async def take(broker, key, messages):
    for event, message_id, shards in EVENTS:
        await broker.publish(key, event, message_id=message_id, headers={"shards": shards, "digest": event * 32})
    for message_id in ("4:a", "end"):
        await broker.publish(key, message_id, message_id=message_id)
    taken = []
    async for message in messages:
        taken.append(message)
        if message.message_id == "4:a":
            message.ack_all()
        if message.message_id == "end":
            break
    for message in taken:
        message.ack()
    print(key, *[message.message_id for message in taken], broker.stats()["acknowledged"], flush=True)
async def main():
    async with spectacles.Broker(os.environ["AMQP_URL"]) as broker:
        some, every = broker.consume("LEFT_OUT"), broker.consume("ALL", copies=True)
        await broker.ready()
        await take(broker, "LEFT_OUT", some)
        await take(broker, "ALL", every)
asyncio.run(main())
"""


def test_copies(place: Place, bot: Bot) -> None:
    """Of what was acknowledged, by ack_all() too, and of what another number of shards has brought, though it is still being worked on."""
    program = Process([place.folder / "venv" / "bin" / "python", "-c", COPIES], bot.environment)
    assert program.wait() == 0, program.said()
    assert [line.decode() for line in program.out] == ["LEFT_OUT 4:a 8:b:1 8:b:2 end 8", "ALL 4:a 8:a 8:b:1 8:b:2 4:b:1 4:b:2 4:a end 16"], program.said()


def test_the_worker_has_ten_lines(root: Path) -> None:
    text = (root / "bindings" / "python" / "examples" / "worker.py").read_text()
    body = text.partition("async def main() -> None:\n")[2].partition("\n\n\n")[0]
    assert len(body.splitlines()) <= 11, "what consumes, answers, and leaves copies out"


def test_asyncios_own_transport(bot: Bot, standin: Standin, answers: Callable[[], int], channel: Any) -> None:
    """Its sockets and its TLS under both engines, with a cut connection."""
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    program = bot.start("cancel", TRANSPORT="asyncio")
    assert wait_lines(program, "CANCELLED") == [["CANCELLED", "3"]]
    standin.drop(0, behind=[("MESSAGE_CREATE", json.dumps({"id": "1"}))])
    channel.basic_publish("gateway", "MESSAGE_CREATE", json.dumps({"id": "2"}))
    end = time.monotonic() + 60 * PATIENCE
    while not lines(program, "ALIVE"):
        answers()
        assert program.running() or lines(program, "ALIVE"), program.said()
        assert time.monotonic() < end, program.said()
        time.sleep(0.05)
    assert program.wait() == 0 and lines(program, "ALIVE") == [["ALIVE", "3"]] and standin.violations == []
