"""Runs one client through the script of faults, and compares each session with what was dispatched in it."""
from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standin.certs import Authority
from standin.limits import Identifies
from standin.payloads import corpus
from standin.session import Session
from standin.standin import Standin
from support.processes import Process

from . import known
from .faults import FAULTS, SHARD, Fault, unknown

BATCH = 20
TOKEN = "MQ.test.token"  # the first part of a token is the bot's id in base64: hikari reads it
HEARTBEAT = 3000  # milliseconds: a dead connection is noticed soon
BACK = 30.0  # seconds (times patience) until a client that does not come back is stuck
HOPELESS = 2.0  # the same for one that is known not to
SETTLED = 20.0  # the same for events on their way


@dataclass
class Outcome:
    """Of one fault."""

    fault: Fault
    how: str = ""  # "resumed", "identified", or "stayed"
    seconds: float = 0.0
    lost: int = 0
    repeated: int = 0


@dataclass
class Report:
    outcomes: list[Outcome] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class Client:
    """A client's program, with what it prints read as dispatches."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment
        self.heard: dict[str, list[tuple[int, str, Any]]] = {}
        self.marks: set[int] = set()  # of all that was heard, in whatever session
        self._expected: dict[tuple[str, int], int] = {}
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = Process(self._arguments, self._environment)
        self._read = 0
        self._session = ""

    def stop(self) -> None:
        self.process.kill()
        self.read()
        self.said += self.process.err[-30:]

    def read(self) -> None:
        for line in self.process.out[self._read:]:
            self._read += 1
            payload = json.loads(line)
            if payload["op"] != 0:
                continue
            if payload["t"] == "READY":
                self._session = payload["d"]["session_id"]
            self.heard.setdefault(self._session, []).append((payload["s"], payload["t"], payload["d"]))
            self.marks.add(mark(payload["s"], payload["t"], payload["d"]))

    def has(self, session: Session) -> bool:
        """All that was dispatched in it so far."""
        self.read()
        return all(self._expect(session, seq) in self.marks for seq in wanted(session, session.seq))

    def _expect(self, session: Session, seq: int) -> int:
        key = (session.session_id, seq)
        if key not in self._expected:
            self._expected[key] = mark(seq, session.names[seq - 1], json.loads(str(session.log[seq - 1])))
        return self._expected[key]


def wanted(session: Session, until: int, after: int = 0) -> set[int]:
    """RESUMED is for the connection that resumed, and some clients drop it."""
    return {seq for seq in range(after + 1, until + 1) if session.names[seq - 1] != "RESUMED"}


def events() -> Iterator[tuple[str, str]]:
    """A daily mix, under names that no client knows: then it hands them on as they came, and has no opinion about what is in them."""
    seed = 0
    while True:
        seed += 1
        yield from (unknown(*each) for index, each in enumerate(corpus(seed, 400)) if index % 40 != 7)


class Runner:
    def __init__(self, standin: Standin, client: Client) -> None:
        self.standin = standin
        self.client = client
        self.events = events()
        self.windows: list[tuple[Outcome, list[tuple[Session, int, int]]]] = []

    def begin(self, sessions: int) -> None:
        running = lambda: self.client.process.running()  # noqa: E731
        self.standin.wait_for(lambda: self.standin.count("ready") >= sessions or not running(), 60, f"for a session: {self.client.process.err[-20:]}")
        assert self.standin.count("ready") >= sessions, "it ended:\n" + "\n".join(self.client.process.err[-20:])
        self.settle()

    def begin_again(self) -> None:
        """A client that has given up, or that has ended, is started anew: the next fault is for another session."""
        self.client.stop()
        self.standin.identifies = Identifies(self.standin)  # the new process does not know when the old one identified
        self.client.start()
        self.begin(self.standin.count("ready") + 1)

    def dispatch(self) -> None:
        if self.standin.session(SHARD).alive:
            self.standin.dispatch_many(SHARD, [next(self.events) for _ in range(BATCH)])

    def backs(self) -> tuple[int, int]:
        return self.standin.count("resumed"), self.standin.count("ready")

    def settle(self) -> bool:
        """Waits until all of the newest session has arrived."""
        return self._wait(lambda: self.client.has(self.standin.session(SHARD)), SETTLED)

    def _wait(self, predicate: Any, seconds: float) -> bool:
        try:
            self.standin.wait_for(lambda: predicate() or not self.client.process.running(), seconds)
        except TimeoutError:
            return False
        return self.client.process.running()

    def suffer(self, fault: Fault, hopeless: bool) -> Outcome:
        """hopeless: the client is known to hang, so that nobody waits long for it."""
        outcome = Outcome(fault)
        before = self.standin.session(SHARD)
        start = before.seq
        self.dispatch()
        self.settle()
        seen = self.backs()
        began = time.monotonic()
        fault.do(self.standin, [] if fault.ends_session else [next(self.events) for _ in range(BATCH)])
        came_back = not fault.breaks or self._wait(lambda: self.backs() != seen and self.standin.session(SHARD).connection, HOPELESS if hopeless else BACK)
        outcome.seconds = time.monotonic() - began
        now = self.backs()
        outcome.how = "stuck" if not came_back else "identified" if now[1] > seen[1] else "resumed" if now[0] > seen[0] else "stayed"
        self.standin.unplan()
        self.settle()
        self.dispatch()
        self.settle()
        after = self.standin.session(SHARD)
        spans = [(before, start, before.seq)] + ([(after, 0, after.seq)] if after is not before else [])
        self.windows.append((outcome, spans))
        return outcome

    def sort_out(self) -> None:
        """For a client whose events overtake READY: each belongs to the first session, from the one it came in, that has it."""
        sessions = self.standin.sessions
        sorted_out: dict[str, list[tuple[int, str, Any]]] = {each.session_id: [] for each in sessions}
        for number, session in enumerate(sessions):
            for dispatch in self.client.heard.get(session.session_id, []):
                sorted_out[next((each.session_id for each in sessions[number:] if fits(each, dispatch)), session.session_id)].append(dispatch)
        self.client.heard = {name: sorted(heard, key=lambda each: each[0]) for name, heard in sorted_out.items()}

    def report(self, overtakes: bool) -> Report:
        self.client.read()
        if overtakes:
            self.sort_out()
        report = Report(violations=[f"{each['code']} {each['reason']}" for each in self.standin.violations])
        for outcome, spans in self.windows:
            for session, start, end in spans:
                self._count(outcome, session, start, end)
            report.outcomes.append(outcome)
        for session in self.standin.sessions:
            self._compare(report, session)
        return report

    def _count(self, outcome: Outcome, session: Session, start: int, end: int) -> None:
        expected = wanted(session, end, start)
        sequences = [seq for seq, _, _ in self.client.heard.get(session.session_id, []) if seq in expected]
        outcome.lost += len(expected - set(sequences))
        outcome.repeated += len(sequences) - len(set(sequences))

    def _compare(self, report: Report, session: Session) -> None:
        last = 0
        for seq, name, d in self.client.heard.get(session.session_id, []):
            if seq < last:
                report.disordered.append(f"{session.session_id}: {seq} behind {last}")
            last = max(last, seq)
            if not fits(session, (seq, name, d)):
                report.altered.append(f"{session.session_id}:{seq} {name} {json.dumps(d)[:300]} for {str(session.log[seq - 1])[:300]}")


def fits(session: Session, dispatch: tuple[int, str, Any]) -> bool:
    """It is what was dispatched in this session under this sequence."""
    seq, name, d = dispatch
    return seq <= session.seq and name == session.names[seq - 1] and normal(d) == normal(json.loads(str(session.log[seq - 1])))


def mark(seq: int, name: str, d: Any) -> int:
    return hash((seq, name, json.dumps(normal(d), sort_keys=True)))


def normal(value: Any) -> Any:
    """Ids are numbers in ETF and texts in JSON; whole numbers may have a point in one language and not in another."""
    if isinstance(value, dict):
        return {key: normal(each) for key, each in value.items() if key != "__shard_id__"}
    if isinstance(value, list):
        return [normal(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (int, float)) else value


def environment(standin: Standin, authority: Authority, encoding: str, compression: str, tls: bool) -> dict[str, str]:
    return {"CLIENT_TOKEN": standin.token, "CLIENT_SCHEME": "https" if tls else "http", "CLIENT_API": standin.api, "CLIENT_GATEWAY": standin.url,
            "CLIENT_ENCODING": encoding, "CLIENT_COMPRESSION": compression,
            "SSL_CERT_FILE": str(authority.ca), "NODE_EXTRA_CA_CERTS": str(authority.ca), "JAVA_TOOL_OPTIONS": trust_store(authority) if tls else ""}


def trust_store(authority: Authority) -> str:
    """Java has a format of its own. keytool is there where Java is."""
    store = authority.folder / "ca.p12"
    if not shutil.which("keytool"):
        return ""
    if not store.exists():
        subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(authority.ca), "-keystore", str(store),
                        "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    return f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"


def run(name: str, arguments: list[str], folder: Path, encoding: str, compression: str, tls: bool) -> tuple[Report, list[str]]:
    """Also returns the last lines that the client wrote to its standard error."""
    authority = Authority(folder / "ca")
    certificate = authority.issue("standin") if tls else None
    with Standin(cert=certificate.cert if certificate else None, key=certificate.key if certificate else None, shards=1, heartbeat_interval=HEARTBEAT,
                 token=TOKEN, sends_guilds=True) as standin:
        client = Client(arguments, environment(standin, authority, encoding, compression, tls))
        runner = Runner(standin, client)
        try:
            runner.begin(1)
            for fault in FAULTS:
                if runner.suffer(fault, bool(known.reason(known.HANGS, name, fault.name))).how == "stuck":
                    runner.begin_again()
            return runner.report(f"{name} {encoding} {compression}" in known.OVERTAKES), client.said + client.process.err[-60:]
        finally:
            client.stop()
