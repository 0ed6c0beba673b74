"""What is Node's own: types, packages, threads, whose TLS it is, who keeps the process alive."""
from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import Process

from bindings.conftest import Bot, asked, wait_lines
from bindings.frame import Binding, Place, place_of
from bindings.languages.node import NPM, copy

pytestmark = [pytest.mark.xdist_group("node"), pytest.mark.skipif("node" not in asked(), reason="Node was not asked for")]
COUNTED = ("spectacles_shard_stats", "spectacles_broker_stats", "spectacles_gateway_stats", "spectacles_gateway_shard_stats")


@pytest.fixture(scope="session")
def language() -> str:
    return "node"


@pytest.fixture
def place(binding: Binding) -> Place:
    """Built."""
    return place_of("node")


def command(program: str) -> list[str]:
    return ["node", "--input-type=module", "-e", program]


def node(place: Place, program: str, **environment: str) -> str:
    """Without the library in the environment: the package has its own."""
    return place.run(*command(program), cwd=place.folder / "fresh", LD_LIBRARY_PATH="", **environment)


def start(place: Place, program: str, **environment: str) -> Process:
    """Like node(), and goes on beside the test."""
    path = place.folder / "fresh" / f"{abs(hash(program)):x}.mjs"
    path.write_text(program)
    return Process(["node", str(path)], environment)


# ---- types and packages ----

def test_the_types_are_strict(place: Place, tmp_path: Path) -> None:
    """Of the examples, and of what a user writes: its mistakes are seen."""
    tools = place.folder / "typescript"
    tools.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(place.source / name, tools)
    try:
        place.run("npm", "ci", "--ignore-scripts", "--prefer-offline", *NPM, cwd=tools)
    except RuntimeError as why:
        pytest.skip(f"npm cannot fetch TypeScript: {str(why).strip().splitlines()[-1]}")
    source = tmp_path / "source"
    shutil.copytree(place.source, source, ignore=shutil.ignore_patterns("build", "prebuilds", "node_modules"))
    (source / "node_modules").symlink_to(tools / "node_modules")
    place.run("node", tools / "node_modules" / "typescript" / "bin" / "tsc", "-p", source, cwd=source)


def test_every_intent_has_a_type(root: Path, place: Place) -> None:
    header = (root / "include" / "spectacles" / "routing.h").read_text()
    typed = (place.source / "index.d.ts").read_text().partition("Intents: Readonly<")[2].partition("number")[0]
    assert set(re.findall(r"\bSPECTACLES_INTENT_(\w+) = 1", header)) == set(re.findall(r'"(\w+)"', typed))


def test_every_counter_is_there(root: Path, place: Place) -> None:
    headers = "".join(path.read_text() for path in (root / "include" / "spectacles").glob("*.h"))
    sources = "".join(path.read_text() for path in (place.source / "src").glob("*.c"))
    for name in COUNTED:
        body = re.sub(r"/\*.*?\*/", "", headers.partition(f"typedef struct {name} {{")[2].partition(f"}} {name};")[0], flags=re.S)
        fields = set(re.findall(r"uint\d+_t (\w+)", body)) - {"size", "reserved"}
        function = sources.partition(f"{name}_init(")[0].rpartition("static const counter counters[]")[2]
        assert fields == set(re.findall(r"STAT\((\w+)\)|COUNTERS\(\w+, (\w+)\)", function) and
                             [a or b for a, b in re.findall(r"STAT\((\w+)\)|COUNTERS\(\w+,\s*(\w+)\)", function)]), name


def test_the_package_names_the_version_of_the_library(root: Path, place: Place) -> None:
    (version,) = [line.split("'")[1] for line in (root / "meson.build").read_text().splitlines() if line.strip().startswith("version: '")]
    told = json.loads(node(place, 'import { about } from "spectacles"; console.log(JSON.stringify(about()))'))
    assert json.loads((place.source / "package.json").read_text())["version"] == version == told["version"]
    assert "json" in told["features"]


