// Loads the addon: prebuilt for this machine, or as node-gyp has built it.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");

const root = path.join(__dirname, "..");
const prebuilt = path.join(root, "prebuilds", `${process.platform}-${process.arch}`, "spectacles.node");
const built = path.join(root, "build", "Release", "spectacles.node");

// Most builds of Node have OpenSSL inside, and export it. With RTLD_DEEPBIND the library finds its own TLS first: two versions
// of OpenSSL that are mixed end in a crash. musl has no such flag.
function load(file) {
  const loaded = { exports: {} };
  const { RTLD_NOW = 2, RTLD_DEEPBIND = 0 } = os.constants.dlopen;
  process.dlopen(loaded, file, RTLD_NOW | RTLD_DEEPBIND);
  return loaded.exports;
}

module.exports = load(fs.existsSync(prebuilt) ? prebuilt : built);
