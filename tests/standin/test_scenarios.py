"""What Discord does on bad days, and what nobody knows of it: each scenario and each setting, tried with an independent client."""
from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import websockets
import zstandard
from standin.client import IDENTIFY, Client, closes, ready, refusal, resume, run
from standin.limits import Members, Sending
from standin.payloads import long_message, members_chunk, one_of_each
from standin.plans import Plan
from standin.settings import Settings
from standin.standin import Standin


@pytest.fixture
def standin() -> Iterator[Standin]:
    with Standin(identify_window=0.0) as made:
        yield made


def session_of(standin: Standin, **settings: Any) -> str:
    """A session that is left with a close code that keeps it."""
    standin.set(**settings)

    async def talk(client: Client) -> str:
        session = str((await ready(client))["d"]["session_id"])
        await client.socket.close(4000)
        return session

    session = str(run(standin, talk))
    standin.wait_for(lambda: standin.session(0).connection is None)
    return session


def resuming(session: str, seq: int = 1, **changes: Any) -> dict[str, Any]:
    return {"op": 6, "d": {"token": "test.token", "session_id": session, "seq": seq, **changes}}


async def hears(client: Client) -> list[str]:
    """All that is still to come, in short."""
    heard = []
    try:
        while True:
            payload = json.loads(await asyncio.wait_for(client.socket.recv(), 10))
            heard.append(payload["t"] if payload["op"] == 0 else f"op {payload['op']}")
    except websockets.ConnectionClosed:
        return heard


# ---- who may come in ----


def test_a_token_may_have_bot_before_it(standin: Standin) -> None:
    async def talk(client: Client) -> str:
        session = str((await ready(client, token="Bot test.token"))["d"]["session_id"])
        await client.socket.close(4000)
        return session

    session = run(standin, talk)

    async def again(client: Client) -> None:
        await client.say(**resuming(session, token="Bot test.token"))
        await client.hear(0, "RESUMED")

    run(standin, again)
    assert closes(standin, {"op": 2, "d": {**IDENTIFY, "token": "Bot"}}, identified=False) == 4004


def test_json_may_come_in_binary_messages(standin: Standin) -> None:
    async def talk(client: Client) -> None:
        await client.socket.send(json.dumps({"op": 2, "d": IDENTIFY}).encode())
        await client.hear(0, "READY")

    run(standin, talk)
    assert standin.violations == []


def test_the_user_of_ready_is_whole(standin: Standin) -> None:
    user = run(standin, ready)["d"]["user"]
    assert {"id", "username", "discriminator", "avatar", "global_name", "bot"} <= set(user)


def test_a_resume_with_a_wrong_token_is_an_invalid_session(standin: Standin) -> None:
    session = session_of(standin)

    async def talk(client: Client) -> Any:
        await client.say(**resuming(session, token="wrong"))
        return (await client.hear(9))["d"]

    assert run(standin, talk) is False
    assert resume(standin, session, 1) == ["RESUMED"], "the session is its owner's all the same"


@pytest.mark.parametrize("replaced", ["closed", "kept"])
def test_a_session_that_is_resumed_on_a_second_connection(standin: Standin, replaced: str) -> None:
    standin.set(replaced=replaced, replaced_code=4009)

    async def hear_number(number: int, *clients: Client) -> None:
        standin.dispatch(0, "NUMBER", str(number))
        assert [(await client.hear(0, "NUMBER"))["d"] for client in clients] == [number] * len(clients)

    async def talk(first: Client) -> None:
        session = (await ready(first))["d"]["session_id"]
        async with websockets.connect(f"{standin.url}/?v=10&encoding=json", compression=None) as socket:
            second = Client(socket)
            await second.say(**resuming(session))
            await second.hear(0, "RESUMED")
            if replaced == "closed":
                assert await first.close_code() == 4009
            await hear_number(1, second, *[first] * (replaced == "kept"))
        standin.wait_for(lambda: standin.count("closed") == (2 if replaced == "closed" else 1))
        if replaced == "kept":  # the first one goes on alone
            await hear_number(2, first)

    run(standin, talk)
    assert standin.count("ready") == standin.count("resumed") == 1 and standin.violations == []


def test_a_presence_may_have_to_be_whole(standin: Standin) -> None:
    of_discordgo = {"since": 0, "game": {"name": "", "type": 0}, "status": "", "afk": False}
    run(standin, lambda client: ready(client, presence=of_discordgo))
    standin.strict_presence = True
    for identified, op in ((False, {"op": 2, "d": {**IDENTIFY, "presence": of_discordgo}}), (True, {"op": 3, "d": {"status": "online"}})):
        assert closes(standin, op, identified=identified) == 4002