def test_the_package_has_the_library_inside(place: Place) -> None:
    with tarfile.open(next(place.folder.glob("*.tgz"))) as opened:
        names = {name.removeprefix("package/") for name in opened.getnames()}
    assert {"lib/index.js", "index.d.ts", "src/addon.c", "binding.gyp", "README.md"} <= names
    assert any(re.fullmatch(r"prebuilds/[\w-]+/libspectacles\.so\.\d+", name) for name in names), names
    mapped = node(place, 'import "spectacles"; import { readFileSync } from "fs"; console.log(readFileSync("/proc/self/maps", "utf8"))')
    assert "node_modules/spectacles/prebuilds/" in mapped and str(place.prefix) not in mapped


def test_a_source_package_builds(place: Place, tmp_path: Path) -> None:
    """Without a prebuilt addon npm's node-gyp makes one, with the headers that are on the machine."""
    source = copy(place, tmp_path / "source")
    told = json.loads(place.run("npm", "pack", "--json", "--pack-destination", tmp_path, cwd=source))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "package.json").write_text('{"private": true}\n')
    place.run("npm", "install", "--offline", "--omit=peer", *NPM, tmp_path / str(told[0]["filename"]), cwd=fresh)
    assert "0." in place.run("node", "-p", 'require("spectacles").about().version', cwd=fresh)


