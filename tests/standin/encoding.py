"""How payloads look on the wire: the encoding and the compression that a connection asked for in its URL."""
from __future__ import annotations

import json
import os
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any, Optional, Union

import zstandard

ENCODINGS = ("json", "etf")
COMPRESSIONS = (None, "zlib-stream", "zstd-stream")
LARGE = 256  # payload compression leaves alone what is smaller
EXACT = 1 << 53
WINDOW_LOG = 18  # of Discord's zstd: 256 kB
FLUSHED = b"\0\0\xff\xff"


class Undecodable(Exception):
    """What a client sent is no payload."""


class Erlang:
    """Encodes and decodes ETF with Erlang's own functions, in a process of its own that starts when it is needed."""

    def __init__(self) -> None:
        self._process: Optional[subprocess.Popen[bytes]] = None

    def stop(self) -> None:
        if self._process and self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.stdout.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _ask(self, what: bytes, data: bytes) -> bytes:
        if not self._process:
            script = Path(__file__).with_name("etf.escript")
            self._process = subprocess.Popen(["escript", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(what + struct.pack("<I", len(data)) + data)
        self._process.stdin.flush()
        how, length = struct.unpack("<cI", self._process.stdout.read(5))
        out = self._process.stdout.read(length)
        if how != b"+":
            raise Undecodable(out.decode(errors="replace"))
        return out

    def encode(self, value: Any) -> bytes:
        return self._ask(b"e", b"".join(_plain(value, "")))

    def encode_client(self, value: Any) -> bytes:
        """As a client has to write: every key and text a binary."""
        return self._ask(b"e", b"".join(_binaries(value)))

    def decode_any(self, term: bytes) -> str:
        """What we wrote ourselves."""
        return self._ask(b"a", term).decode()

    def decode(self, term: bytes) -> str:
        return self._ask(b"d", term).decode()


def _counted(tag: bytes, data: bytes) -> bytes:
    return tag + struct.pack("<I", len(data)) + data


def _plain(value: Any, key: str) -> list[bytes]:
    """As Discord's Erlang has it: ids mostly integers, keys mostly atoms, some values atoms."""
    if value is None or isinstance(value, bool):
        return [b"n" if value is None else b"t" if value else b"f"]
    if isinstance(value, int):
        return [_counted(b"i", str(value).encode())]
    if isinstance(value, float):
        return [b"d" + struct.pack("<d", value)]
    if isinstance(value, str):
        return [_text(value, key)]
    if isinstance(value, list):
        return [b"l" + struct.pack("<I", len(value)), *(part for each in value for part in _plain(each, key))]
    out = [b"m" + struct.pack("<I", len(value))]
    for name, each in value.items():
        out += [_key(name), *_plain(each, name)]
    return out


def _binaries(value: Any) -> list[bytes]:
    if isinstance(value, dict):
        pairs = [part for name, each in value.items() for part in (_counted(b"s", name.encode()), *_binaries(each))]
        return [b"m" + struct.pack("<I", len(value)), *pairs]
    if isinstance(value, list):
        return [b"l" + struct.pack("<I", len(value)), *(part for each in value for part in _binaries(each))]
    return [_counted(b"s", value.encode())] if isinstance(value, str) else _plain(value, "")


def _text(value: str, key: str) -> bytes:
    if key == "t" or (key in ("status", "session_type") and value):
        return _counted(b"a", value.encode())
    is_id = value.isascii() and value.isdigit() and value[0] != "0" and EXACT < int(value) < 1 << 64
    if is_id and int(value) % 4:
        return _counted(b"i", value.encode())
    return _counted(b"s", value.encode("utf-8", "surrogatepass"))


def _key(name: str) -> bytes:
    atom = name in ("op", "t", "s", "d") or (name.isidentifier() and name.isascii() and len(name) % 3)
    return _counted(b"a" if atom else b"s", name.encode())


class Wire:
    """The encoder and the compressor of one connection."""

    def __init__(self, erlang: Erlang, encoding: str, compression: Optional[str], zstd_frames: bool = False) -> None:
        """zstd_frames: each message is a whole zstd frame, where Discord's one frame goes on as long as the connection."""
        self.erlang = erlang
        self.encoding = encoding
        self.compression = compression
        self.compresses_payloads = False
        self._zlib = zlib.compressobj()
        self._zstd_frames = zstd_frames
        window = zstandard.ZstdCompressionParameters.from_level(3, window_log=WINDOW_LOG)
        self._zstd_compressor = zstandard.ZstdCompressor(compression_params=window)
        self._zstd = self._zstd_compressor.compressobj()

    def pack(self, text: str) -> Union[str, bytes]:
        """One payload, as one message."""
        data = self.erlang.encode(json.loads(text)) if self.encoding == "etf" else text.encode()
        if self.compression == "zlib-stream":
            return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        if self.compression == "zstd-stream":
            return self._in_zstd(data)
        if self.compresses_payloads and len(data) >= LARGE:
            return zlib.compress(data)
        return data if self.encoding == "etf" else text

    def _in_zstd(self, data: bytes) -> bytes:
        if self._zstd_frames:
            return self._zstd_compressor.compress(data)
        return self._zstd.compress(data) + self._zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def unpack(self, message: Union[str, bytes]) -> str:
        """What a client sent, as JSON text. Discord takes JSON in a binary message too: hikari sends all so."""
        if self.encoding == "etf":
            if isinstance(message, str):
                raise Undecodable("text, but ETF was asked for")
            return self.erlang.decode(message)
        return message.decode() if isinstance(message, bytes) else message
