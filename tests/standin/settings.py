"""What a test can set. Where Discord is known to do one thing, that is the default; README.md names the sources, and what nobody knows."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

SENDING_WINDOWS = ("fixed", "sliding")
TOO_OLD = ("close", "invalid")
ETF_COMPRESS = ("ignored", "refused", "compressed")
REPLACED = ("closed", "kept")


@dataclass(eq=False, repr=False)
class Settings:
    # ---- the bot, and what GET /gateway/bot says of it ----
    token: str = "test.token"
    shards: int = 2
    max_concurrency: int = 1
    identify_limit: dict[str, int] = field(default_factory=lambda: {"total": 1000, "remaining": 1000, "reset_after": 14400000})
    api_status: Optional[int] = None  # every GET /gateway/bot is answered with this status
    host: str = "localhost"
    addresses: tuple[str, ...] = ("127.0.0.1",)  # it listens there; with more than one, the port has to be named
    shown_port: Optional[int] = None  # a proxy's, when a proxy stands in front
    versions: tuple[int, ...] = (10, 9)

    # ---- connections ----
    heartbeat_interval: int = 41250  # milliseconds
    heartbeat_grace: float = 20.0  # seconds beside the two intervals that may be missed: the stand-in itself may be slow to look
    enforces_heartbeats: bool = True
    asks_for_late_heartbeats: bool = True  # op 1 to a client whose heartbeat is late by a quarter of an interval
    says_hello: bool = True
    pieces: int = 1  # a message of zlib-stream goes out in so many WebSocket messages
    fragments: int = 1  # each WebSocket message goes out in so many frames
    ping_gap: float = 0.1  # seconds between two pings that stand between fragments
    knows_compression: bool = True  # False: text (or plain ETF), whatever `compress` in the URL asked for
    zstd_frames: bool = False  # each message of zstd-stream is a whole zstd frame

    # ---- sessions ----
    identify_window: float = 5.0  # seconds, for max_concurrency
    identify_refusal: float = 3.0  # seconds from an IDENTIFY that came too early to its op 9
    disallowed_intents: int = 0
    sharding_required: int = 1
    resume_url: Optional[str] = None
    session_id: Optional[Callable[[], str]] = None  # makes the ids of sessions, when a test wants odd ones
    session_expiry: float = 3600.0  # seconds that a session without a connection lives
    replay_limit: int = 1_000_000  # dispatches that a resume may ask for
    sends_guilds: bool = False  # a GUILD_CREATE for each guild of READY. Off, so that a test knows each sequence number

    # ---- limits on what a client sends ----
    members_window: float = 30.0  # seconds until all members of a guild may be asked for again
    sending_limit: int = 120
    sending_period: float = 60.0
    sending_tolerance: float = 1.0  # seconds by which the period of a client may be shorter: clocks and the network

    # ---- what nobody knows of Discord: each answer can be set ----
    sending_window: str = "fixed"  # or "sliding"
    too_old: str = "close"  # a resume behind replay_limit: "close" with 4007, or "invalid" (op 9)
    timeout_ends_session: bool = True  # a session whose client missed its heartbeats (4009)
    invalid_closes: Optional[float] = None  # seconds after op 9 until the server closes by itself; None: never
    reconnect_closes: Optional[float] = 5.0  # the same after op 7
    closing_code: int = 4000  # of these two closes
    replaced: str = "closed"  # a connection whose session was resumed on another one; or "kept": both get what is dispatched
    replaced_code: int = 4000  # with which it is closed
    etf_compress: str = "ignored"  # "compress": true with ETF: "ignored", "refused" (4002), or "compressed"
    strict_presence: bool = False  # a presence needs all of its four fields, in IDENTIFY too; False: those that are there have to be right

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        for name, allowed in (("sending_window", SENDING_WINDOWS), ("too_old", TOO_OLD), ("etf_compress", ETF_COMPRESS),
                              ("replaced", REPLACED)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {allowed}, and not {getattr(self, name)!r}")

    def set(self, **changes: Any) -> None:
        """Changes settings by name; a name that does not exist is an error."""
        for name, value in changes.items():
            if name not in Settings.__dataclass_fields__:
                raise AttributeError(f"the stand-in has no setting {name!r}")
            setattr(self, name, value)
        self.check()
