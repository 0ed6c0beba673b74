// The framing of oracle.escript, for oracles in JavaScript: answers one request after the other until the input ends.
'use strict';
const fs = require('fs');

function read(length) {
  const out = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const got = fs.readSync(0, out, done, length - done, null);
    if (got === 0) process.exit(0);
    done += got;
  }
  return out;
}

module.exports = function serve(answer) {
  for (;;) {
    const head = read(5);
    const bytes = read(head.readUInt32LE(1));
    let how = '+';
    let out;
    try {
      out = answer(String.fromCharCode(head[0]), bytes);
    } catch (error) {
      how = '!';
      out = Buffer.from(String(error), 'utf8');
    }
    const reply = Buffer.alloc(5);
    reply.write(how, 0, 'latin1');
    reply.writeUInt32LE(out.length, 1);
    fs.writeSync(1, Buffer.concat([reply, out]));
  }
};
