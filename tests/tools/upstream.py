"""What Discord's gateway has according to discord-api-types (npm), beside what we have: what is new to us?

    python3 tests/tools/upstream.py discord-api-types/gateway/v10.d.ts

Prints a line for each difference, and ends with 1 when there is one. tests/static/test_upstream.py holds the pinned version
against it; ./dev upstream the newest.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Events that come whatever the intents are: our table (lib/routing/intents.c) holds those that need one.
WITHOUT_INTENT = {
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE", "CHANNEL_INFO", "ENTITLEMENT_CREATE", "ENTITLEMENT_DELETE", "ENTITLEMENT_UPDATE",
    "GUILD_MEMBERS_CHUNK", "INTERACTION_CREATE", "RATE_LIMITED", "READY", "RESUMED", "SOUNDBOARD_SOUNDS",
    "SUBSCRIPTION_CREATE", "SUBSCRIPTION_DELETE", "SUBSCRIPTION_UPDATE", "USER_UPDATE", "VOICE_SERVER_UPDATE",
}
# Known to us and not to them: a code that Discord does not document any more, and still may send.
OURS_ALONE = {"close code": {"4006"}}
# Names that they keep for what has another name now.
FORMER_NAMES = {"intent": {"GUILD_BANS", "GUILD_EMOJIS_AND_STICKERS"}}

Kinds = dict[str, set[str]]


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def members(text: str, enum: str) -> list[tuple[str, str]]:
    """Name and value of each member of a TypeScript enum."""
    found = re.search(rf"enum {enum} \{{(.*?)\n\}}", text, re.S)
    if not found:
        raise ValueError(f"the types have no enum {enum}")
    body = re.sub(r"/\*.*?\*/", "", found[1], flags=re.S)
    return re.findall(r"(\w+) = \"?(\w+)\"?", body)


def fields(text: str, interface: str) -> set[str]:
    found = re.search(rf"interface {interface} \{{(.*?)\n\}}", text, re.S)
    if not found:
        raise ValueError(f"the types have no interface {interface}")
    return set(re.findall(r"^    (\w+)\??:", re.sub(r"/\*.*?\*/", "", found[1], flags=re.S), re.M))


def theirs(types: Path) -> Kinds:
    text = types.read_text()
    return {
        "op": {value for _, value in members(text, "GatewayOpcodes")},
        "close code": {value for _, value in members(text, "GatewayCloseCodes")},
        "intent": {f"{snake(name)} = {value}" for name, value in members(text, "GatewayIntentBits")
                   if snake(name) not in FORMER_NAMES["intent"]},
        "capability": {f"{snake(name)} = {value}" for name, value in members(text, "GatewayCapabilityBits")},
        "event": {value for _, value in members(text, "GatewayDispatchEvents")},
        "field of IDENTIFY": fields(text, "GatewayIdentifyData"),
    }


def masks(header: str, prefix: str) -> set[str]:
    text = (ROOT / "include" / "spectacles" / header).read_text()
    return {f"{name} = {1 << int(bit)}" for name, bit in re.findall(rf"{prefix}(\w+) = 1 << (\d+)", text)}


def ours() -> Kinds:
    shard = "".join(each.read_text() for each in sorted((ROOT / "lib" / "shard").glob("*.c")))
    identify = re.search(r"int sp_payload_identify\(.*?\n\}", shard, re.S)
    events = re.search(r"\} events\[\] = \{(.*?)\n\};", (ROOT / "lib" / "routing" / "intents.c").read_text(), re.S)
    assert identify and events
    written = set(re.findall(r'\\"(\w+)\\":', identify[0]))
    return {
        "op": set(re.findall(r"\bOP_\w+ = (\d+)", shard)),
        "close code": set(re.findall(r"\{(4\d\d\d), SP_CLOSE_", shard)) - OURS_ALONE["close code"],
        "intent": masks("routing.h", "SPECTACLES_INTENT_"),
        "capability": masks("shard.h", "SPECTACLES_CAPABILITY_"),
        "event": set(re.findall(r'\{"([A-Z_]+)"', events[1])) | WITHOUT_INTENT,
        # op and d are of the envelope, the next three of properties.
        "field of IDENTIFY": written - {"op", "d", "os", "browser", "device"},
    }


def differences(types: Path) -> list[str]:
    here, there = ours(), theirs(types)
    lines = []
    for kind in there:
        lines += [f"{kind} {each}: new to us" for each in sorted(there[kind] - here[kind])]
        lines += [f"{kind} {each}: they do not know it" for each in sorted(here[kind] - there[kind])]
    return lines


def main() -> int:
    lines = differences(Path(sys.argv[1]))
    print("\n".join(lines) if lines else "nothing is new to us")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