def test_without_the_library_a_sentence_says_so(place: Place, tmp_path: Path) -> None:
    source = copy(place, tmp_path / "source")
    done = subprocess.run(["node", "install.js"], cwd=source, env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_LIBDIR": str(tmp_path)},
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "libspectacles was not found: install it first" in done.stderr, done.stderr


def test_the_tls_is_that_of_the_library(place: Place) -> None:
    """And not that of Node, which exports one of its own."""
    library = ctypes.CDLL(str(place.prefix / "lib" / "libspectacles.so"))
    library.spectacles_tls_library.restype = ctypes.c_char_p
    told = node(place, 'import "crypto"; import { about } from "spectacles"; console.log(about().tls)').strip()
    assert told == library.spectacles_tls_library().decode()
    mapped = node(place, 'import { Broker } from "spectacles"; import { readFileSync } from "fs"; new Broker("amqps://127.0.0.1"); '
                         'console.log(readFileSync("/proc/self/maps", "utf8"))')
    assert "libssl" in mapped or "libmbedtls" in mapped


# ---- errors ----

def test_errors_carry_the_sentence(place: Place) -> None:
    told = node(place, """
import { Broker, Gateway, InvalidError, Shard } from "spectacles";
const makes = [() => new Shard("a b"), () => new Shard("t", { url: "https://x" }), () => new Shard("t", { shardId: -1 }), () => new Shard(7),
  () => new Broker("amqp://h/?x=1"), () => new Broker([]), () => new Broker("amqp://h", { format: "xml" }), () => new Gateway("t"),
  () => new Shard("t\\0"), () => new Broker("amqp://h").consume([]), () => new Shard("t", { presence: () => {} }),
  () => new Gateway("t", { events: "*", state: Buffer.from("{}") }).addShard(5)];
for (const make of makes) {
  try { make(); console.log("nothing"); } catch (error) {
    console.log(error instanceof InvalidError || error.code, error.code, error.name, error.errno, error.message);
  }
}
""").splitlines()
    assert len(told) == 12 and all(line.startswith("true E_INVAL InvalidError -2 ") and len(line) > 40 for line in told[:-1]), told


def test_a_wrong_handle_is_an_error(place: Place) -> None:
    """And no crash."""
    told = node(place, """
import { Broker, Shard } from "spectacles";
for (const make of [() => Shard.prototype.budget.call(new Broker("amqp://h")), () => Shard.prototype.stats.call({}), () => Broker.prototype.stats.call(1)]) {
  try { make(); console.log("nothing"); } catch (error) { console.log(error.message); }
}
""").splitlines()
    assert told == ["the object is not what the call is for"] * 3


def test_an_exception_of_a_listener_is_not_swallowed(place: Place) -> None:
    told = node(place, """
import { Broker } from "spectacles";
process.on("uncaughtException", (error) => { console.log("SEEN", error.message); process.exit(0); });
const broker = new Broker("amqp://127.0.0.1:1");
broker.on("notice", () => { throw new Error("of a listener"); });
await broker.ready();
""")
    assert told == "SEEN of a listener\n"


# ---- lives ----

def test_who_waits_keeps_the_process(place: Place) -> None:
    """And nobody else: a handle that is open, and whose events nobody waits for, does not."""
    told = node(place, """
import { Broker, Shard } from "spectacles";
const broker = new Broker("amqp://127.0.0.1:1");
broker.on("notice", () => {});
const shard = new Shard("t", { url: "ws://127.0.0.1:1" });
shard.on("notice", () => {});
const waits = [(signal) => broker.ready({ signal }), (signal) => broker.publish("A", "1", { signal }), (signal) => broker.consume("A").next({ signal }),
  (signal) => broker.call("A", "1", { signal, timeout: 60000 }), (signal) => shard.events({ signal }).next()];
for (const wait of waits) {
  try { await wait(AbortSignal.timeout(60)); } catch (error) { console.log(error.name, ["CONNECTING", "BACKOFF"].includes(broker.state)); }
}
console.log("END");
""").splitlines()
    assert told == ["TimeoutError true"] * 5 + ["END"]


def test_dispose(place: Place) -> None:
    """Where JavaScript has it: `await using` closes."""
    told = node(place, """
import { Broker, Gateway, Shard } from "spectacles";
const has = [Shard, Broker, Gateway].map((each) => typeof each.prototype[Symbol.asyncDispose ?? "close"]);
const broker = new Broker("amqp://127.0.0.1:1");
broker.on("notice", () => {});
broker.consume("A");
await broker[Symbol.asyncDispose ?? "close"]();
console.log(has.join(), broker.state, await broker.publish("A", "1").catch((error) => error.code));
""")
    assert told == "function,function,function CLOSED E_STATE\n"


BOT_IN_ONE_PROCESS = """
import { Gateway } from "spectacles";
const { DISCORD_TOKEN: token, GATEWAY_URL: url } = process.env;
const gateway = new Gateway(token, { url, events: ["MESSAGE_CREATE"] });
let ticket;
for await (const event of gateway) {
  if (event.type === "MESSAGE") {
    ticket = gateway.send(0, 8, { guild_id: event.json().guild_id, query: "", limit: 0 });
    event.ack();
  } else if (event.type === "COMMAND_SENT" && event.ticket === ticket) {
    console.log("SENT", gateway.stats().confirmed, gateway.eventCounts().MESSAGE_CREATE, gateway.state() !== undefined, gateway.shardStats(0).sent ?? gateway.shardStats(0).packets);
    gateway.setToken(token);
    gateway.stop();
  }
}
console.log("ENDED");
"""


def settings(standin: Standin, authority: Authority) -> dict[str, str]:
    return {"DISCORD_TOKEN": standin.token, "GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)}


def test_a_bot_in_one_process(place: Place, authority: Authority, standin: Standin) -> None:
    """Without a broker: a message is acknowledged here, and a packet is sent from here."""
    program = start(place, BOT_IN_ONE_PROCESS, **settings(standin, authority))
    standin.wait_ready(0, timeout=60 * PATIENCE)
    standin.dispatch(0, "MESSAGE_CREATE", {"id": "1", "guild_id": str(2 << 22)})
    assert wait_lines(program, "SENT") == [["SENT", "1", "1", "true", "0"]]
    assert program.wait() == 0 and len(standin.received(0, 8)) == 1 and standin.violations == []
    assert wait_lines(program, "ENDED")


ANSWERS_IN_THE_LOOP = """
import { Shard } from "spectacles";
const { DISCORD_TOKEN: token, GATEWAY_URL: url } = process.env;
const shard = new Shard(token, { url, commits: true });
for await (const event of shard) {
  shard.commit(event.seq);
  if (event.name !== "MESSAGE_CREATE") continue;
  await shard.send(8, { guild_id: event.json().guild_id, query: "", limit: 0 });
  console.log("SENT", event.json().id, JSON.parse(event.data).id === event.json().id, shard.session().seq === event.seq);
  if (event.json().id === "3") break;
}
await shard.requestMembers(1n << 23n, { limit: 5 });
await shard.close();
console.log("CLOSED", shard.state, shard.stats().sentByOp[8]);
"""


def test_who_answers_in_the_loop_does_not_wait_for_himself(place: Place, authority: Authority, standin: Standin) -> None:
    """A packet is out when its promise is settled, though nobody pulls events meanwhile; and no event is lost by it."""
    program = start(place, ANSWERS_IN_THE_LOOP, **settings(standin, authority))
    standin.wait_ready(0, timeout=60 * PATIENCE)
    for number in (1, 2, 3):
        standin.dispatch(0, "MESSAGE_CREATE", {"id": str(number), "guild_id": str(2 << 22)})
    assert wait_lines(program, "CLOSED") == [["CLOSED", "CLOSED", "4"]]
    assert wait_lines(program, "SENT", 3) == [["SENT", str(number), "true", "true"] for number in (1, 2, 3)]
    assert program.wait() == 0 and len(standin.received(0, 8)) == 4 and standin.violations == []


MESSAGES = """
import { Broker, CallError, PublishError } from "spectacles";
const url = process.env.AMQP_URL;
const broker = new Broker(url);
const asked = new Broker(url, { group: "other", format: "msgpack" });
const questions = asked.consume("ASK", { subgroup: "a" });
await asked.ready();
const headers = { text: "t", whole: 7, wide: 2n ** 60n, real: 1.5, yes: true, nothing: null, bytes: Buffer.from([1, 2]) };
const call = broker.call("ASK", { n: 1 }, { headers, timeout: 20000 });
call.catch(() => {});
await asked.publish("ASK", { n: 2 }, { headers, messageId: "id", priority: 3, expiration: 60000 });
const { value: question } = await questions.next();
console.log("MESSAGE", question.event, question.messageId, question.format, JSON.stringify(question.json()), question.priority, question.held);
const got = question.headers;
console.log("HEADERS", got.text, got.whole, got.wide, got.real, got.yes, got.nothing, got.bytes.toString("hex"));
console.log("ACK", question.ack(), question.ack(), question.held);
await asked.publish("ASK", { n: 2 }, { messageId: "id" });
await broker.publish("ASK", Buffer.alloc(200000, "x"), { exchange: "other" });
const { value: large } = await questions.next();
console.log("LARGE", large.body.length, large.reject(), asked.stats().acknowledged);
console.log("FAILED", await call.catch((error) => [error instanceof CallError, error.reason].join()));
console.log("RETURNED", await broker.publish("NOBODY", "1", { mandatory: true }).catch((error) => [error instanceof PublishError, error.replyCode].join()));
console.log("NO_REPLY", await question.reply("1").catch((error) => error.code));
const many = Array.from({ length: 5000 }, (_, n) => broker.publish("MANY", { n }, { transient: true }));
console.log("WINDOW", broker.hasRoom, (await Promise.all(many)).length, broker.stats().confirmed);
const named = broker.consume([], { queue: "other:a:ASK" });
const own = broker.consume("EXCLUSIVE", { exclusive: true });
await broker.ready();
await broker.publish("EXCLUSIVE", "1");
console.log("OWN", (await own.next()).value.body.toString());
named.stop();
console.log("DONE", (await named.next()).done);
broker.stop();
await Promise.all([broker.close(), asked.close()]);
console.log("CLOSED", broker.state, broker.unconfirmed);
"""


def test_messages_of_all_kinds(place: Place, bot: Bot) -> None:
    """Headers, formats, copies, a body larger than a buffer, a full window, calls and returns."""
    program = start(place, MESSAGES, **bot.environment)
    wait_lines(program, "CLOSED")
    told = [line.decode() for line in program.out]
    assert told == [
        'MESSAGE ASK id 3 {"n":2} 3 true', "HEADERS t 7 1152921504606846976n 1.5 true null 0102", "ACK true false false",
        "LARGE 200000 true 2", "FAILED true,UNROUTABLE", "RETURNED true,312", "NO_REPLY E_INVAL", "WINDOW false 5000 5001", "OWN 1", "DONE true",
        "CLOSED CLOSED 0"], (told, program.said())
    assert program.wait() == 0


COPIES = """
import { Broker } from "spectacles";
const broker = new Broker(process.env.AMQP_URL);
const publish = (key, event, messageId, shards) => broker.publish(key, event, { messageId, headers: { shards, digest: event.repeat(32) } });
const bring = async (key) => {
  for (const [event, messageId, shards] of [["a", "4:a", 4], ["a", "8:a", 8], ["b", "8:b:1", 8], ["b", "8:b:2", 8], ["b", "4:b:1", 4], ["b", "4:b:2", 4]])
    await publish(key, event, messageId, shards);
  await broker.publish(key, "a", { messageId: "4:a" });
  await broker.publish(key, "end", { messageId: "end" });
};
const take = async (key, options) => {
  const consumer = broker.consume(key, options);
  await broker.ready();
  await bring(key);
  const taken = [];
  for await (const message of consumer) {
    taken.push(message);
    if (message.messageId === "4:a") message.ackAll();
    if (message.messageId === "end") break;
  }
  for (const message of taken) message.ack();
  return taken.map((message) => message.messageId).join();
};
console.log("LEFT_OUT", await take("LEFT_OUT", {}));
const before = broker.stats().acknowledged;
console.log("ALL", await take("ALL", { copies: true }));
console.log("ACKNOWLEDGED", before, broker.stats().acknowledged);
await broker.close();
"""


def test_copies(place: Place, bot: Bot) -> None:
    """Of what was acknowledged, by ackAll() too, and of what another number of shards has brought, though it is still being worked on."""
    program = start(place, COPIES, **bot.environment)
    assert program.wait() == 0, program.said()
    assert [line.decode() for line in program.out] == [
        "LEFT_OUT 4:a,8:b:1,8:b:2,end", "ALL 4:a,8:a,8:b:1,8:b:2,4:b:1,4:b:2,4:a,end", "ACKNOWLEDGED 8 16"], program.said()


WORKERS = """
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { Broker, Shard } from "spectacles";
const { DISCORD_TOKEN: token, GATEWAY_URL: url, AMQP_URL } = process.env;
if (isMainThread) {
  const make = (workerData) => new Worker(new URL(import.meta.url), { workerData });
  for (let round = 0; round < 5; round++) {
    const ended = [make("wait"), make("flood"), make("publish")];
    await Promise.all(ended.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
    await Promise.all(ended.map((worker) => worker.terminate()));
  }
  const last = make("publish");
  await new Promise((resolve) => last.once("message", resolve));
  last.postMessage("stop");
  console.log("TERMINATED", await new Promise((resolve) => last.once("exit", resolve)));
} else if (workerData === "wait") {
  const shard = new Shard(token, { url });
  setTimeout(() => parentPort.postMessage("waits"), 50);
  for await (const event of shard) if (!event) break;
} else if (workerData === "flood") {
  const broker = new Broker(AMQP_URL);
  for (const message of Array.from({ length: 500 }, (_, n) => broker.publish("THREADS", { n }))) message.catch(() => {});
  const messages = broker.consume("THREADS");
  for await (const message of messages) {
    message.ack();
    parentPort.postMessage("flows");
  }
} else {
  const broker = new Broker(AMQP_URL);
  parentPort.once("message", async () => {
    await broker.close();
    parentPort.close();
  });
  await broker.publish("THREADS", { thread: true });
  parentPort.postMessage("published");
}
"""


def test_threads_that_end_in_mid_flight(place: Place, bot: Bot) -> None:
    program = start(place, WORKERS, **bot.environment)
    assert wait_lines(program, "TERMINATED", timeout=120) == [["TERMINATED", "0"]], program.said()
    assert program.wait() == 0, program.said()


def test_acknowledgements_leave_before_the_process_ends(place: Place, bot: Bot, rabbit: Any, vhost: str, channel: Any) -> None:
    """Though nobody closes: what was acknowledged is not delivered again."""
    channel.queue_declare("gateway:A", durable=True)
    for number in range(3):
        channel.basic_publish("", "gateway:A", str(number))
    program = start(place, """
import { Broker } from "spectacles";
import { setTimeout as sleep } from "node:timers/promises";
const messages = new Broker(process.env.AMQP_URL).consume("A");
for (let n = 0; n < 3; n++) {
  const { value } = await messages.next();
  await sleep(5);
  value.ack();
}
console.log("DONE");
""", **bot.environment)
    assert program.wait() == 0, program.said()
    rabbit.wait_for(lambda: rabbit.queues(vhost)["gateway:A"]["messages"] == 0, "an empty queue")
