// npm's MessagePack, which the JavaScript brokers from 0.9 on use, for the tests: the framing of oracle.escript.
'use strict';
const { encode, decode } = require('@msgpack/msgpack');
const serve = require('./framed');

// Numbers from a seed: mulberry32.
function dice(seed) {
  return (most) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % (most + 1);
  };
}

const CHARS = ['a', 'Z', '0', ' ', '"', '\\', '\n', '\0', '\u00e4', '\u20ac', '\ud83d\ude00', '/', '\u007f'];
const LENGTHS = [0, 1, 5, 30, 31, 32, 33, 255, 256, 65535, 65536];

function text(roll) {
  const length = roll(40) ? roll(12) : LENGTHS[roll(LENGTHS.length - 1)];
  let out = '';
  for (let i = 0; i < length; i++) out += CHARS[roll(CHARS.length - 1)];
  return out;
}

function whole(roll) {
  const size = Math.pow(2, roll(52));
  return (roll(1) ? 1 : -1) * Math.floor(size + (roll(2) - 1)) || 0;
}

function value(roll, depth) {
  switch (roll(depth > 0 ? 8 : 6)) {
    case 0: return null;
    case 1: return roll(1) === 1;
    case 2: return whole(roll);
    case 3: return (roll(0x7fffffff) - 0x40000000) / (1 + roll(0xffff)) * Math.pow(10, roll(40) - 20) || 0;
    case 4: return Buffer.from(text(roll), 'utf8'); // bin
    case 5: return roll(0xffff) / 16;
    case 6: return text(roll);
    case 7: return Array.from({ length: roll(30) ? roll(6) : 15 + roll(3) }, () => value(roll, depth - 1));
    default: {
      const out = {};
      for (let left = roll(30) ? roll(6) : 15 + roll(3); left > 0; left--) out[text(roll)] = value(roll, depth - 1);
      return out;
    }
  }
}

// As JSON, with binaries as the text that they hold.
function plain(it) {
  if (it instanceof Uint8Array) return Buffer.from(it).toString('utf8');
  if (Array.isArray(it)) return it.map(plain);
  if (it === null || typeof it !== 'object') return it;
  if (it.constructor !== Object) throw new Error('an extension');
  return Object.fromEntries(Object.entries(it).map(([key, each]) => [key, plain(each)]));
}

const json = (it) => Buffer.from(JSON.stringify(plain(it)), 'utf8');

function answer(what, bytes) {
  if (what === 'p') return Buffer.from(encode(JSON.parse(bytes.toString('utf8'))));
  if (what === 'u') return json(decode(bytes));
  if (what !== 'g') throw new Error('what?');
  const made = value(dice(bytes.readUInt32LE(0)), 4);
  const packed = Buffer.from(encode(made));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(packed.length);
  return Buffer.concat([length, packed, json(made)]);
}

serve(answer);
