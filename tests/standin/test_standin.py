"""The stand-in keeps Discord's rules: tried with a client that is neither ours nor its own."""
from __future__ import annotations

import asyncio
import json
import ssl
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any, Iterator

import pytest
import websockets
import zstandard
from standin.certs import Authority
from standin.client import IDENTIFY, Client, Frames, closes, ready, refusal, resume, run
from standin.connection import split_flushed
from standin.limits import Identifies
from standin.payloads import ODD, corpus, large_guild, one_of_each
from standin.standin import Standin
from standin.encoding import Erlang

@pytest.fixture
def standin() -> Iterator[Standin]:
    with Standin(identify_window=0.0) as made:
        yield made


@pytest.mark.parametrize(("code", "identified", "payloads"), [
    (4001, True, [{"op": 99, "d": {}}]),
    (4002, True, ["{"]),
    (4002, True, [b"\x83"]),
    (4002, True, [json.dumps({"op": 3, "d": {"x": "y" * 4096}})]),
    (4002, True, [{"op": 3}]),
    (4002, True, [{"op": 3, "d": {"since": None, "activities": None, "status": "online", "afk": False}}]),
    (4002, True, [{"op": 3, "d": {"since": None, "activities": [{"name": "x"}], "status": "online", "afk": False}}]),
    (4002, True, [{"op": 3, "d": {"since": None, "activities": [], "status": "onlin", "afk": False}}]),
    (4002, True, [{"op": 31, "d": {"guild_ids": None}}]),
    (4002, False, [{"op": 2, "d": {**IDENTIFY, "presence": {"activities": None}}}]),
    (4002, True, ["[" * 4000]),
    (4002, False, [{"op": 2, "d": {"token": "test.token", "intents": 0}}]),
    (4003, False, [{"op": 3, "d": {}}]),
    (4004, False, [{"op": 2, "d": {**IDENTIFY, "token": "wrong"}}]),
    (4005, True, [{"op": 2, "d": IDENTIFY}]),
    (4008, True, [{"op": 1, "d": 1}] * 121),
    (4010, False, [{"op": 2, "d": {**IDENTIFY, "shard": [2, 2]}}]),
    (4013, False, [{"op": 2, "d": {**IDENTIFY, "intents": -1}}]),
    (4013, False, [{"op": 2, "d": {**IDENTIFY, "intents": 1 << 30}}]),
])
def test_violations_close_with_their_code(standin: Standin, code: int, identified: bool, payloads: list[Any]) -> None:
    assert closes(standin, *payloads, identified=identified) == code
    assert [each["code"] for each in standin.violations] == [code]


def test_intents_and_sharding_on_demand(standin: Standin) -> None:
    standin.disallowed_intents = 1
    assert closes(standin, {"op": 2, "d": IDENTIFY}, identified=False) == 4014
    standin.disallowed_intents = 0
    standin.sharding_required = 3
    assert closes(standin, {"op": 2, "d": IDENTIFY}, identified=False) == 4011


@pytest.mark.parametrize("version", ["", "?v=5", "?v=8", "?v=11", "?v=ten"])
def test_a_wrong_version(standin: Standin, version: str) -> None:
    assert run(standin, lambda client: client.close_code(), f"{version or '?x=1'}&encoding=json") == 4012


@pytest.mark.parametrize("version", [9, 10])
def test_both_living_versions_are_served(standin: Standin, version: int) -> None:
    assert run(standin, ready, f"?v={version}&encoding=json")["d"]["v"] == version


def test_other_encodings_are_refused(standin: Standin) -> None:
    for query in ("?v=10&encoding=bert", "?v=10&encoding=json&compress=gzip"):
        assert refusal(standin, query)[0] == 400


def test_heartbeats_are_answered_and_missed_ones_noticed() -> None:
    with Standin(heartbeat_interval=100) as standin:
        standin.heartbeat_grace = 0.1

        async def talk(client: Client) -> int:
            await client.hear(10)
            await client.say(1, None)
            await client.hear(11)
            return await client.close_code()

        assert run(standin, talk) == 4009