# ---- op 9 ----


def test_behind_op_9_one_identifies_on_the_same_connection(standin: Standin) -> None:
    async def talk(client: Client) -> tuple[str, str]:
        old = (await ready(client))["d"]["session_id"]
        await asyncio.to_thread(standin.invalidate, 0, False)
        await client.hear(9)
        await client.say(2, IDENTIFY)
        return old, (await client.hear(0, "READY"))["d"]["session_id"]

    old, new = run(standin, talk)
    assert old != new and standin.violations == []


def test_behind_op_9_one_resumes_on_the_same_connection(standin: Standin) -> None:
    async def talk(client: Client) -> list[str]:
        session = (await ready(client))["d"]["session_id"]
        await asyncio.to_thread(standin.invalidate, 0, True)
        await client.hear(9)
        await asyncio.to_thread(standin.dispatch, 0, "MISSED", "1")
        await client.say(**resuming(session))
        return [(await client.hear(0))["t"] for _ in range(2)]

    assert run(standin, talk) == ["MISSED", "RESUMED"]


def test_behind_op_9_nothing_else_may_be_sent_and_nothing_comes(standin: Standin) -> None:
    async def talk(client: Client) -> tuple[int, list[str]]:
        await ready(client)
        await asyncio.to_thread(standin.invalidate, 0, False)
        await asyncio.to_thread(standin.dispatch, 0, "TOO_LATE", "1")
        await client.hear(9)
        await client.say(8, {"guild_id": str(standin.guilds(0, 2, 1)[0]), "query": "", "limit": 0})
        return await hears(client), client.socket.close_code

    assert run(standin, talk) == ([], 4003)
    assert standin.violations == [] and standin.count("crossed") == 1, "it may have been sent before op 9 came"


def test_the_server_may_close_behind_op_9(standin: Standin) -> None:
    standin.invalid_closes = 0.05

    async def talk(client: Client) -> int:
        await ready(client)
        await asyncio.to_thread(standin.invalidate, 0, False)
        return await client.close_code()

    assert run(standin, talk) == 4000


# ---- op 7 ----


def test_the_server_closes_a_while_after_op_7_and_dispatches_until_then(standin: Standin) -> None:
    standin.reconnect_closes = 0.2

    async def talk(client: Client) -> tuple[list[str], int]:
        await ready(client)
        await asyncio.to_thread(standin.reconnect, 0, [("BEHIND", "1"), ("BEHIND", "2")])
        return await hears(client), client.socket.close_code

    assert run(standin, talk) == (["op 7", "BEHIND", "BEHIND"], 4000)
    assert resume(standin, standin.session(0).session_id, 1) == ["BEHIND", "BEHIND", "RESUMED"]


@pytest.mark.parametrize(("answer", "heard"), [("reconnect", ["op 7"]), ("reconnect_first", ["op 7", "op 10"]), ("silence", []), ("cut", []), ("close", [])])
def test_what_may_come_in_place_of_hello(standin: Standin, answer: str, heard: list[str]) -> None:
    standin.reconnect_closes = 0.2
    standin.plan("hello", answer)
    later = [] if "reconnect" in answer else ["op 11"]

    async def talk(client: Client) -> list[str]:
        if answer == "silence":
            await client.say(1, None)
            await client.say(99, None)
        return await hears(client)

    assert run(standin, talk) == heard + (later if answer == "silence" else [])
    run(standin, ready)


# ---- resumes ----


