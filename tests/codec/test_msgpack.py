"""MessagePack held against npm's @msgpack/msgpack, which the JavaScript brokers use, and against msgpack for Python."""
from __future__ import annotations

import json
import random
import struct
from typing import Any

import msgpack
import pytest
from standin import payloads
from support.framed import Codec, Oracle

JSON, ETF, MSGPACK, WRAPPED = 1, 2, 3, 4
VALUES = 3000
EXACT = 1 << 53


@pytest.fixture(scope="module", autouse=True)
def supported(codec: Codec) -> None:
    if codec.convert(JSON, MSGPACK, b"\xc0")[0] == -11:
        pytest.skip("this build has no MessagePack")


def split(answer: bytes | None) -> tuple[bytes, bytes]:
    assert answer is not None
    (length,) = struct.unpack_from("<I", answer)
    return answer[4:4 + length], answer[4 + length:]


def same(ours: Any, theirs: Any) -> bool:
    """JavaScript has doubles only, and writes large ones without an exponent; of whole ones we make a text."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return isinstance(ours, bool) == isinstance(theirs, bool) and float(ours) == float(theirs)
    if isinstance(ours, str) and isinstance(theirs, (int, float)):
        return abs(int(ours)) > EXACT and float(ours) == float(theirs)
    return type(ours) is type(theirs) and ours == theirs


def corpus() -> list[Any]:
    maker = payloads.Maker(11)
    return [make() for _, _, make in maker.makers() for _ in range(3)] + [maker.guild(40)]


def test_what_npm_writes_is_the_json_that_it_means(codec: Codec, npm_msgpack: Oracle) -> None:
    for seed in range(VALUES):
        packed, expected = split(npm_msgpack.ask("g", struct.pack("<I", seed)))
        assert same(json.loads(codec.converted(JSON, MSGPACK, packed)), json.loads(expected)), f"seed {seed}: {packed[:200]!r}"


def test_npm_reads_what_is_written(codec: Codec, npm_msgpack: Oracle) -> None:
    """From JSON, from ETF, and from MessagePack itself."""
    for seed in range(VALUES):
        packed, expected = split(npm_msgpack.ask("g", struct.pack("<I", VALUES + seed)))
        value = json.loads(expected)
        ours = codec.converted(MSGPACK, JSON, expected)
        anew = codec.converted(MSGPACK, MSGPACK, packed)
        through = codec.converted(MSGPACK, ETF, codec.converted(ETF, MSGPACK, packed))
        for each in (ours, anew, through):
            assert same(json.loads(npm_msgpack.ask("u", each) or b""), value), f"seed {VALUES + seed}"
        assert len(anew) <= len(packed), "the smallest form of each"


def test_the_corpus_in_both_directions(codec: Codec, npm_msgpack: Oracle) -> None:
    for value in corpus():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        ours = codec.converted(MSGPACK, JSON, text)
        theirs = npm_msgpack.ask("p", text) or b""
        assert json.loads(npm_msgpack.ask("u", ours) or b"") == value
        assert json.loads(codec.converted(JSON, MSGPACK, theirs)) == value


def test_json_in_messagepack(codec: Codec, npm_msgpack: Oracle) -> None:
    for value in corpus():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        theirs = npm_msgpack.ask("p", json.dumps(text.decode()).encode()) or b""
        assert codec.converted(WRAPPED, JSON, text) == theirs
        assert codec.converted(JSON, WRAPPED, theirs) == codec.converted(JSON, 0, theirs) == text
        # The old specification, that of Go's codec, has one kind of text, and no heads of two bytes.
        assert codec.converted(JSON, WRAPPED, msgpack.packb(text, use_bin_type=False)) == text
        assert codec.converted(JSON, WRAPPED, msgpack.packb(text, use_bin_type=True)) == text


def test_every_truncation_is_refused(codec: Codec, npm_msgpack: Oracle) -> None:
    for seed in range(25):
        packed, _ = split(npm_msgpack.ask("g", struct.pack("<I", 50000 + seed)))
        for length in range(min(len(packed), 1500)):
            assert codec.convert(JSON, MSGPACK, packed[:length])[0] == -5, packed[:length]


def test_every_corruption_of_one_byte_is_an_error_or_a_value(codec: Codec, npm_msgpack: Oracle) -> None:
    """And where both see a value, it is the same one."""
    roll = random.Random(3)
    both = 0
    for seed in range(40):
        packed, _ = split(npm_msgpack.ask("g", struct.pack("<I", 60000 + seed)))
        for place in range(min(len(packed), 400)):
            wrong = bytearray(packed)
            wrong[place] ^= roll.randint(1, 255)
            error, _, out = codec.convert(JSON, MSGPACK, bytes(wrong))
            codec.convert(JSON, WRAPPED, bytes(wrong))
            codec.convert(ETF, 0, bytes(wrong))
            # What claims gigabytes is not for npm: it reserves them.
            if error == 0:
                theirs = npm_msgpack.ask("u", bytes(wrong))
                assert theirs is None or same(json.loads(out), json.loads(theirs)), bytes(wrong)
                both += theirs is not None
    assert both > 100


def random_value(roll: random.Random, depth: int) -> Any:
    kind = roll.randrange(8 if depth else 6)
    if kind < 3:
        return roll.choice([roll.randrange(1 << roll.randrange(1, 65)), -roll.randrange(1 << roll.randrange(1, 64))])
    if kind == 3:
        return roll.choice([None, True, False, 0.5, -1e300, 5e-324])
    if kind < 6:
        return "".join(roll.choice("ab\u00e4\U0001f600\0\"") for _ in range(roll.randrange(40)))
    if kind == 6:
        return [random_value(roll, depth - 1) for _ in range(roll.randrange(6))]
    return {str(roll.randrange(1000)): random_value(roll, depth - 1) for _ in range(roll.randrange(6))}


def quoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: quoted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [quoted(each) for each in value]
    big = isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT
    return str(value) if big else value


def test_python_and_we_agree_to_the_last_of_64_bits(codec: Codec) -> None:
    roll = random.Random(4)
    for _ in range(VALUES):
        value = random_value(roll, 4)
        packed = msgpack.packb(value)
        assert json.loads(codec.converted(JSON, MSGPACK, packed)) == quoted(value)
        assert codec.converted(MSGPACK, JSON, json.dumps(value).encode()) == packed, value
        assert codec.converted(MSGPACK, MSGPACK, packed) == packed
        assert msgpack.unpackb(codec.converted(MSGPACK, ETF, codec.converted(ETF, MSGPACK, packed))) == quoted(value)


def test_what_kills_others_is_refused(codec: Codec) -> None:
    nested = b"\x91" * 200000 + b"\xc0"
    error, _, reason = codec.convert(JSON, MSGPACK, nested)
    assert error == -5 and b"deep" in reason
    for lie in (b"\xdd\xff\xff\xff\xff", b"\xdf\x7f\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdc\xff\xff" * 1000):
        error, _, reason = codec.convert(JSON, MSGPACK, lie)
        assert error == -5 and b"cut off" in reason, lie