def test_identifies_too_fast_are_invalid_sessions_after_a_while() -> None:
    with Standin(identify_window=60, identify_refusal=0.5) as standin:
        run(standin, ready)

        async def talk(client: Client) -> Any:
            await client.hear(10)
            began = time.monotonic()
            await client.say(2, IDENTIFY)
            answer = (await client.hear(9))["d"]
            return answer, time.monotonic() - began

        answer, after = run(standin, talk)
        assert answer is False and after >= 0.5
        assert standin.violations[0]["reason"] == "identified too fast"


def test_an_identify_that_came_too_early_does_not_begin_the_window_again() -> None:
    identifies = Identifies(Standin(identify_window=5.0))
    assert identifies.allows(0, 100.0)
    assert not identifies.allows(0, 102.5)
    assert identifies.allows(0, 103.5)


def test_a_session_is_replayed_until_it_is_ended(standin: Standin) -> None:
    async def talk(client: Client, code: int) -> str:
        session = (await ready(client))["d"]["session_id"]
        await client.socket.close(code)
        return str(session)

    session = run(standin, lambda client: talk(client, 4000))
    standin.dispatch_many(0, [("A", "{}"), ("B", "{}")])
    assert resume(standin, session, 1) == ["A", "B", "RESUMED"]
    assert resume(standin, session, 2) == ["B", "RESUMED"]
    assert resume(standin, "unknown", 1) == ["op 9 False"]
    session = run(standin, lambda client: talk(client, 1000))
    standin.wait_for(lambda: not standin.session(0).alive, 10)
    assert resume(standin, session, 1) == ["op 9 False"]


@pytest.mark.parametrize("what", ["expiry", "limit"])
def test_a_session_that_was_away_too_long_is_gone(standin: Standin, what: str) -> None:
    async def first(client: Client) -> str:
        session_id = str((await ready(client))["d"]["session_id"])
        client.socket.transport.abort()  # with a close code it would have ended the session
        return session_id

    async def again(client: Client) -> Any:
        await client.hear(10)
        await client.say(6, {"token": "test.token", "session_id": session, "seq": 1})
        return (await client.hear(9))["d"]

    session = run(standin, first)
    standin.wait_for(lambda: standin.count("closed") == 1)
    if what == "expiry":
        standin.session_expiry = 0.0
    else:
        standin.set(replay_limit=2, too_old="invalid")
        standin.dispatch_many(0, [("MESSAGE_CREATE", "{}")] * 3)
    assert run(standin, again) is False
    assert standin.session(0).ended_by == "expiry"


def test_a_sequence_that_was_never_sent_and_one_that_is_too_old(standin: Standin) -> None:
    async def talk(client: Client) -> str:
        session = (await ready(client))["d"]["session_id"]
        await client.socket.close(4000)
        return str(session)

    session = run(standin, talk)
    assert closes(standin, {"op": 6, "d": {"token": "test.token", "session_id": session, "seq": 99}}, identified=False) == 4007
    standin.replay_limit = 1
    standin.dispatch_many(0, [("MESSAGE_CREATE", "{}")] * 3)
    assert closes(standin, {"op": 6, "d": {"token": "test.token", "session_id": session, "seq": 1}}, identified=False) == 4007
    assert resume(standin, session, 1) == ["op 9 False"], "and it is gone"


def test_members_are_answered_by_the_shard_of_the_guild(standin: Standin) -> None:
    async def talk(client: Client) -> Any:
        await ready(client)
        for guild in (*standin.guilds(1, 2, 1), *standin.guilds(0, 2, 1)):
            await client.say(8, {"guild_id": str(guild), "query": "", "limit": 0, "nonce": "n"})
        return (await client.hear(0, "GUILD_MEMBERS_CHUNK"))["d"]

    chunk = run(standin, talk)
    assert chunk["guild_id"] == str(standin.guilds(0, 2, 1)[0]) and chunk["nonce"] == "n"
    assert standin.count("wrong_shard") == 1


def test_dispatches_go_out_byte_for_byte(standin: Standin) -> None:
    events = [("X", odd) for odd in ODD] + [large_guild(1), *corpus(1, 200)]

    async def talk(client: Client) -> list[str]:
        await ready(client)
        await asyncio.to_thread(standin.dispatch_many, 0, events)
        return [await asyncio.wait_for(client.socket.recv(), 10) for _ in events]

    for sequence, ((name, data), text) in enumerate(zip(events, run(standin, talk)), 2):
        assert text == f'{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}'


