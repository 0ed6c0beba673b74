"""Realistic dispatches as raw JSON text, after the shapes in Discord's documentation. Deterministic for a seed.

    /usr/bin/python3 tests/standin/payloads.py --out FOLDER [--seed N] [--count N]

writes one file per payload ("0001-MESSAGE_CREATE.json": the d of the dispatch).
"""
from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Text as people write it: every script, emoji with joiners, combining marks, controls, things that look like JSON.
PHRASES = [
    "hello there", "Grüße aus Zürich", "日本語のメッセージ", "مرحبا بالعالم", "שלום", "Здравствуйте", "한국어", "สวัสดี",
    "👩‍👩‍👧‍👦 family", "🏳️‍🌈", "e\u0301 and n\u0303", "\u202eright to left\u202c", 'she said "t":"MESSAGE_CREATE"',
    "back\\slash and /slash/", "tab\tnewline\nreturn\r", "{\"op\":0}", "<@123456789012345678> <:blob:987654321098765432>",
    "```c\nint main(void) { return 0; }\n```", "https://example.com/?a=1&b=%20", "\u0000 nul inside", "zero\u200bwidth", "𝒻𝒶𝓃𝒸𝓎",
]

# Numbers, escapes and white space that are legal and that a printer would change. Byte identity shows them.
ODD = [
    '{"big":1234567890123456789,"max":18446744073709551615,"min":-9223372036854775808}',
    '{"float":1.0,"exp":1e3,"Exp":1.0E+2,"small":-0.0,"long":0.1000000000000000055511151231257827}',
    '{"escapes":"\\u0041\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\"\\\\","nul":"a\\u0000b"}',
    '{ "spaced" : [ 1 , 2 ,\t3 ] , "empty" : { } , "none" : [ ] }',
    '{"d":{"op":1,"t":"X","s":9},"t":"MESSAGE_DELETE","s":42,"op":7}',
    '{"dup":1,"dup":2,"":0,"null":null,"true":true,"false":false}',
    '{"lone":"\\ud800","id":1099511627776000000}',
]


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    # ---- pieces ----

    def id(self) -> str:
        return str(self.random.randrange(1 << 50, 1 << 62))

    def text(self, most: int = 6) -> str:
        return " ".join(self.random.choice(PHRASES) for _ in range(self.random.randint(1, most)))

    def time(self) -> str:
        return f"2026-11-{self.random.randint(1, 28):02}T12:{self.random.randint(0, 59):02}:07.{self.random.randint(0, 999999):06}+00:00"

    def user(self) -> dict[str, Any]:
        return {"username": self.random.choice(["nelly", "wumpus", "クライド", "björn"]), "public_flags": 0, "id": self.id(),
                "global_name": self.random.choice([None, "Nelly 🐦"]), "discriminator": "0",
                "avatar": f"{self.random.getrandbits(128):032x}", "avatar_decoration_data": None, "clan": None}

    def member(self, user: bool = True) -> dict[str, Any]:
        made = {"roles": [self.id() for _ in range(self.random.randint(0, 4))], "premium_since": None, "pending": False,
                "nick": self.random.choice([None, "𝒩ick"]), "mute": False, "joined_at": self.time(), "flags": 0,
                "deaf": False, "communication_disabled_until": None, "banner": None, "avatar": None}
        return {**made, "user": self.user()} if user else made

    def embed(self) -> dict[str, Any]:
        return {"type": "rich", "title": self.text(2), "description": self.text(), "color": 5814783, "timestamp": self.time(),
                "fields": [{"name": self.text(1), "value": self.text(2), "inline": True} for _ in range(3)],
                "footer": {"text": self.text(1)}, "image": {"url": "https://cdn.example/i.png", "width": 400, "height": 300}}

    def attachment(self) -> dict[str, Any]:
        return {"id": self.id(), "filename": "katze🐈.png", "size": self.random.randint(1, 1 << 26), "width": 1920,
                "height": 1080, "content_type": "image/png", "url": "https://cdn.example/a.png?ex=1&is=2", "proxy_url": "https://m.example/a.png"}

    def message(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": 0, "tts": False, "timestamp": self.time(), "pinned": False, "nonce": self.id(), "mentions": [],
            "mention_roles": [], "mention_everyone": False, "member": self.member(user=False), "id": self.id(), "flags": 0,
            "embeds": [], "edited_timestamp": None, "content": self.text(), "components": [], "channel_id": self.id(),
            "channel_type": 0, "author": self.user(), "attachments": [], "guild_id": self.id()}
        extra = self.random.randrange(8)
        if extra == 0:
            made["embeds"] = [self.embed() for _ in range(self.random.randint(1, 3))]
        elif extra == 1:
            made["attachments"] = [self.attachment()]
        elif extra == 2:
            made["mentions"] = [{**self.user(), "member": self.member(user=False)} for _ in range(3)]
            made["referenced_message"] = {"id": self.id(), "content": self.text(), "author": self.user()}
            made["message_reference"] = {"message_id": self.id(), "channel_id": self.id(), "type": 0}
        elif extra == 3:
            made["components"] = [{"type": 1, "id": 1, "components": [
                {"type": 2, "id": 2, "style": 1, "label": self.text(1), "custom_id": "a:1"},
                {"type": 3, "id": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}, {"label": "ß", "value": "b"}]}]}]
        elif extra == 4:
            made["sticker_items"] = [{"id": self.id(), "name": "wave", "format_type": 1}]
            made["poll"] = {"question": {"text": self.text(1)}, "allow_multiselect": False, "layout_type": 1, "expiry": self.time(),
                            "answers": [{"answer_id": each, "poll_media": {"text": self.text(1)}} for each in (1, 2, 3)]}
        return made

    def channel(self) -> dict[str, Any]:
        return {"version": 1699000000000, "type": 0, "topic": self.text(2), "rate_limit_per_user": 0, "position": 3, "parent_id": self.id(),
                "permission_overwrites": [{"type": 0, "id": self.id(), "deny": "1024", "allow": "0"}], "nsfw": False,
                "name": "général-💬", "last_message_id": self.id(), "id": self.id(), "flags": 0, "guild_id": self.id()}

    def role(self) -> dict[str, Any]:
        return {"version": 0, "unicode_emoji": None, "tags": {"bot_id": self.id(), "premium_subscriber": None}, "position": 1,
                "permissions": "1071698660929", "name": self.text(1), "mentionable": False, "managed": True, "id": self.id(),
                "icon": None, "hoist": False, "flags": 0, "color": 0}

    def emoji(self) -> dict[str, Any]:
        return {"version": 0, "roles": [], "require_colons": True, "name": "blob", "managed": False, "id": self.id(),
                "available": True, "animated": False}

    def presence(self) -> dict[str, Any]:
        return {"user": {"id": self.id()}, "status": "dnd", "guild_id": self.id(), "client_status": {"desktop": "dnd"},
                "activities": [{"type": 2, "name": "Spotify", "id": "spotify:1", "state": self.text(1), "details": self.text(1),
                                "timestamps": {"start": 1699999999999, "end": 1700000199999}, "created_at": 1700000000123}]}

    def voice_state(self) -> dict[str, Any]:
        return {"member": self.member(), "user_id": self.id(), "suppress": False, "session_id": f"{self.random.getrandbits(128):032x}",
                "self_video": False, "self_mute": True, "self_deaf": False, "request_to_speak_timestamp": None, "mute": False,
                "guild_id": self.id(), "deaf": False, "channel_id": self.id()}

    def guild(self, members: int = 3) -> dict[str, Any]:
        many = max(2, members // 20)
        return {"id": self.id(), "name": "Die Gilde 🏰", "icon": None, "owner_id": self.id(), "member_count": members, "large": members > 50,
                "lazy": True, "joined_at": self.time(), "features": ["COMMUNITY", "NEWS"], "preferred_locale": "de", "premium_tier": 3,
                "system_channel_flags": 0, "nsfw_level": 0, "verification_level": 2, "unavailable": False, "max_members": 25000000,
                "roles": [self.role() for _ in range(many)], "channels": [self.channel() for _ in range(many)],
                "emojis": [self.emoji() for _ in range(many)], "stickers": [], "threads": [], "stage_instances": [],
                "guild_scheduled_events": [], "soundboard_sounds": [], "members": [self.member() for _ in range(members)],
                "presences": [self.presence() for _ in range(members // 2)], "voice_states": [self.voice_state() for _ in range(many)]}

    def interaction(self) -> dict[str, Any]:
        data = self.random.choice([
            (2, {"type": 1, "name": "ping", "id": self.id(), "options": [{"type": 3, "name": "wen", "value": self.text(1)}]}),
            (3, {"component_type": 2, "custom_id": "a:1", "id": 2}),
            (4, {"type": 1, "name": "find", "id": self.id(), "options": [{"type": 3, "name": "q", "value": "é", "focused": True}]}),
            (5, {"custom_id": "modal", "components": [{"type": 1, "components": [{"type": 4, "custom_id": "t", "value": self.text()}]}]})])
        return {"version": 1, "type": data[0], "token": "aW50ZXJhY3Rpb24" * 8, "member": {**self.member(), "permissions": "4503599627370495"},
                "locale": "de", "id": self.id(), "guild_locale": "en-US", "guild_id": self.id(), "guild": {"id": self.id(), "features": [], "locale": "en-US"},
                "entitlements": [], "data": data[1], "context": 0, "channel_id": self.id(), "channel": self.channel(),
                "authorizing_integration_owners": {"0": self.id()}, "application_id": self.id(), "app_permissions": "2248473465835073"}

    def place(self, **more: Any) -> dict[str, Any]:
        return {"guild_id": self.id(), "channel_id": self.id(), **more}

    # ---- events ----

    def makers(self) -> list[tuple[str, int, Callable[[], Any]]]:
        """Name, weight in the daily mix, maker of d."""
        m = self
        return [
            ("MESSAGE_CREATE", 400, m.message), ("MESSAGE_UPDATE", 60, m.message),
            ("MESSAGE_DELETE", 30, lambda: m.place(id=m.id())), ("MESSAGE_DELETE_BULK", 2, lambda: m.place(ids=[m.id() for _ in range(50)])),
            ("MESSAGE_REACTION_ADD", 60, lambda: m.place(user_id=m.id(), message_id=m.id(), member=m.member(), emoji={"name": "🔥", "id": None}, type=0, burst=False)),
            ("MESSAGE_REACTION_REMOVE", 20, lambda: m.place(user_id=m.id(), message_id=m.id(), emoji={"name": "🔥", "id": None})),
            ("MESSAGE_REACTION_REMOVE_ALL", 1, lambda: m.place(message_id=m.id())),
            ("TYPING_START", 120, lambda: m.place(user_id=m.id(), timestamp=1700000000, member=m.member())),
            ("PRESENCE_UPDATE", 150, m.presence), ("VOICE_STATE_UPDATE", 40, m.voice_state),
            ("VOICE_SERVER_UPDATE", 4, lambda: {"token": "tok", "guild_id": m.id(), "endpoint": None}),
            ("GUILD_CREATE", 4, lambda: m.guild(m.random.randint(3, 40))), ("GUILD_UPDATE", 4, lambda: m.guild(0)),
            ("GUILD_DELETE", 2, lambda: {"id": m.id(), "unavailable": True}),
            ("GUILD_ROLE_CREATE", 2, lambda: {"role": m.role(), "guild_id": m.id()}), ("GUILD_ROLE_DELETE", 2, lambda: {"role_id": m.id(), "guild_id": m.id()}),
            ("CHANNEL_CREATE", 3, m.channel), ("CHANNEL_UPDATE", 6, m.channel), ("CHANNEL_DELETE", 2, m.channel),
            ("CHANNEL_PINS_UPDATE", 2, lambda: m.place(last_pin_timestamp=m.time())),
            ("THREAD_CREATE", 4, lambda: {**m.channel(), "type": 11, "thread_metadata": {"archived": False, "auto_archive_duration": 1440}}),
            ("THREAD_LIST_SYNC", 1, lambda: {"threads": [m.channel()], "members": [], "guild_id": m.id()}),
            ("THREAD_MEMBERS_UPDATE", 2, lambda: {"member_count": 2, "id": m.id(), "guild_id": m.id(), "added_members": [m.member()]}),
            ("GUILD_MEMBER_ADD", 20, lambda: {**m.member(), "guild_id": m.id()}), ("GUILD_MEMBER_UPDATE", 40, lambda: {**m.member(), "guild_id": m.id()}),
            ("GUILD_MEMBER_REMOVE", 15, lambda: {"user": m.user(), "guild_id": m.id()}),
            ("GUILD_MEMBERS_CHUNK", 3, lambda: {"members": [m.member() for _ in range(30)], "guild_id": m.id(), "chunk_index": 0, "chunk_count": 1, "nonce": "n"}),
            ("INTERACTION_CREATE", 80, m.interaction), ("INVITE_CREATE", 2, lambda: m.place(code="aBc", uses=0, max_uses=0, max_age=86400, inviter=m.user(), temporary=False)),
            ("INVITE_DELETE", 1, lambda: m.place(code="aBc")), ("GUILD_BAN_ADD", 2, lambda: {"user": m.user(), "guild_id": m.id()}),
            ("GUILD_AUDIT_LOG_ENTRY_CREATE", 6, lambda: {"user_id": m.id(), "target_id": m.id(), "id": m.id(), "action_type": 24, "guild_id": m.id(), "changes": [{"key": "nick", "old_value": None, "new_value": m.text(1)}]}),
            ("GUILD_EMOJIS_UPDATE", 1, lambda: {"guild_id": m.id(), "emojis": [m.emoji() for _ in range(20)]}),
            ("GUILD_STICKERS_UPDATE", 1, lambda: {"guild_id": m.id(), "stickers": [{"type": 2, "tags": "😀", "name": "s", "id": m.id(), "format_type": 1}]}),
            ("GUILD_INTEGRATIONS_UPDATE", 1, lambda: {"guild_id": m.id()}), ("WEBHOOKS_UPDATE", 1, m.place),
            ("GUILD_SCHEDULED_EVENT_CREATE", 1, lambda: m.place(id=m.id(), name=m.text(1), scheduled_start_time=m.time(), status=1, entity_type=3, entity_metadata={"location": "Köln"})),
            ("STAGE_INSTANCE_CREATE", 1, lambda: m.place(id=m.id(), topic=m.text(1), privacy_level=2)),
            ("AUTO_MODERATION_ACTION_EXECUTION", 2, lambda: m.place(user_id=m.id(), rule_id=m.id(), rule_trigger_type=1, action={"type": 1, "metadata": {}}, content=m.text(), matched_keyword="ß", matched_content="ß")),
            ("ENTITLEMENT_CREATE", 1, lambda: {"id": m.id(), "sku_id": m.id(), "application_id": m.id(), "user_id": m.id(), "type": 8, "deleted": False, "starts_at": m.time(), "ends_at": None}),
            ("MESSAGE_POLL_VOTE_ADD", 3, lambda: m.place(user_id=m.id(), message_id=m.id(), answer_id=1)),
            ("GUILD_SOUNDBOARD_SOUND_CREATE", 1, lambda: {"name": "Yay", "sound_id": m.id(), "volume": 1.0, "emoji_id": None, "emoji_name": "🔊", "guild_id": m.id(), "available": True}),
            ("VOICE_CHANNEL_EFFECT_SEND", 1, lambda: m.place(user_id=m.id(), emoji={"name": "🎉", "id": None}, animation_type=1, animation_id=3, sound_volume=0.5)),
        ]

    def seldom(self) -> list[tuple[str, int, Callable[[], Any]]]:
        """What else Discord documents (November 2026), too seldom for the daily mix; and an event whose d is an array."""
        m = self
        guild = lambda **more: {"guild_id": m.id(), **more}  # noqa: E731
        rule = lambda: guild(id=m.id(), name=m.text(1), creator_id=m.id(), event_type=1, trigger_type=1, trigger_metadata={"keyword_filter": ["ß*"]},  # noqa: E731
                             actions=[{"type": 1, "metadata": {}}], enabled=True, exempt_roles=[], exempt_channels=[])
        entitlement = lambda: {"id": m.id(), "sku_id": m.id(), "application_id": m.id(), "user_id": m.id(), "type": 8, "deleted": False, "starts_at": None, "ends_at": m.time()}  # noqa: E731
        planned = lambda: m.place(id=m.id(), name=m.text(1), scheduled_start_time=m.time(), status=2, entity_type=2, privacy_level=2, entity_metadata=None)  # noqa: E731
        sound = lambda: {"name": "Yay", "sound_id": m.id(), "volume": 0.25, "emoji_id": None, "emoji_name": "🔊", "available": True}  # noqa: E731
        integration = lambda: guild(id=m.id(), name=m.text(1), type="discord", enabled=True, account={"id": m.id(), "name": m.text(1)})  # noqa: E731
        stage = lambda: m.place(id=m.id(), topic=m.text(1), privacy_level=2, discoverable_disabled=True, guild_scheduled_event_id=None)  # noqa: E731
        thread = lambda: {**m.channel(), "type": 11, "thread_metadata": {"archived": True, "auto_archive_duration": 60, "archive_timestamp": m.time(), "locked": False}}  # noqa: E731
        subscription = lambda: {"id": m.id(), "user_id": m.id(), "sku_ids": [m.id()], "entitlement_ids": [m.id()], "renewal_sku_ids": None,  # noqa: E731
                                "current_period_start": m.time(), "current_period_end": m.time(), "status": 0, "canceled_at": None}
        makers: dict[str, Callable[[], Any]] = {
            "RATE_LIMITED": lambda: {"opcode": 8, "retry_after": 29.457, "meta": guild(nonce="n")},
            "APPLICATION_COMMAND_PERMISSIONS_UPDATE": lambda: guild(id=m.id(), application_id=m.id(), permissions=[{"id": m.id(), "type": 1, "permission": True}]),
            "AUTO_MODERATION_RULE_CREATE": rule, "AUTO_MODERATION_RULE_UPDATE": rule, "AUTO_MODERATION_RULE_DELETE": rule,
            "CHANNEL_INFO": lambda: guild(channels=[{"id": m.id(), "status": m.text(1), "voice_start_time": None}]),
            "THREAD_UPDATE": thread, "THREAD_DELETE": lambda: m.place(id=m.id(), parent_id=m.id(), type=11),
            "THREAD_MEMBER_UPDATE": lambda: guild(id=m.id(), user_id=m.id(), join_timestamp=m.time(), flags=0),
            "ENTITLEMENT_UPDATE": entitlement, "ENTITLEMENT_DELETE": entitlement, "GUILD_BAN_REMOVE": lambda: guild(user=m.user()),
            "GUILD_ROLE_UPDATE": lambda: guild(role=m.role()),
            "GUILD_SCHEDULED_EVENT_UPDATE": planned, "GUILD_SCHEDULED_EVENT_DELETE": planned,
            "GUILD_SCHEDULED_EVENT_USER_ADD": lambda: guild(guild_scheduled_event_id=m.id(), user_id=m.id()),
            "GUILD_SCHEDULED_EVENT_USER_REMOVE": lambda: guild(guild_scheduled_event_id=m.id(), user_id=m.id()),
            "GUILD_SOUNDBOARD_SOUND_UPDATE": lambda: guild(**sound()), "GUILD_SOUNDBOARD_SOUND_DELETE": lambda: guild(sound_id=m.id()),
            "GUILD_SOUNDBOARD_SOUNDS_UPDATE": lambda: guild(soundboard_sounds=[sound()]), "SOUNDBOARD_SOUNDS": lambda: guild(soundboard_sounds=[sound(), sound()]),
            "INTEGRATION_CREATE": integration, "INTEGRATION_UPDATE": integration, "INTEGRATION_DELETE": lambda: guild(id=m.id(), application_id=m.id()),
            "MESSAGE_REACTION_REMOVE_EMOJI": lambda: m.place(message_id=m.id(), emoji={"name": "🔥", "id": None}),
            "STAGE_INSTANCE_UPDATE": stage, "STAGE_INSTANCE_DELETE": stage,
            "SUBSCRIPTION_CREATE": subscription, "SUBSCRIPTION_UPDATE": subscription, "SUBSCRIPTION_DELETE": subscription,
            "USER_UPDATE": lambda: {**m.user(), "verified": True, "mfa_enabled": True, "bot": True, "email": None, "locale": "de"},
            "VOICE_CHANNEL_START_TIME_UPDATE": lambda: guild(id=m.id(), voice_start_time=1700000000),
            "VOICE_CHANNEL_STATUS_UPDATE": lambda: guild(id=m.id(), status="🎵 " + m.text(1)),
            "MESSAGE_POLL_VOTE_REMOVE": lambda: m.place(user_id=m.id(), message_id=m.id(), answer_id=2),
            "PRESENCES_REPLACE": list,
        }
        return [(name, 0, make) for name, make in makers.items()]

    def encode(self, value: Any) -> str:
        """Discord escapes nothing but what it has to; others escape all that is not ASCII. Both occur."""
        return json.dumps(value, ensure_ascii=self.random.random() < 0.3, separators=(",", ":"))


def corpus(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Names and raw d in a daily mix; every 40th is one of the odd ones, as a MESSAGE_CREATE."""
    maker = Maker(seed)
    table = maker.makers()
    weights = [weight for _, weight, _ in table]
    for index in range(count):
        if index % 40 == 7:
            yield "MESSAGE_CREATE", ODD[index // 40 % len(ODD)]
            continue
        name, _, make = maker.random.choices(table, weights)[0]
        yield name, maker.encode(make())


def one_of_each(seed: int) -> Iterator[tuple[str, str]]:
    maker = Maker(seed)
    for name, _, make in [*maker.makers(), *maker.seldom()]:
        yield name, maker.encode(make())
    for odd in ODD:
        yield "MESSAGE_CREATE", odd


def large_guild(seed: int, size: int = 500_000) -> tuple[str, str]:
    """A GUILD_CREATE of at least so many bytes."""
    maker = Maker(seed)
    members = 100
    while len(text := json.dumps(maker.guild(members), ensure_ascii=False, separators=(",", ":")).encode()) < size:
        members = members * size // len(text) + 20
    return "GUILD_CREATE", text.decode()


def long_message(seed: int) -> tuple[str, str]:
    """What anybody in a guild can post again and again: 4,000 times one emoji, as an answer to the same."""
    maker = Maker(seed)
    content = {"content": "🐦" * 4000}
    message = {**maker.message(), **content, "referenced_message": {**maker.message(), **content}}
    return "MESSAGE_CREATE", json.dumps(message, separators=(",", ":"))


def members_chunk(seed: int, members: int = 300) -> tuple[str, str]:
    """Over 64 KiB, and the same again for each request."""
    maker = Maker(seed)
    chunk = {"members": [maker.member() for _ in range(members)], "guild_id": maker.id(), "chunk_index": 0, "chunk_count": 1}
    return "GUILD_MEMBERS_CHUNK", json.dumps(chunk, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes realistic payloads, one file each.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    everything = [*one_of_each(arguments.seed), large_guild(arguments.seed), *corpus(arguments.seed, arguments.count)]
    for number, (name, text) in enumerate(everything):
        (arguments.out / f"{number:04}-{name}.json").write_bytes(text.encode())


if __name__ == "__main__":
    main()
