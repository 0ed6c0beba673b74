"""ETF and JSON held against Erlang's term_to_binary and binary_to_term, and against Discord's erlpack."""
from __future__ import annotations

import json
import random
import re
import struct
from typing import Any

import pytest
from standin import payloads
from support.framed import Codec, Oracle

TERMS = 1500
EXACT = 1 << 53


class Float(float):
    """A float that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Float:
        made = super().__new__(cls, text)
        made.text = text
        return made


def load(text: bytes) -> Any:
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", sorted(pairs, key=lambda pair: pair[0])), parse_float=Float)


def significant(text: str) -> str:
    return re.sub(r"e.*|[-.]", "", text.lower()).strip("0")


def check_floats(value: Any) -> None:
    """The shortest text that reads back, as Python's repr has it, and recognisably a float."""
    if isinstance(value, Float):
        assert significant(value.text) == significant(repr(float(value))), value.text
        assert "." in value.text, value.text
    elif isinstance(value, (list, tuple)):
        for each in value:
            check_floats(each)


def split(answer: bytes | None) -> tuple[bytes, bytes]:
    assert answer is not None
    (length,) = struct.unpack_from("<I", answer)
    return answer[4:4 + length], answer[4 + length:]


def as_etf(value: Any, exact: int = EXACT) -> Any:
    """What ETF keeps of a value: whole numbers beyond 2^53 come back as strings; from erlpack, beyond 32 bits."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) > exact else value
    if isinstance(value, list):
        return [as_etf(each, exact) for each in value]
    return {key: as_etf(each, exact) for key, each in value.items()}


def corpus() -> list[Any]:
    maker = payloads.Maker(7)
    return [make() for _, _, make in maker.makers() for _ in range(3)] + [maker.guild(40)]


@pytest.mark.parametrize("what", ["j", "d"], ids=["transcoder", "document"])
def test_terms_of_erlang_become_the_json_that_they_mean(codec: Codec, erlang: Oracle, what: str) -> None:
    for seed in range(TERMS):
        etf, expected = split(erlang.ask("g", struct.pack("<I", seed)))
        ours = load(codec.fine(what, etf))
        theirs = load(expected)
        assert (ours if what == "j" else big_as_text(ours)) == theirs, f"seed {seed}: {etf!r}"
        check_floats(ours)


def big_as_text(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) > EXACT else value
    return type(value)(big_as_text(each) for each in value)


@pytest.mark.parametrize("what", ["e", "t"], ids=["transcoder", "document"])
def test_erlang_reads_what_is_written(codec: Codec, erlang: Oracle, what: str) -> None:
    """Terms of Erlang's to JSON, from there to ETF again, and Erlang has the last word."""
    for seed in range(TERMS):
        etf, expected = split(erlang.ask("g", struct.pack("<I", TERMS + seed)))
        ours = codec.ask(what, codec.fine("j", etf))
        if ours[0] != 0:
            assert b"key twice" in ours[2], ours  # an atom and a binary of one name
            continue
        assert load(erlang.ask("j", ours[2]) or b"") == load(expected), f"seed {TERMS + seed}"