def test_gateway_bot(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("good")
    context = ssl.create_default_context(cafile=str(authority.ca))
    with Standin(cert=certificate.cert, key=certificate.key, shards=7, max_concurrency=3) as standin:
        url = f"https://{standin.api}/api/v10/gateway/bot"
        request = urllib.request.Request(url, headers={"Authorization": "Bot test.token"})
        answer = json.loads(urllib.request.urlopen(request, context=context, timeout=10).read())
        assert answer["shards"] == 7 and answer["session_start_limit"]["max_concurrency"] == 3 and answer["url"] == standin.url
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, context=context, timeout=10)
        assert refused.value.code == 401
        for path, status in (("v9/gateway/bot", 200), ("v9/users/@me", 200), ("v10/oauth2/applications/@me", 200), ("v8/gateway/bot", 404)):
            request = urllib.request.Request(f"https://{standin.api}/api/{path}", headers={"Authorization": "Bot test.token"})
            if status == 200:
                assert json.loads(urllib.request.urlopen(request, context=context, timeout=10).read())
                continue
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, context=context, timeout=10)
            assert refused.value.code == status


def test_payloads_are_json_and_the_same_for_a_seed() -> None:
    events = [*one_of_each(3), *corpus(3, 500)]
    for _, data in events:
        json.loads(data)
    assert events == [*one_of_each(3), *corpus(3, 500)]
    assert 900 < sum(len(data.encode()) for _, data in corpus(5, 5000)) / 5000 < 1500


# ---- Encodings and compressions ----


class Decoder:
    """Undoes what the stand-in does, with zlib, zstandard and Erlang."""

    def __init__(self, encoding: str, compression: str | None) -> None:
        self.erlang = Erlang() if encoding == "etf" else None
        self.zlib = zlib.decompressobj()
        self.zstd = zstandard.ZstdDecompressor().decompressobj()
        self.compression = compression
        self.held = b""

    def payload(self, message: str | bytes) -> Any:
        if isinstance(message, str):
            return json.loads(message)
        data = message
        if self.compression == "zlib-stream":
            self.held += message
            if not self.held.endswith(b"\0\0\xff\xff"):
                return None
            data, self.held = self.zlib.decompress(self.held), b""
        elif self.compression == "zstd-stream":
            data = self.zstd.decompress(message)
        elif self.compression == "payload":
            data = zlib.decompress(message)
        return json.loads(self.erlang.decode_any(data) if self.erlang else data)

    def stop(self) -> None:
        if self.erlang:
            self.erlang.stop()


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize(("encoding", "compression"), [("json", None), ("json", "zlib-stream"), ("json", "zstd-stream"), ("json", "payload"),
                                                       ("etf", None), ("etf", "zlib-stream"), ("etf", "zstd-stream")])
def test_every_encoding_and_compression(standin: Standin, encoding: str, compression: str | None, pieces: int) -> None:
    standin.pieces = standin.fragments = pieces
    decoder = Decoder(encoding, compression)

    async def hear(client: Client, name: str) -> Any:
        while True:
            payload = decoder.payload(await asyncio.wait_for(client.socket.recv(), 10))
            if payload and payload["t"] == name:
                return payload["d"]

    async def talk(client: Client) -> None:
        identify = {"op": 2, "d": {**IDENTIFY, "compress": compression == "payload"}}
        await client.socket.send(standin_encode(standin, identify) if encoding == "etf" else json.dumps(identify))
        session = (await hear(client, "READY"))["session_id"]
        assert session == standin.session(0).session_id
        for number in range(5):
            await asyncio.to_thread(standin.dispatch, 0, "MESSAGE_CREATE", {"content": f"Grüße {number}", "id": str(10**18 + number), "list": [1, 2], "big": "x" * 500})
            got = await hear(client, "MESSAGE_CREATE")
            assert (got["content"], int(got["id"]), got["list"]) == (f"Grüße {number}", 10**18 + number, [1, 2])

    transport = f"&compress={compression}" if compression and compression != "payload" else ""
    run(standin, talk, f"?v=10&encoding={encoding}{transport}")
    decoder.stop()


def standin_encode(standin: Standin, payload: Any) -> bytes:
    """As a client has to: keys as binaries."""
    erlang = Erlang()
    try:
        return erlang.encode_client(payload)
    finally:
        erlang.stop()


