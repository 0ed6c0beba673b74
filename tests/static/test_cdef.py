"""The interface as a binding sees it: constants, names and layouts, through the preprocessed headers."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

# enum -> the function that names its numbers, and the prefix that the names leave out
NAMED = {
    "spectacles_shard_state": ("spectacles_shard_state_name", "SPECTACLES_SHARD_"),
    "spectacles_shard_event_type": ("spectacles_shard_event_type_name", "SPECTACLES_SHARD_EVENT_"),
    "spectacles_gateway_bot_verdict": ("spectacles_gateway_bot_verdict_name", "SPECTACLES_GATEWAY_BOT_"),
    "spectacles_compression": ("spectacles_compression_name", "SPECTACLES_COMPRESSION_"),
    "spectacles_broker_state": ("spectacles_broker_state_name", "SPECTACLES_BROKER_"),
    "spectacles_broker_event_type": ("spectacles_broker_event_type_name", "SPECTACLES_BROKER_EVENT_"),
    "spectacles_call_failure": ("spectacles_call_failure_name", "SPECTACLES_CALL_"),
    "spectacles_relay_event_type": ("spectacles_relay_event_type_name", "SPECTACLES_RELAY_EVENT_"),
    "spectacles_format": ("spectacles_format_name", "SPECTACLES_FORMAT_"),
    "spectacles_error": ("spectacles_error_name", "SPECTACLES_"),
}


@pytest.fixture
def cdef(build: Path) -> Path:
    return build / "include" / "spectacles.cdef"


@pytest.fixture
def ffi(cdef: Path) -> Any:
    cffi = pytest.importorskip("cffi")
    made = cffi.FFI()
    made.cdef(cdef.read_text())
    return made


@pytest.fixture
def library(ffi: Any, build: Path) -> Any:
    return ffi.dlopen(str(build / "lib" / "libspectacles.so"))


def test_the_interface_loads_into_cffi(ffi: Any) -> None:
    assert ffi.sizeof("spectacles_problem") == 512


@pytest.mark.skipif(not shutil.which("luajit"), reason="luajit is not installed")
def test_the_interface_loads_into_luajit(cdef: Path, build: Path) -> None:
    script = f"""
        local ffi = require 'ffi'
        ffi.cdef(io.open('{cdef}'):read('*a'))
        local library = ffi.load('{build}/lib/libspectacles.so')
        assert(library.spectacles_never() == 0xffffffffffffffffULL)
        print(ffi.sizeof('spectacles_shard_config') == tonumber(library.spectacles_struct_size('spectacles_shard_config')))
    """
    done = subprocess.run(["luajit", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.stdout == "true\n", done.stderr


def test_a_binding_can_use_the_library(ffi: Any, library: Any) -> None:
    config = ffi.new("spectacles_shard_config *")
    library.spectacles_shard_config_init(config, ffi.sizeof("spectacles_shard_config"))
    texts = [ffi.new("char[]", b"token"), ffi.new("char[]", b"wss://gateway.discord.gg")]
    config.token, config.gateway_url, config.seed = texts[0], texts[1], 1
    shard = ffi.new("spectacles_shard **")
    assert library.spectacles_shard_new(shard, config, ffi.NULL) == 0
    event = library.spectacles_shard_next_event(shard[0], 1000)
    assert ffi.string(event.text) == b"gateway.discord.gg:443"
    assert library.spectacles_shard_event_text(event, ffi.NULL) == event.text, "the length is not always wanted"
    library.spectacles_shard_free(shard[0])


def test_a_binding_stores_a_state_without_a_file(ffi: Any, library: Any) -> None:
    config = ffi.new("spectacles_state_config *")
    library.spectacles_state_config_init(config, ffi.sizeof("spectacles_state_config"))
    texts = [ffi.new("char[]", each) for each in (b"token", b"session", b"wss://resume.test")]
    config.token, config.shard_count = texts[0], 2
    states, stored = [ffi.new("spectacles_state **") for _ in range(2)], ffi.new("spectacles_bytes **")
    assert [library.spectacles_state_new(each, config, ffi.NULL) for each in states] == [0, 0]
    assert library.spectacles_bytes_new(stored) == 0
    session = ffi.new("spectacles_session *", {"size": ffi.sizeof("spectacles_session"), "shard_id": 1, "shard_count": 2, "seq": 2**60,
                                               "session_id": texts[1], "resume_url": texts[2], "format": library.SPECTACLES_FORMAT_JSON})
    assert library.spectacles_state_set(states[0][0], 1, session, ffi.NULL, 0, 1767225600000) == 1
    assert library.spectacles_state_write(states[0][0], stored[0]) == 0
    row = bytes(ffi.buffer(library.spectacles_bytes_data(stored[0]), library.spectacles_bytes_length(stored[0])))
    found = ffi.new("spectacles_session *", {"size": ffi.sizeof("spectacles_session")})
    assert library.spectacles_state_read(states[1][0], row, len(row), 0, ffi.NULL) == 0
    assert library.spectacles_state_session(states[1][0], 1, found) == 1
    assert (found.seq, ffi.string(found.session_id), ffi.string(found.resume_url)) == (2**60, b"session", b"wss://resume.test")
    problem = ffi.new("spectacles_problem *")
    assert library.spectacles_state_read(states[1][0], row[:-9], len(row) - 9, 0, problem) == library.SPECTACLES_E_PROTO
    assert ffi.string(problem.text).startswith(b"it is torn")
    for each in states:
        library.spectacles_state_free(each[0])
    library.spectacles_bytes_free(stored[0])


def test_every_constant_is_seen_by_a_binding(root: Path, library: Any) -> None:
    """A macro is for C alone: what it says has to be an enum as well, or a function."""
    macros = {name for header in (root / "include/spectacles").glob("*.h")
              for name in re.findall(r"^#define (SPECTACLES_\w+) ", header.read_text(), re.MULTILINE)}
    assert macros == {"SPECTACLES_VERSION_MAJOR", "SPECTACLES_VERSION_MINOR", "SPECTACLES_VERSION_PATCH", "SPECTACLES_NEVER"}
    for name in macros - {"SPECTACLES_NEVER"}:
        assert isinstance(getattr(library, name), int)
    assert library.spectacles_never() == 2**64 - 1


def test_headers_and_build_agree_on_the_version(root: Path, library: Any) -> None:
    built = re.search(r"^  version: '(\d+)\.(\d+)\.(\d+)'", (root / "meson.build").read_text(), re.MULTILINE)
    assert built
    parts = tuple(getattr(library, f"SPECTACLES_VERSION_{part}") for part in ("MAJOR", "MINOR", "PATCH"))
    assert parts == tuple(int(part) for part in built.groups())
    assert library.spectacles_version() == parts[0] << 16 | parts[1] << 8 | parts[2]
    macros = re.findall(r"^#define SPECTACLES_VERSION_\w+ (\d+)", (root / "include/spectacles/types.h").read_text(), re.MULTILINE)
    assert tuple(int(macro) for macro in macros) == parts


def test_the_size_of_every_struct_can_be_asked_for(ffi: Any, library: Any) -> None:
    structs = [name for name in ffi.list_types()[0] if ffi.typeof(name).kind == "struct" and ffi.typeof(name).fields is not None]
    assert "spectacles_shard_config" in structs and "spectacles_header" in structs
    for name in structs:
        assert library.spectacles_struct_size(name.encode()) == ffi.sizeof(name), name
    assert library.spectacles_struct_size(b"spectacles_shard") == 0


@pytest.mark.parametrize("enum", NAMED)
def test_every_number_has_its_name(ffi: Any, library: Any, enum: str) -> None:
    function, prefix = NAMED[enum]
    numbers = ffi.typeof(f"enum {enum}").relements
    assert len(numbers) >= 3
    for name, number in numbers.items():
        assert ffi.string(getattr(library, function)(number)).decode() == name.removeprefix(prefix)
    for unknown in (max(numbers.values()) + 1, 1000):
        assert ffi.string(getattr(library, function)(unknown)) == b"UNKNOWN"


def test_errors_outside_the_enum_have_no_name(ffi: Any, library: Any) -> None:
    for number in (1, -1000, -2**31, 2**31 - 1):
        assert ffi.string(library.spectacles_error_name(number)) == b"UNKNOWN"


def test_rusts_declarations_have_the_fields_and_numbers_of_the_headers(ffi: Any, cdef: Path, root: Path) -> None:
    """bindgen, which writes them, runs in ./dev test bindings alone. This sees without it what has changed."""
    rust = (root / "bindings" / "rust" / "spectacles-sys" / "src" / "bindings.rs").read_text()
    structs = {name: re.findall(r"^    pub (\w+):", body, re.M) for name, body in re.findall(r"^pub struct (\w+) \{\n(.*?)^\}", rust, re.M | re.S)}
    numbers = {name: int(value) for name, value in re.findall(r"^pub const (\w+): \w+ = (-?\d+);", rust, re.M)}
    wrong = []
    for name in ffi.list_types()[1]:
        fields = ["type_" if field == "type" else field for field, _ in ffi.typeof(f"struct {name}").fields or []]  # a keyword of Rust
        if fields and structs.get(name) != fields:
            wrong.append(f"{name} has the fields {fields}, and in Rust {structs.get(name)}")
    for name in re.findall(r"\benum (\w+)\s*\{", cdef.read_text()):
        wrong += [f"{constant} is {number}, and in Rust {numbers.get(constant)}"
                  for number, constant in ffi.typeof(f"enum {name}").elements.items() if numbers.get(constant) != number]
    assert not wrong, "bindings/rust/generate.sh writes them anew: " + "; ".join(wrong)
