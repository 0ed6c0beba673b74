"""What a consumer leaves out: messages that were worked on, and what another number of shards has brought too."""
from __future__ import annotations

from typing import Any

from ._errors import Problem
from ._spectacles import ffi, lib


class Copies:
    """A spectacles_copies. The mark of a message has no pointers: it is kept when the event is gone."""

    def __init__(self) -> None:
        config, problem, out = ffi.new("spectacles_copies_config *"), Problem(), ffi.new("spectacles_copies **")
        lib.spectacles_copies_config_init(config, ffi.sizeof("spectacles_copies_config"))
        config.seed = lib.spectacles_random_seed()
        problem.check(lib.spectacles_copies_new(out, config, problem.struct))
        self._handle = ffi.gc(out[0], lib.spectacles_copies_free)

    def mark(self, raw: Any, message_id: bytes) -> Any:
        made = ffi.new("spectacles_copy_mark *")
        lib.spectacles_copies_mark(self._handle, message_id, len(message_id), raw.headers, raw.header_count, made)
        return made

    def leave_out(self, mark: Any, now: int) -> bool:
        return bool(lib.spectacles_copies_leave_out(self._handle, mark, now))

    def add(self, mark: Any) -> None:
        lib.spectacles_copies_add(self._handle, mark)
