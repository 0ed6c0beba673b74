"""The rule of names and parameters that types.h states, held against every struct and function of the public headers."""
from __future__ import annotations

import re
from pathlib import Path

from tools.declarations import Declaration, Item, declarations
from tools.sources import headers

BYTES = re.compile(r"const (uint8_t|void) \*")
TEXT = "const char *"
SCALAR_OUT = re.compile(r"(u?int\d+_t|size_t|double) \*")
ARRAY = re.compile(r"const (uint32_t|uint64_t) \*|.*\*const \*")

# Texts that are NUL-terminated, by struct or function, and why. "*": all texts of it.
NUL_TERMINATED = {
    "spectacles_shard_config.*": "settings",
    "spectacles_broker_config.*": "settings",
    "spectacles_tls_config.*": "settings",
    "spectacles_link_config.*": "settings",
    "spectacles_state_config.*": "settings",
    "spectacles_state_open.writer": "a setting",
    "spectacles_endpoint.*": "the library's own copy of settings",
    "spectacles_presence.*": "settings: texts that the owner writes",
    "spectacles_members_request.*": "settings: texts that the owner writes",
    "spectacles_session.*": "handed out by the library, and handed back as they are",
    "spectacles_gap.*": "handed out by the library, and handed back as they are",
    "spectacles_fleet_config.*": "settings",
    "spectacles_fleet_event.member": "a name: printable ASCII without spaces",
    "spectacles_fleet_move.member": "a name: printable ASCII without spaces",
    "spectacles_gateway_session_stored.session_id": "of a spectacles_session",
    "spectacles_relay_session_stored.session_id": "of a spectacles_session",
    "spectacles_shard_stored.session_id": "of a spectacles_session",
    "spectacles_message.exchange": "a setting",
    "spectacles_message.content_type": "a property of AMQP",
    "spectacles_message.message_id": "a property of AMQP",
    "spectacles_message.correlation_id": "a property of AMQP",
    "spectacles_message.reply_to": "a property of AMQP",
    "spectacles_message.expiration": "a property of AMQP",
    "spectacles_broker_event.content_type": "a property of AMQP",
    "spectacles_broker_event.message_id": "a property of AMQP",
    "spectacles_broker_event.correlation_id": "a property of AMQP",
    "spectacles_broker_event.reply_to": "a property of AMQP",
    "spectacles_broker_event.expiration": "a property of AMQP",
    "spectacles_broker_reply.reply_to": "a property of AMQP",
    "spectacles_broker_reply.correlation_id": "a property of AMQP",
    "spectacles_token_check.token": "a setting",
    "spectacles_token_bot.token": "a setting",
    "spectacles_shard_set_token.token": "a setting",
    "spectacles_state_set_token.token": "a setting",
    "spectacles_gateway_set_token.token": "a setting",
    "spectacles_resolve.host": "a setting",
    "spectacles_gateway_set_address.host": "what spectacles_gateway_wants_address() gave",
    "spectacles_proxy_from_environment.scheme": "a name in the source of a program",
    "spectacles_proxy_is_excepted.*": "settings",
    "spectacles_proxy_describe.url": "a setting",
    "spectacles_gateway_set_no_address.host": "what spectacles_gateway_wants_address() gave",
    "spectacles_resolver_ask.host": "what spectacles_link_wants_address() gave",
    "spectacles_answer.host": "the library's own copy of the name that was asked for",
    "spectacles_feature_supported.name": "a name in the source of a program",
    "spectacles_struct_size.name": "a name in the source of a program",
    "spectacles_value_get.key": "a name in the source of a program",
}
# Numbers of bytes that stand behind no pointer, and counts that stand behind no array.
ALONE = {
    "spectacles_stream_consumed.length": "of the bytes that spectacles_stream_pending() gave",
    "spectacles_broker_config.window_count": "a limit",
    "spectacles_fleet_member_info.slot_count": "slots that the member owns",
    "spectacles_relay_config.window_count": "a limit",
    "spectacles_broker_event.unconfirmed_count": "publishes that the broker keeps",
    "spectacles_broker_event.message_count": "messages in a queue of RabbitMQ",
    "spectacles_broker_event.consumer_count": "consumers of a queue of RabbitMQ",
}
# The shards of the whole bot (Discord: num_shards): a number of the protocol, wherever it stands.
OF_THE_PROTOCOL = "shard_count"
# Pointers to one struct whose names end in s, and arrays whose length is the result of the function.
NO_ARRAYS = {
    "spectacles_copies_mark.copies": "one handle",
    "spectacles_relay_config.events": "one broker",
    "spectacles_relay_config.commands": "one broker",
}
# One thing, one name.
OTHER_WORDS = {"encoding": "format", "len": "length", "num": "count", "cap": "size", "err": "problem", "timestamp": "unix_time"}


