"""What Discord refuses in a payload, and with which close code. Nothing here knows of connections."""
from __future__ import annotations

from typing import Any

from .settings import Settings

MAX_PAYLOAD = 4096
MAX_NONCE = 32
KNOWN_INTENTS = 0x331FFFF
OPS_IN_SESSION = {3, 4, 8, 31, 43}
STATUSES = {"online", "dnd", "idle", "invisible", "offline"}


class Violation(Exception):
    """The client broke a rule: the connection is closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def decode_error(what: str) -> Violation:
    return Violation(4002, f"Decode error: {what}"[:120])


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_snowflake(value: Any) -> bool:
    return (is_int(value) and value > 0) or (isinstance(value, str) and value.isascii() and value.isdecimal())


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def same_token(settings: Settings, token: Any) -> bool:
    """Discord takes a token with and without `Bot ` in front of it: twilight always adds that, discordgo documents it."""
    return token in (settings.token, f"Bot {settings.token}")


def check_identify(settings: Settings, d: Any) -> tuple[int, int, int]:
    """Returns shard, count and intents."""
    if not isinstance(d, dict) or not isinstance(d.get("properties"), dict) or "intents" not in d:
        raise decode_error("identify.")
    if not same_token(settings, d.get("token")):
        raise Violation(4004, "Authentication failed.")
    shard = d.get("shard", [0, 1])
    if not (isinstance(shard, list) and len(shard) == 2 and all(map(is_int, shard)) and 0 <= shard[0] < shard[1]):
        raise Violation(4010, "Invalid shard.")
    intents = d["intents"]
    if not is_int(intents) or intents < 0 or intents & ~KNOWN_INTENTS:
        raise Violation(4013, "Invalid intent(s).")
    if intents & settings.disallowed_intents:
        raise Violation(4014, "Disallowed intent(s).")
    threshold = d.get("large_threshold", 50)
    if not is_int(threshold) or not 50 <= threshold <= 250:
        raise decode_error("large_threshold.")
    if d.get("presence") is not None:
        check_presence(settings, d["presence"], in_identify=True)
    if settings.sharding_required > shard[1]:
        raise Violation(4011, "Sharding required.")
    return shard[0], shard[1], intents


def check_presence(settings: Settings, d: Any, in_identify: bool = False) -> None:
    """Of op 3, and of IDENTIFY, where Discord takes more: discordgo sends a status of "" and no activities, discord.py has `game` instead."""
    if not isinstance(d, dict):
        raise decode_error("presence.")
    any_status = in_identify and not settings.strict_presence
    checks = {"since": lambda value: value is None or is_int(value), "activities": is_activities,
              "status": lambda value: isinstance(value, str) and (any_status or value in STATUSES), "afk": lambda value: isinstance(value, bool)}
    for name, right in checks.items():
        if name not in d and settings.strict_presence:
            raise decode_error(f"a presence without {name}.")
        if name in d and not right(d[name]):
            raise decode_error(f"{name} of a presence.")


def is_activities(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) and is_int(each.get("type")) for each in value)


def check_resume(d: Any) -> None:
    if not isinstance(d, dict) or not is_int(d.get("seq")) or not isinstance(d.get("session_id"), str):
        raise decode_error("resume.")


def check_command(settings: Settings, op: int, d: Any) -> None:
    if not isinstance(d, dict):
        raise decode_error("d.")
    if op == 3:
        check_presence(settings, d)
    if op == 31 and not (isinstance(d.get("guild_ids"), list) and all(map(is_snowflake, d["guild_ids"]))):
        raise decode_error("guild_ids.")


def nonce_of(d: dict[str, Any]) -> dict[str, str]:
    """A nonce over 32 bytes is dropped silently."""
    nonce = d.get("nonce")
    return {"nonce": nonce} if isinstance(nonce, str) and len(nonce.encode()) <= MAX_NONCE else {}