def test_etf_clients_are_held_to_the_rules(standin: Standin) -> None:
    erlang = Erlang()

    def closed_with(message: str | bytes) -> int:
        async def talk(client: Client) -> int:
            await client.socket.send(message)
            return await client.close_code()

        return int(run(standin, talk, "?v=10&encoding=etf"))

    compressed = b"\x83P" + (10).to_bytes(4, "big") + zlib.compress(b"j")
    behind = erlang.encode_client({"op": 1, "d": None}) + b"x"
    long = erlang.encode_client({"op": 1, "d": "x" * 4096})
    for message in ('{"op":1,"d":null}', b"\x83", compressed, behind, long, erlang.encode({"op": 1, "d": None})):
        assert closed_with(message) == 4002
    erlang.stop()


@pytest.mark.parametrize("query", ["encoding=json&compress=zlib-stream", "encoding=json&compress=zstd-stream", "encoding=etf"])
def test_payload_compression_is_ignored_beside_another(standin: Standin, query: str) -> None:
    decoder = Decoder(query[9:].split("&")[0], query.partition("compress=")[2] or None)

    async def talk(client: Client) -> str:
        identify = {"op": 2, "d": {**IDENTIFY, "compress": True}}
        await client.socket.send(standin_encode(standin, identify) if "etf" in query else json.dumps(identify))
        while not (payload := decoder.payload(await client.socket.recv())) or payload["t"] != "READY":
            pass
        return str(payload["d"]["session_id"])

    assert run(standin, talk, f"?v=10&{query}") == standin.session(0).session_id
    decoder.stop()
    assert standin.violations == []


@pytest.mark.parametrize("answer", ["refused", "compressed"])
def test_payload_compression_of_etf_is_anybodys_guess(standin: Standin, answer: str) -> None:
    standin.etf_compress = answer

    async def talk(client: Client) -> Any:
        await client.socket.recv()
        await client.socket.send(standin_encode(standin, {"op": 2, "d": {**IDENTIFY, "compress": True}}))
        return await client.close_code() if answer == "refused" else zlib.decompress(await client.socket.recv())[0]

    assert run(standin, talk, "?v=10&encoding=etf") == (4002 if answer == "refused" else 131)


def test_a_flushed_message_ends_in_its_last_piece_only() -> None:
    mark = b"\0\0\xff\xff"
    for size in range(20):
        for count in range(1, 12):
            for data in (bytes(size) + mark, mark * size + mark):
                pieces = split_flushed(data, count)
                assert b"".join(pieces) == data and all(pieces) and len(pieces) <= count
                assert pieces[-1].endswith(mark)
                assert not any(b"".join(pieces[:each]).endswith(mark) for each in range(1, len(pieces)))


def test_fragments_have_a_ping_in_between(standin: Standin) -> None:
    standin.fragments = 3
    with Frames(standin) as frames:
        seen = [frames.next()[:2] for _ in range(3)]
        assert seen == [(False, 1), (True, 9), (False, 0)]
        while frames.next()[:2] != (True, 0):
            pass


def test_pings_are_spread(standin: Standin) -> None:
    standin.set(fragments=3, ping_gap=3600)
    with Frames(standin) as frames:
        frames.send(json.dumps({"op": 2, "d": IDENTIFY}))
        standin.wait_ready(0)
        standin.dispatch_many(0, [("X", '"0123456789"')] * 50 + [("LAST", "0")])
        opcodes, text = [], b""
        while b'"LAST"' not in text:
            _, opcode, data = frames.next()
            opcodes.append(opcode)
            text = (text + data)[-200:]
    assert opcodes.count(9) == 1


def test_the_window_of_zstd_is_discords(standin: Standin) -> None:
    async def talk(client: Client) -> bytes:
        return bytes(await asyncio.wait_for(client.socket.recv(), 10))

    first = run(standin, talk, "?v=10&encoding=json&compress=zstd-stream")
    assert zstandard.get_frame_parameters(first).window_size == 1 << 18


def test_erlang_ends_with_the_standin() -> None:
    with Standin() as standin:
        run(standin, lambda client: client.socket.recv(), "?v=10&encoding=etf")
        child = standin._erlang._process
        assert child and child.poll() is None
    assert child.returncode == 0
