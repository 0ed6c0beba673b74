// What can go wrong. Each error carries the sentence of the library, which says what is wrong and what to do.
"use strict";
const native = require("./native");

/** A call of the library failed. `code` is the name of the error ("E_INVAL"), `errno` its number. */
class SpectaclesError extends Error {
  constructor(sentence, errno = 0) {
    super(sentence);
    this.errno = errno;
    this.code = native.errorName(errno);
  }
}

/** An argument or a setting is wrong. */
class InvalidError extends SpectaclesError {}

/** The call is not possible now: not connected, or closing. */
class StateError extends SpectaclesError {}

/** A limit is reached, or a window is full: try again later. */
class FullError extends SpectaclesError {}

/** Discord will never accept this configuration. `closeCode` is the close code of its gateway. */
class FatalError extends SpectaclesError {
  constructor(sentence, errno, closeCode) {
    super(sentence, errno);
    this.closeCode = closeCode;
  }
}

/** A message will never be delivered: no queue takes it (`replyCode` 312), or RabbitMQ refuses it. */
class PublishError extends SpectaclesError {
  constructor(sentence, replyCode) {
    super(sentence);
    this.code = "E_PUBLISH";
    this.replyCode = replyCode;
  }
}

/** A call has no reply. `reason` is "TIMEOUT", "UNROUTABLE", "REFUSED", "LOST", "CLOSED" or "BAD_REPLY". */
class CallError extends SpectaclesError {
  constructor(sentence, reason) {
    super(sentence);
    this.code = "E_CALL";
    this.reason = reason;
  }
}

const classes = { SpectaclesError, InvalidError, StateError, FullError, FatalError, PublishError, CallError };
for (const [name, made] of Object.entries(classes)) Object.defineProperty(made.prototype, "name", { value: name });

const byErrno = new Map([
  [native.errors.INVAL, InvalidError],
  [native.errors.STATE, StateError],
  [native.errors.AGAIN, FullError],
]);

/** The error of a code of the library. */
function failure(errno, sentence) {
  return new (byErrno.get(errno) ?? SpectaclesError)(sentence, errno);
}

const invalid = (sentence) => new InvalidError(sentence, native.errors.INVAL);
const closed = () => new StateError("it is closed", native.errors.STATE);

module.exports = { SpectaclesError, InvalidError, StateError, FullError, FatalError, PublishError, CallError, failure, invalid, closed };