def test_a_resume_that_gets_further_and_is_cut_each_time(standin: Standin) -> None:
    session = session_of(standin)
    standin.dispatch_many(0, [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")])
    standin.plan("resume", "cut", times=3, shard=0, after=2)

    async def talk(client: Client, seq: int) -> list[str]:
        await client.hear(10)
        await client.say(**resuming(session, seq))
        return await hears(client)

    assert run(standin, lambda client: talk(client, 1)) == ["A", "B"]
    assert run(standin, lambda client: talk(client, 3)) == ["C", "D"]
    assert run(standin, lambda client: talk(client, 5)) == ["E"]
    assert resume(standin, session, 6) == ["RESUMED"]
    assert standin.count("resume_cut") == 3 and standin.count("resumed") == 1


def test_a_gateway_that_resumes_and_drops(standin: Standin) -> None:
    session = session_of(standin)
    standin.dispatch(0, "A", "1")
    standin.plan("resume", "drop", times=2, shard=0)

    async def talk(client: Client, seq: int) -> tuple[list[str], int]:
        await client.hear(10)
        await client.say(**resuming(session, seq))
        return await hears(client), client.socket.close_code

    assert run(standin, lambda client: talk(client, 1)) == (["A", "RESUMED"], 1006)
    assert run(standin, lambda client: talk(client, 2)) == (["RESUMED"], 1006)
    assert resume(standin, session, 3) == ["RESUMED"]
    assert standin.count("resumed", shard=0) == 3


def test_a_second_resume_repeats_no_resumed(standin: Standin) -> None:
    session = session_of(standin)
    standin.dispatch(0, "A", "1")
    assert resume(standin, session, 1) == ["A", "RESUMED"]
    standin.dispatch(0, "B", "1")
    assert resume(standin, session, 1) == ["A", "B", "RESUMED"]


def test_each_resume_is_cut_for_a_while_and_then_the_session_is_gone(standin: Standin) -> None:
    session = session_of(standin)
    standin.brick(0, 1.0)

    async def talk(client: Client) -> tuple[list[str], int]:
        await client.hear(10)
        await client.say(**resuming(session))
        return await hears(client), client.socket.close_code

    assert run(standin, talk) == ([], 1006)
    end = time.monotonic() + 20
    while (heard := run(standin, talk_once(session))) == [] and time.monotonic() < end:
        pass
    assert heard == ["op 9"]


def talk_once(session: str) -> Any:
    async def talk(client: Client) -> list[str]:
        await client.hear(10)
        await client.say(**resuming(session))
        try:
            payload = json.loads(await client.socket.recv())
        except websockets.ConnectionClosed:
            return []
        return [f"op {payload['op']}"]

    return talk


@pytest.mark.parametrize("what", ["identify", "resume"])
@pytest.mark.parametrize(("answer", "details", "heard", "code"), [
    ("silence", {}, ["op 11"], 4001), ("reconnect", {}, ["op 7", "op 11"], 4001), ("invalid", {"resumable": True}, ["op 9", "op 11"], 4001),
    ("cut", {}, [], 1006), ("close", {"code": 4009, "reason": "so"}, [], 4009)])
def test_what_may_come_in_place_of_ready_and_resumed(standin: Standin, what: str, answer: str, details: dict[str, Any], heard: list[str], code: int) -> None:
    session = session_of(standin)
    standin.plan(what, answer, shard=0, **details)

    async def talk(client: Client) -> tuple[list[str], int]:
        await client.hear(10)
        asked = resuming(session) if what == "resume" else {"op": 2, "d": IDENTIFY}
        for each in (asked, {"op": 1, "d": 1}, {"op": 99, "d": 1}):
            try:
                await client.say(**each)
            except websockets.ConnectionClosed:
                break
        return await hears(client), client.socket.close_code

    assert run(standin, talk) == (heard, code)
    assert resume(standin, session, 1) == ["RESUMED"]


def test_a_session_may_outlive_missed_heartbeats() -> None:
    for ends in (True, False):
        with Standin(heartbeat_interval=100, heartbeat_grace=0.1, identify_window=0.0, timeout_ends_session=ends) as standin:
            assert closes(standin) == 4009
            assert resume(standin, standin.session(0).session_id, 1)[-1] == ("op 9 False" if ends else "RESUMED")


def test_a_late_heartbeat_is_asked_for(standin: Standin) -> None:
    standin.heartbeat_interval = 100

    async def talk(client: Client) -> None:
        await client.say(1, None)
        await client.hear(1)
        await client.say(1, None)
        await client.hear(1)

    run(standin, talk)


# ---- HTTP ----


def ask(standin: Standin) -> Any:
    request = urllib.request.Request(f"http://{standin.api}/api/v10/gateway/bot", headers={"Authorization": "Bot test.token"})
    try:
        return urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        return error


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("in_json", [True, False])
def test_gateway_bot_says_how_long_to_wait(standin: Standin, header: bool, in_json: bool) -> None:
    standin.plan("gateway_bot", "refuse", status=429, retry_after=1.25, header=header, json=in_json)
    answer = ask(standin)
    body = json.loads(answer.read())
    assert answer.status == 429
    assert answer.headers["Retry-After"] == ("2" if header else None)
    assert body.get("retry_after") == (1.25 if in_json else None)
    assert ask(standin).status == 200


def test_a_proxy_answers_without_json(standin: Standin) -> None:
    standin.plan("gateway_bot", "refuse", times=None, status=403, body="error code: 1020")
    for _ in range(3):
        answer = ask(standin)
        assert (answer.status, answer.read(), answer.headers["Content-Type"]) == (403, b"error code: 1020", "text/html")
    standin.unplan("gateway_bot")
    assert ask(standin).status == 200


@pytest.mark.parametrize("status", [429, 503])
def test_an_upgrade_is_refused(standin: Standin, status: int) -> None:
    standin.plan("upgrade", "refuse", times=2, status=status, retry_after=7)
    for _ in range(2):
        refused, headers = refusal(standin)
        assert refused == status and headers["Retry-After"] == "7"
    run(standin, ready)


def test_plans_that_do_not_exist_are_refused(standin: Standin) -> None:
    for what, answer in (("resum", "cut"), ("resume", "hang")):
        with pytest.raises(ValueError, match="no plan"):
            Plan(what, answer)
    with pytest.raises(ValueError, match="sending_window"):
        standin.set(sending_window="none")
    with pytest.raises(AttributeError):
        standin.set(no_such_setting=1)


# ---- what is dispatched ----


def test_a_guild_follows_ready_for_each_of_its_guilds(standin: Standin) -> None:
    standin.sends_guilds = True

    async def talk(client: Client) -> tuple[list[str], list[str]]:
        payload = await ready(client)
        return [each["id"] for each in payload["d"]["guilds"]], [(await client.hear(0, "GUILD_CREATE"))["d"]["id"] for _ in payload["d"]["guilds"]]

    promised, sent = run(standin, talk)
    assert promised == sent != []


def test_every_event_that_discord_documents_is_there() -> None:
    events = dict(one_of_each(1))
    assert len(DOCUMENTED) == 77 and DOCUMENTED - set(events) == set()
    assert isinstance(json.loads(events["PRESENCES_REPLACE"]), list), "and one whose d is an array"


DOCUMENTED = set("""
RATE_LIMITED APPLICATION_COMMAND_PERMISSIONS_UPDATE AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_UPDATE AUTO_MODERATION_RULE_DELETE
AUTO_MODERATION_ACTION_EXECUTION CHANNEL_CREATE CHANNEL_UPDATE CHANNEL_DELETE CHANNEL_INFO CHANNEL_PINS_UPDATE THREAD_CREATE THREAD_UPDATE
THREAD_DELETE THREAD_LIST_SYNC THREAD_MEMBER_UPDATE THREAD_MEMBERS_UPDATE ENTITLEMENT_CREATE ENTITLEMENT_UPDATE ENTITLEMENT_DELETE GUILD_CREATE
GUILD_UPDATE GUILD_DELETE GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE GUILD_EMOJIS_UPDATE GUILD_STICKERS_UPDATE
GUILD_INTEGRATIONS_UPDATE GUILD_MEMBER_ADD GUILD_MEMBER_REMOVE GUILD_MEMBER_UPDATE GUILD_MEMBERS_CHUNK GUILD_ROLE_CREATE GUILD_ROLE_UPDATE
GUILD_ROLE_DELETE GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_UPDATE GUILD_SCHEDULED_EVENT_DELETE GUILD_SCHEDULED_EVENT_USER_ADD
GUILD_SCHEDULED_EVENT_USER_REMOVE GUILD_SOUNDBOARD_SOUND_CREATE GUILD_SOUNDBOARD_SOUND_UPDATE GUILD_SOUNDBOARD_SOUND_DELETE
GUILD_SOUNDBOARD_SOUNDS_UPDATE SOUNDBOARD_SOUNDS INTEGRATION_CREATE INTEGRATION_UPDATE INTEGRATION_DELETE INTERACTION_CREATE INVITE_CREATE
INVITE_DELETE MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE
MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI PRESENCE_UPDATE STAGE_INSTANCE_CREATE STAGE_INSTANCE_UPDATE STAGE_INSTANCE_DELETE
SUBSCRIPTION_CREATE SUBSCRIPTION_UPDATE SUBSCRIPTION_DELETE TYPING_START USER_UPDATE VOICE_CHANNEL_EFFECT_SEND VOICE_CHANNEL_START_TIME_UPDATE
VOICE_CHANNEL_STATUS_UPDATE VOICE_STATE_UPDATE VOICE_SERVER_UPDATE WEBHOOKS_UPDATE MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE""".split())


@pytest.mark.parametrize(("make", "compression", "ratio"), [
    (long_message, "zlib-stream", 50), (long_message, "zstd-stream", 1000), (members_chunk, "zstd-stream", 1000)])
def test_a_repeated_payload_arrives_in_a_few_bytes(standin: Standin, make: Any, compression: str, ratio: int) -> None:
    name, data = make(1)
    assert len(data) > 65536

    async def talk(client: Client) -> list[int]:
        await client.socket.recv()
        await client.say(2, IDENTIFY)
        await client.socket.recv()
        await asyncio.to_thread(standin.dispatch_repeated, 0, name, data, 10)
        return [len(await client.socket.recv()) for _ in range(10)]

    sizes = run(standin, talk, f"?v=10&encoding=json&compress={compression}")
    assert min(sizes[1:]) * ratio < len(data), (len(data), sizes)


def test_a_server_that_does_not_know_compress_answers_in_text(standin: Standin) -> None:
    standin.knows_compression = False
    assert run(standin, ready, "?v=10&encoding=json&compress=zstd-stream")["t"] == "READY"


def test_each_message_may_be_a_zstd_frame(standin: Standin) -> None:
    standin.zstd_frames = True

    async def talk(client: Client) -> Any:
        await client.socket.recv()
        await client.say(2, IDENTIFY)
        return json.loads(zstandard.ZstdDecompressor().decompress(await client.socket.recv()))["t"]

    assert run(standin, talk, "?v=10&encoding=json&compress=zstd-stream") == "READY"


def test_a_session_id_is_what_a_test_wants(standin: Standin) -> None:
    standin.session_id = lambda: "odd \x1b id"
    assert run(standin, ready)["d"]["session_id"] == "odd \x1b id"


def test_bytes_of_a_tests_own_are_sent_as_they_are(standin: Standin) -> None:
    async def talk(client: Client) -> str:
        await ready(client)
        await asyncio.to_thread(standin.write_raw, 0, b"\x81\x02hi")
        return str(await client.socket.recv())

    assert run(standin, talk) == "hi"


# ---- limits ----


def test_all_members_of_a_guild_may_be_asked_for_once_in_a_while(standin: Standin) -> None:
    first, second = (str(each) for each in standin.guilds(0, 2, 2))

    async def talk(client: Client) -> list[Any]:
        await ready(client)
        for guild, more in ((first, {"nonce": "n1"}), (first, {"nonce": "n2"}), (second, {}), (first, {"query": "a", "limit": 5}), (first, {"nonce": "n" * 33})):
            await client.say(8, {"guild_id": guild, "query": "", "limit": 0, **more})
        return [await client.hear(0) for _ in range(5)]

    heard = run(standin, talk)
    assert [each["t"] for each in heard] == ["GUILD_MEMBERS_CHUNK", "RATE_LIMITED", "GUILD_MEMBERS_CHUNK", "GUILD_MEMBERS_CHUNK", "RATE_LIMITED"]
    limited = heard[1]["d"]
    assert limited["opcode"] == 8 and 0 < limited["retry_after"] <= 30 and limited["meta"] == {"guild_id": first, "nonce": "n2"}
    assert heard[4]["d"]["meta"] == {"guild_id": first}, "a nonce over 32 bytes is dropped"
    assert standin.count("rate_limited") == 2 and standin.violations == []


def test_the_limit_for_members_ends() -> None:
    members = Members(Settings())
    asked = {"guild_id": "5", "query": "", "limit": 0}
    assert members.wait(asked, 100.0) == 0.0
    assert members.wait(asked, 110.0) == 20.0
    assert members.wait({**asked, "guild_id": "6"}, 110.0) == 0.0
    assert members.wait(asked, 130.0) == 0.0


def test_a_fixed_window_begins_with_its_first_payload_and_a_sliding_one_with_each() -> None:
    fixed, sliding = (Sending(Settings(sending_window=each)) for each in ("fixed", "sliding"))
    for sending in (fixed, sliding):
        assert all(sending.allows(0.0) for _ in range(1))
        assert all(sending.allows(50.0) for _ in range(119))
        assert not sending.allows(58.9)
    assert fixed.allows(59.0)
    assert all(fixed.allows(61.0) for _ in range(119)) and not fixed.allows(61.0), "the next window is full"
    sliding = Sending(Settings(sending_window="sliding"))
    assert all(sliding.allows(each) for each in [0.0] + [50.0] * 119)
    assert sliding.allows(59.0) and not sliding.allows(61.0), "only the first has left the window"
