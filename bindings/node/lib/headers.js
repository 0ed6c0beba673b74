// Headers of messages, as src/headers.h lays them out.
"use strict";
const { headers: TYPES } = require("./native");

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get isAtEnd() {
    return this.at >= this.bytes.length;
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  counted() {
    return this.take(this.take(4).readUInt32LE());
  }

  entry() {
    const [type, length] = this.take(2);
    return [this.take(length).toString(), this.value(type)];
  }

  value(type) {
    switch (type) {
      case TYPES.NOTHING:
        return null;
      case TYPES.BOOLEAN:
        return this.take(1)[0] !== 0;
      case TYPES.INTEGER:
      case TYPES.TIMESTAMP:
        return numberOf(this.take(8).readBigInt64LE());
      case TYPES.REAL:
        return this.take(8).readDoubleLE();
      case TYPES.TEXT:
        return this.counted().toString();
      case TYPES.TABLE:
        return Object.fromEntries(entries(this.counted()));
      case TYPES.ARRAY:
        return entries(this.counted()).map(([, value]) => value);
      default:
        return Buffer.from(this.counted());
    }
  }
}

/** A number where it is exact. */
function numberOf(integer) {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function entries(bytes) {
  const reader = new Reader(bytes);
  const made = [];
  while (!reader.isAtEnd) made.push(reader.entry());
  return made;
}

module.exports = { headersOf: (bytes) => Object.fromEntries(entries(bytes)) };
