// npm runs this when the package is installed. An addon that was prebuilt for this kind of machine is taken when it loads;
// elsewhere node-gyp builds one, against the library that pkg-config finds. `npm run prebuild` keeps it, with the library beside
// it, for `npm pack`.
"use strict";
const { execFileSync, spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const prebuilt = path.join(__dirname, "prebuilds", `${process.platform}-${process.arch}`);

function loads() {
  const program = 'require("./lib/native")';
  return spawnSync(process.execPath, ["-e", program], { cwd: __dirname, stdio: "ignore" }).status === 0;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function ask(...words) {
  try {
    return execFileSync("pkg-config", [...words, "spectacles"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return fail("libspectacles was not found: install it first, or set PKG_CONFIG_PATH to the folder of its spectacles.pc.");
  }
}

// Where Node's headers are on this machine, so that node-gyp need not fetch them.
function headers() {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  if (fs.existsSync(path.join(prefix, "include", "node", "common.gypi"))) return [`--nodedir=${prefix}`];
  const debian = path.join(prefix, "include", "nodejs");
  return fs.existsSync(path.join(debian, "common.gypi")) ? [`--nodedir=${debian}`] : [];
}

// npm says where its own node-gyp is.
function build() {
  const words = ["rebuild", ...headers()];
  const own = process.env.npm_config_node_gyp;
  const [command, given] = own ? [process.execPath, [own, ...words]] : ["node-gyp", words];
  const done = spawnSync(command, given, { cwd: __dirname, stdio: "inherit" });
  if (done.error) fail(`${command} was not found: run this by npm.`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function keep() {
  const library = fs.realpathSync(path.join(ask("--variable=libdir"), "libspectacles.so"));
  const [, soname] = /^(libspectacles\.so\.\d+)/.exec(path.basename(library));
  fs.mkdirSync(prebuilt, { recursive: true });
  fs.copyFileSync(path.join(__dirname, "build", "Release", "spectacles.node"), path.join(prebuilt, "spectacles.node"));
  fs.copyFileSync(library, path.join(prebuilt, soname));
}

if (process.argv[2] === "--keep") {
  fs.rmSync(prebuilt, { recursive: true, force: true });
  ask("--exists");
  build();
  keep();
} else if (!fs.existsSync(prebuilt) || !loads()) {
  fs.rmSync(prebuilt, { recursive: true, force: true });
  ask("--exists");
  build();
}