def is_array(owner: Declaration, each: Item) -> bool:
    """Whether a pointer is to many: to numbers, to pointers, or to structs under a plural name."""
    if f"{owner.name}.{each.name}" in NO_ARRAYS or each.name == "out":
        return False
    return bool(ARRAY.fullmatch(each.type)) or bool(re.fullmatch(r"const spectacles_\w+ \*", each.type)) and each.name.endswith("s") and (
        each.name not in ("bytes", "stats"))


def counts(owner: Declaration, each: Item, bare: str) -> set[str]:
    """What the number of an array or of bytes may be called: `length` alone, or with the name of what it is about."""
    of_this = {f"{each.name}_{bare}", f"{each.name.removesuffix('s')}_{bare}"} if bare == "count" else {f"{each.name}_{bare}"}
    slices = [other for other in owner.items if other.type in ("size_t", "uint32_t") and re.search(rf"(^|_){bare}$", other.name)
              and other.name != OF_THE_PROTOCOL]
    return {bare} if owner.kind == "function" and len(slices) == 1 else of_this


def nul_terminated(owner: Declaration, each: Item) -> bool:
    return f"{owner.name}.*" in NUL_TERMINATED or f"{owner.name}.{each.name}" in NUL_TERMINATED


def behind(owner: Declaration, at: int, names: set[str]) -> str:
    """A complaint, unless one of these numbers stands behind this pointer."""
    following = owner.items[at + 1] if at + 1 < len(owner.items) else Item("", "")
    if following.name in names and following.type == "size_t":
        return ""
    return f"{owner.name}: `{owner.items[at].name}` is not followed by `size_t {sorted(names)[0]}`"


def pointers(owner: Declaration) -> list[str]:
    """Each pointer to bytes, to a text or to an array has its number behind it."""
    told = []
    for at, each in enumerate(owner.items):
        if BYTES.fullmatch(each.type) or each.type == TEXT and not nul_terminated(owner, each):
            told.append(behind(owner, at, counts(owner, each, "length")))
        elif each.type in ("char *", "uint8_t *"):
            told.append(behind(owner, at, {"size"}))
        elif is_array(owner, each):
            told.append(behind(owner, at, counts(owner, each, "count")))
    return told


def numbers(owner: Declaration) -> list[str]:
    """Each number of bytes or of things stands behind its pointer."""
    told = []
    for at, each in enumerate(owner.items):
        name = f"{owner.name}.{each.name}"
        if each.type not in ("size_t", "uint32_t", "uint64_t") or each.name == OF_THE_PROTOCOL or name in ALONE:
            continue
        before = owner.items[at - 1] if at else Item("", "")
        if re.search(r"(^|_)length$", each.name) and not (BYTES.fullmatch(before.type) or before.type == TEXT):
            told.append(f"{name} stands behind no bytes and no text")
        if re.search(r"(^|_)count$", each.name) and not is_array(owner, before):
            told.append(f"{name} stands behind no array")
    return told


def rooms(owner: Declaration) -> list[str]:
    return [f"{owner.name}.{each.name}: the constant in the brackets has to end in {end}"
            for each in owner.items if each.room
            for end in ("_SIZE" if each.type == "char" else "_COUNT",) if not each.room.endswith(end)]


def words(owner: Declaration) -> list[str]:
    return [f"{owner.name}.{each.name}: this is called {OTHER_WORDS[part]} everywhere else"
            for each in owner.items for part in each.name.split("_") if part in OTHER_WORDS]


def is_out(each: Item) -> bool:
    return each.name == "out" or bool(SCALAR_OUT.fullmatch(each.type)) or each.type.endswith("**")


