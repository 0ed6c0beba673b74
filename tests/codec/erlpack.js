// Discord's own ETF codec, for the tests: the framing of oracle.escript.
'use strict';
const erlpack = require('erlpack');
const serve = require('./framed');

function answer(what, bytes) {
  if (what === 'p') return erlpack.pack(JSON.parse(bytes.toString('utf8')));
  return Buffer.from(JSON.stringify(erlpack.unpack(bytes)), 'utf8');
}

serve(answer);
