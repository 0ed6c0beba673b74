"""What can go wrong. Each exception carries the sentence of the library, which says what is wrong and what to do."""
from __future__ import annotations

from typing import Any, NoReturn, Optional

from ._spectacles import ffi, lib


class SpectaclesError(Exception):
    """A call of the library failed. `code` is a value of enum spectacles_error, `name` its name ("E_INVAL")."""

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def name(self) -> str:
        return text(lib.spectacles_error_name(self.code))


class InvalidError(SpectaclesError, ValueError):
    """An argument or a setting is wrong."""


class StateError(SpectaclesError):
    """The call is not possible now: not connected, or closing."""


class FullError(SpectaclesError):
    """A limit is reached, or a window is full: try again later."""


class FatalError(SpectaclesError):
    """Discord will never accept this configuration. `close_code` is the close code of its gateway."""

    def __init__(self, sentence: str, code: int, close_code: int) -> None:
        super().__init__(sentence, code)
        self.close_code = close_code


class PublishError(SpectaclesError):
    """A message will never be delivered: no queue takes it (`reply_code` 312), or RabbitMQ refuses it."""

    def __init__(self, sentence: str, reply_code: int) -> None:
        super().__init__(sentence)
        self.reply_code = reply_code


class CallError(SpectaclesError):
    """A call has no reply. `reason` is "TIMEOUT", "UNROUTABLE", "REFUSED", "LOST", "CLOSED" or "BAD_REPLY"."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


KINDS: dict[int, type[SpectaclesError]] = {
    lib.SPECTACLES_E_INVAL: InvalidError,
    lib.SPECTACLES_E_STATE: StateError,
    lib.SPECTACLES_E_AGAIN: FullError,
}


def text(pointer: Any) -> str:
    """A NUL-terminated text of the library; "" for NULL."""
    return str(ffi.string(pointer).decode("utf-8", "replace")) if pointer else ""


def fail(code: int, sentence: str) -> NoReturn:
    if code == lib.SPECTACLES_E_NOMEM:
        raise MemoryError(sentence or "out of memory")
    raise KINDS.get(code, SpectaclesError)(sentence or text(lib.spectacles_strerror(code)), code)


class Problem:
    """A spectacles_problem, and what becomes of it."""

    def __init__(self) -> None:
        self.struct = ffi.new("spectacles_problem *")

    def check(self, code: int) -> int:
        if code >= 0:
            return code
        word, sentence = text(self.struct.word), text(self.struct.text)
        fail(code, f"{sentence}: {word}" if word else sentence)


def check(code: int, last_error: Any, handle: Any) -> int:
    """The result of a call with a handle, or the sentence that is on the handle as an exception."""
    if code < 0:
        fail(code, text(last_error(handle)))
    return code


class Texts:
    """What a struct points to lives as long as this."""

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def text(self, value: Optional[str]) -> Any:
        if value is None:
            return ffi.NULL
        if "\0" in value:
            raise InvalidError("a text has a NUL character in it", lib.SPECTACLES_E_INVAL)
        return self.keep(ffi.new("char[]", value.encode()))

    def texts(self, values: list[str]) -> Any:
        return self.keep(ffi.new("const char *[]", [self.text(value) for value in values])) if values else ffi.NULL

    def keep(self, value: Any) -> Any:
        self._kept.append(value)
        return value