def test_terms_are_written_anew(codec: Codec, erlang: Oracle) -> None:
    for seed in range(TERMS // 4):
        etf, expected = split(erlang.ask("g", struct.pack("<I", 3 * TERMS + seed)))
        error, _, out = codec.ask("E", etf)
        if error == 0:
            assert load(erlang.ask("j", out) or b"") == load(expected), f"seed {3 * TERMS + seed}"
        else:
            assert b"key twice" in out


def test_compressed_terms_are_refused_and_inflated_on_request(codec: Codec, erlang: Oracle) -> None:
    for seed in range(50):
        etf, expected = split(erlang.ask("z", struct.pack("<I", seed)))
        assert etf[1] == 80
        error, position, reason = codec.ask("j", etf)
        assert (error, position) == (-11, 1) and b"compressed" in reason
        assert load(codec.fine("i", etf)) == load(expected)
        for broken in (etf[:-1], etf + b"x", etf[:2] + b"\xff\xff\xff\xff" + etf[6:], etf[:5] + bytes([etf[5] ^ 1]) + etf[6:]):
            assert codec.ask("i", broken)[0] == -5


def test_every_truncation_is_refused(codec: Codec, erlang: Oracle) -> None:
    for seed in range(15):
        etf, _ = split(erlang.ask("g", struct.pack("<I", 50000 + seed)))
        for length in range(min(len(etf), 1500)):
            assert codec.ask("j", etf[:length])[0] != 0, etf[:length]


def test_every_corruption_of_one_byte_is_an_error_or_a_value(codec: Codec, erlang: Oracle) -> None:
    """And where both Erlang and we see a value, it is the same one."""
    dice = random.Random(1)
    for seed in range(25):
        etf, _ = split(erlang.ask("g", struct.pack("<I", 60000 + seed)))
        for place in range(min(len(etf), 400)):
            wrong = bytearray(etf)
            wrong[place] ^= dice.randint(1, 255)
            error, _, out = codec.ask("j", bytes(wrong))
            codec.ask("d", bytes(wrong))
            codec.ask("s", bytes(wrong))
            if error == 0 and wrong[0] == 131:
                theirs = erlang.ask("j", bytes(wrong))
                assert theirs is None or load(out) == load(theirs), bytes(wrong)


def test_the_corpus_survives_both_round_trips(codec: Codec) -> None:
    for value in corpus():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        etf = codec.fine("e", text)
        assert json.loads(codec.fine("j", etf)) == as_etf(value)
        assert codec.fine("e", codec.fine("j", etf)) == codec.fine("e", json.dumps(as_etf(value)).encode())
        assert codec.fine("t", text) == etf, "a document writes what the transcoder writes"
        assert codec.fine("D", text) == codec.fine("J", text)


def test_envelopes_in_etf(codec: Codec) -> None:
    for value in corpus():
        payload = {"d": value, "op": 0, "s": 42, "t": "MESSAGE_CREATE"}
        assert json.loads(codec.fine("s", codec.fine("e", json.dumps(payload).encode()))) == as_etf(value)


def test_erlpack_reads_what_we_write(codec: Codec, erlpack: Oracle) -> None:
    for value in corpus():
        etf = codec.fine("e", json.dumps(value).encode())
        assert json.loads(erlpack.ask("u", etf) or b"") == as_etf(value, (1 << 31) - 1)


def test_we_read_what_erlpack_writes(codec: Codec, erlpack: Oracle) -> None:
    for value in corpus():
        etf = erlpack.ask("p", json.dumps(value).encode())
        assert etf is not None
        assert json.loads(codec.fine("j", etf)) == json.loads(erlpack.ask("u", etf) or b"")
        # erlpack writes whole numbers beyond 32 bits as floats: equal in value.
        assert json.loads(codec.fine("j", etf)) == value


def test_truncations_and_corruptions_of_erlpack(codec: Codec, erlpack: Oracle) -> None:
    dice = random.Random(2)
    for value in corpus()[:6]:
        etf = erlpack.ask("p", json.dumps(value).encode())
        assert etf is not None
        for length in range(min(len(etf), 2000)):
            assert codec.ask("j", etf[:length])[0] != 0
            wrong = bytearray(etf)
            wrong[length] ^= dice.randint(1, 255)
            error, _, out = codec.ask("j", bytes(wrong))
            if error == 0:
                json.loads(out)


def test_what_crashes_erlpack_is_refused(codec: Codec) -> None:
    """Discord's own decoder recurses: 600 kB of nested lists end its process."""
    nested = b"\x83" + b"l\x00\x00\x00\x01" * 120000 + b"j" * 120001
    error, _, reason = codec.ask("j", nested)
    assert error == -5 and b"deep" in reason
    for lie in (b"\x83l\xff\xff\xff\xff", b"\x83t\x7f\xff\xff\xff", b"\x83m\xff\xff\xff\xff", b"\x83o\xff\xff\xff\xff\x00", b"\x83i\xff\xff\xff\xff", b"\x83k\xff\xff"):
        error, _, reason = codec.ask("j", lie + b"a\x01" * 50)
        assert error == -5 and b"cut off" in reason, lie