def order(owner: Declaration) -> list[str]:
    """What the function is about, data, `now`, other out-parameters, `problem`; without a handle the out-parameter is first."""
    items = [each for each in owner.items if each.name != "size"]
    told, outs = [], [at for at, each in enumerate(items) if is_out(each)]
    if any(each.type == "spectacles_problem *" for each in items[:-1]):
        told.append(f"{owner.name}: `problem` is not last")
    about = bool(items) and re.match(r"(const )?spectacles_\w+ \*$", items[0].type) is not None
    if outs and not about and outs[0] != 0:
        told.append(f"{owner.name}: `{items[outs[0]].name}` is filled, and there is no handle: it has to be first")
    for at, each in enumerate(items):
        rest = [other for other in items[at + 1:] if not is_out(other) and other.type != "spectacles_problem *"]
        if (each.name in ("now", "unix_time") or at and is_out(each)) and rest and each.name != "deadline":
            told.append(f"{owner.name}: `{each.name}` stands before `{rest[0].name}`")
    return told


def complaints(text: str) -> list[str]:
    told = []
    for each in declarations(text):
        told += pointers(each) + numbers(each) + rooms(each) + words(each)
        told += order(each) if each.kind == "function" else []
    return [complaint for complaint in told if complaint]


def test_names_and_parameters_follow_the_rule_of_types_h(root: Path) -> None:
    told = [f"{header.name}: {complaint}" for header in headers(root) for complaint in complaints(header.read_text())]
    assert not told, "\n" + "\n".join(told)


def test_every_exception_is_needed(root: Path) -> None:
    known = {name for header in headers(root) for each in declarations(header.read_text())
             for name in [f"{each.name}.*", *(f"{each.name}.{item.name}" for item in each.items)]}
    assert {*NUL_TERMINATED, *ALONE, *NO_ARRAYS} <= known


BROKEN = {
    "int spectacles_f(const uint8_t *bytes, uint32_t length);": "`bytes` is not followed",
    "int spectacles_f(const uint8_t *bytes, uint64_t now, size_t length);": "`bytes` is not followed",
    "int spectacles_f(const uint8_t *body, size_t body_length);": "`body` is not followed by `size_t length`",
    "int spectacles_f(const char *key, size_t length, const char *value, size_t value_length);": "followed by `size_t key_length`",
    "int spectacles_f(const char *host);": "`host` is not followed",
    "int spectacles_f(spectacles_x *x, size_t length);": "behind no bytes",
    "int spectacles_f(const uint64_t *ids, size_t length);": "`ids` is not followed by `size_t id_count`",
    "int spectacles_f(char *out, const char *key, size_t length);": "`out` is not followed by `size_t size`",
    "int spectacles_f(const char *key, size_t length, char *out, size_t size);": "it has to be first",
    "int spectacles_f(spectacles_x *x, uint64_t now, uint32_t op);": "`now` stands before `op`",
    "int spectacles_f(spectacles_x *x, uint64_t *tag, uint64_t now);": "`tag` stands before `now`",
    "int spectacles_f(spectacles_x *x, spectacles_problem *problem, uint32_t op);": "not last",
    "typedef struct spectacles_y { const uint8_t *data; size_t length; } spectacles_y;": "`data` is not followed by `size_t data_length`",
    "typedef struct spectacles_y { size_t url_count; const char *const *urls; } spectacles_y;": "`urls` is not followed by",
    "typedef struct spectacles_y { const spectacles_gap *gaps; size_t gaps_length; } spectacles_y;": "followed by `size_t gap_count`",
    "typedef struct spectacles_y { char text[SPECTACLES_Y_TEXT]; } spectacles_y;": "has to end in _SIZE",
    "typedef struct spectacles_y { uint64_t by_op[SPECTACLES_OPS]; } spectacles_y;": "has to end in _COUNT",
    "typedef struct spectacles_y { uint32_t encoding; } spectacles_y;": "called format everywhere else",
}
SOUND = """
/* (pointer, length), an array, an out-parameter behind a handle, and one before all when there is none. */
typedef struct spectacles_y {
    const uint8_t *data;
    size_t data_length;
    const char *const *urls;
    size_t url_count;
    uint32_t shard_count;
    char text[SPECTACLES_Y_TEXT_SIZE];
} spectacles_y;
int spectacles_f(spectacles_y **out, const uint8_t *bytes, size_t length, spectacles_problem *problem);
int spectacles_g(spectacles_x *x, const uint64_t *ids, size_t count, uint64_t now, uint64_t *ticket);
size_t spectacles_h(char *out, size_t size, const char *a, size_t a_length, const char *b, size_t b_length);
const char *spectacles_i(const spectacles_y *y, size_t *length);
"""


def test_what_breaks_the_rule_is_found() -> None:
    for text, complaint in BROKEN.items():
        assert any(complaint in told for told in complaints(text)), (text, complaints(text))
    assert not complaints(SOUND)
