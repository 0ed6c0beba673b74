"""What each client is known to give up, and why. Anything else that is lost, altered, repeated or refused fails the suite."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    faults: tuple[str, ...]
    reason: str


# Events that are lost though Discord held the session: the faults, and what the client does about them.
LOSES: dict[str, list[Known]] = {
    "discordjs": [
        Known(("close 1000", "close 4003", "close 4005", "close 4007", "close 4008"), "its list of codes says to begin a new session"),
        Known(("op 7 in place of HELLO", "503 at the upgrade", "429 at the upgrade"), "a connection that ends before HELLO takes the session along"),
    ],
    "discordgo": [
        Known(("op 9, resumable",), "it answers every op 9 with IDENTIFY, whatever d says"),
        Known(("3 resumes cut, each further",), "now and then: two goroutines may reconnect at once, as its own source says, and the sequence jumps"),
    ],
}
# The client never comes back, or ends: what was dispatched meanwhile is lost, and it is started anew for the next fault.
HANGS: dict[str, list[Known]] = {
    "discordgo": [Known(("op 7 in place of HELLO",), "Open() holds the session's lock while it reads HELLO, and what answers op 7 wants that lock")],
    "hikari": [
        Known(("close 4001", "close 4003", "close 4005"), "its list of codes says that they are final: run() raises"),
        Known(("503 at the upgrade", "429 at the upgrade"), "its back-off grows over connections that worked, up to a minute"),
    ],
}
# Events that come twice.
REPEATS: dict[str, list[Known]] = {}
# Events come in another order than they were sent in: clients, with an encoding and a compression.
OVERTAKES = {
    "discordjs json payload": "it inflates in the background and does not wait: a small payload, which is not compressed, overtakes a large one",
}
# Rules of Discord that the client breaks: the code and the reason that the stand-in notes.
VIOLATES: dict[str, list[Known]] = {
    "discordgo": [Known(("9 identified too fast",), "it answers op 9 with IDENTIFY at once, and counts no window")],
}


def reason(table: dict[str, list[Known]], client: str, what: str) -> str:
    """Empty when it is not known."""
    return next((known.reason for known in table.get(client, []) if what in known.faults), "")


def excuses_loss(client: str, fault: str) -> bool:
    return bool(reason(LOSES, client, fault) or reason(HANGS, client, fault))
