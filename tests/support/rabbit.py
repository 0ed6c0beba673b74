"""A private RabbitMQ node: own name, ports, epmd, cookie and data, on loopback only.

It is the machine's own RabbitMQ, or one in a Debian of its own (a folder that debootstrap made: scripts/rabbit4.sh)."""
from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from .patience import PATIENCE
from .ports import free_ports

BIN = Path("/usr/lib/rabbitmq/bin")
ROOT = Path(__file__).resolve().parents[2]
# Runs a program in another system's folder ($1), with the node's folder ($2) where it is here. What is mounted is gone
# with the process.
INSIDE = """mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" && mkdir -p "$1$2" && mount --bind "$2" "$1$2" && root=$1 && shift 2 && exec chroot "$root" "$@\""""
START_TIMEOUT = 90 * PATIENCE
FILES = 16384


def _allow_files() -> None:
    """Each virtual host has some files open: with a hundred of them a node came to 1,024, and lost its tables."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES if hard == resource.RLIM_INFINITY else min(hard, FILES), hard))


def other_system() -> Optional[Path]:
    """The folder of another RabbitMQ than the machine's own, when the suite wants one."""
    named = os.environ.get("SPECTACLES_RABBIT")
    return (ROOT / named).resolve() if named else None


def _program(name: str, system: Optional[Path]) -> str:
    """Debian's own wrapper switches to another user: the one behind it is wanted."""
    if system or (BIN / name).exists():
        return str(BIN / name)
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is not installed")
    return found


class RabbitNode:
    def __init__(self, folder: Path, cert: Optional[Path] = None, key: Optional[Path] = None,
                 vhosts: int = 0, peer: Optional[RabbitNode] = None, ca: Optional[Path] = None,
                 address: str = "127.0.0.1", within: tuple[str, ...] = (), management: bool = False, system: Optional[Path] = None,
                 host: str = "", inside: tuple[str, ...] = (), more: tuple[str, ...] = (), tick: int = 0) -> None:
        """peer: a node that has been started, and that this one will be able to talk to: see join().
        ca: who logs in over TLS needs a certificate of this authority, whose common name is the user.
        address: where AMQP is listened for. within: a command that runs the node, given as more words. management: with the plugin of the management API.
        system: the folder of the RabbitMQ; without it, the one that the suite wants.
        host: the IPv4 address by which nodes on other hosts know it, where the machine is not this one. inside: the words before each command that
        runs there. more: lines of rabbitmq.conf. tick: net_ticktime in seconds; 0: RabbitMQ's own."""
        self.folder = folder
        self.system = system or other_system()
        self.peer = peer
        self.address, self.within = host or address, within
        self.host, self.is_elsewhere = host or "127.0.0.1", bool(host)
        self.inside, self.more = inside, more
        self.port, self.tls_port, self.dist_port, self.epmd_port, self.management_port = free_ports(5)
        self.management = management
        self.name = f"spectacles-{self.port}@{host or 'localhost'}"
        self.vhosts = [f"t{number}" for number in range(vhosts)]
        self.process: Optional[subprocess.Popen[bytes]] = None
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = (self._own(cert, "certificate.pem"), self._own(key, "key.pem"))
        self.ca = self._own(ca, "ca.pem")
        plugins = ["rabbitmq_auth_mechanism_ssl"] * bool(ca) + ["rabbitmq_management"] * management
        (folder / "enabled_plugins").write_text(f"[{','.join(plugins)}].\n")
        (folder / "rabbitmq.conf").write_text(self._config())
        if tick:
            (folder / "advanced.config").write_text(f"[{{kernel, [{{net_ticktime, {tick}}}]}}].\n")
        if peer:
            self.epmd_port = peer.epmd_port
            shutil.copy2(peer.folder / ".erlang.cookie", folder)

    def _own(self, file: Optional[Path], name: str) -> Optional[Path]:
        """A copy in the node's folder: nothing else of this system is there for a node in another one."""
        return Path(shutil.copy2(file, self.folder / name)) if file else None

    def _config(self) -> str:
        lines = ["loopback_users = none", "disk_free_limit.absolute = 10MB", "log.console.level = warning",
                 f"listeners.tcp.default = {self.address}:{self.port}"]
        if self.management:
            lines += ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {self.management_port}", "collect_statistics_interval = 1000"]
        cert, key = self.certificate
        if cert:
            lines += [f"listeners.ssl.default = {self.address}:{self.tls_port}", f"ssl_options.certfile = {cert}",
                      f"ssl_options.keyfile = {key}", f"ssl_options.verify = {'verify_peer' if self.ca else 'verify_none'}",
                      f"ssl_options.fail_if_no_peer_cert = {'true' if self.ca else 'false'}"]
        if self.ca:
            lines += [f"ssl_options.cacertfile = {self.ca}", "auth_mechanisms.1 = EXTERNAL", "ssl_cert_login_from = common_name"]
        return "\n".join([*lines, *self.more]) + "\n"

    def _command(self, *arguments: str) -> list[str]:
        if not self.system:
            return list(arguments)
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh", str(self.system), str(self.folder), *arguments]

    def _inherited(self) -> dict[str, str]:
        """What a node has of the environment. In another system, names and paths of this one mean nothing."""
        if self.system:
            return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        interface = f"-kernel inet_dist_use_interface {{{self.host.replace('.', ',')}}}"
        return {
            **self._inherited(),
            "HOME": folder, "RABBITMQ_NODENAME": self.name, "RABBITMQ_NODE_IP_ADDRESS": self.address,
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins", "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config", "RABBITMQ_USE_LONGNAME": "true" if self.is_elsewhere else "false",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none", "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated", "RABBITMQ_SCHEMA_DIR": f"{folder}/schema",
            "ERL_EPMD_PORT": str(self.epmd_port), "ERL_EPMD_ADDRESS": self.host,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{interface} +sbwt none +sbwtdcpu none +sbwtdio none", "RABBITMQ_CTL_ERL_ARGS": interface,
        }

    # ---- life ----

    def start(self) -> RabbitNode:
        self.launch()
        return self.await_start()

    def launch(self) -> None:
        """Begins to start it. Where `within` ends it together with whoever started it, that is the thread which calls this."""
        log = open(self.folder / "console.log", "ab")
        self.process = subprocess.Popen([*self.inside, *self.within, *self._command(_program("rabbitmq-server", self.system))], env=self._environment(), stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, start_new_session=True, cwd=self.folder, preexec_fn=_allow_files)
        log.close()

    def await_start(self) -> RabbitNode:
        try:
            self._await_port()
            if self.ca or self.management:  # it listens before its plugins have started
                self.ctl("await_startup")
            if self.vhosts:
                self.add_vhosts(self.vhosts)
                self.vhosts = []
        except BaseException:
            self.kill()
            raise
        return self

    def _await_port(self) -> None:
        end = time.monotonic() + START_TIMEOUT
        while not self.answers():
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"RabbitMQ ended at once; its log: {self.tail()}")
            if time.monotonic() > end:
                raise TimeoutError(f"RabbitMQ did not start; its log: {self.tail()}")
            time.sleep(0.1)

    def answers(self) -> bool:
        """It listens when it is ready, and then greets who greets."""
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return len(probe.recv(1)) == 1
        except OSError:
            return False

    def tail(self) -> str:
        return (self.folder / "console.log").read_text(errors="replace")[-1500:]

    def stop(self) -> None:
        """In order: what is persistent is on disk."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30 * PATIENCE)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait(10 * PATIENCE)
        self.process = None

    def kill_beam(self) -> None:
        """As when the machine has no memory left: only what is RabbitMQ itself, and without a word."""
        assert self.process
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)
        self.process.wait(10 * PATIENCE)
        self.kill()

    def close(self) -> None:
        """Stops the node for good, and the epmd that it started."""
        self.kill()
        if self.peer:
            return
        # It refuses to go before it has noticed that the node is gone.
        end = time.monotonic() + 10 * PATIENCE
        while self._epmd("-names").returncode == 0 and time.monotonic() < end:
            self._epmd("-kill")
            time.sleep(0.05)

    def _epmd(self, command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*self.inside, *self._command("epmd", "-port", str(self.epmd_port), command)], env=self._environment(),
                              capture_output=True, check=False)

    def restart(self) -> None:
        self.stop()
        self.start()

    def upgrade(self, system: Path) -> None:
        """Stops it, and starts the RabbitMQ of another folder on what is stored."""
        self.stop()
        self.system = system
        self.start()

    def __enter__(self) -> RabbitNode:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- steering ----

    def url(self, vhost: str = "/", user: str = "guest", password: str = "guest", tls: bool = False,
            host: str = "") -> str:
        path = "%2F" if vhost == "/" else vhost
        scheme, port = ("amqps", self.tls_port) if tls else ("amqp", self.port)
        return f"{scheme}://{user}:{password}@{host or self.host}:{port}/{path}"

    def management_url(self, user: str = "guest", password: str = "guest") -> str:
        return f"http://{user}:{password}@127.0.0.1:{self.management_port}"

    def ctl(self, *arguments: str) -> str:
        done = subprocess.run([*self.inside, *self._command(_program("rabbitmqctl", self.system), "-q", "-n", self.name, *arguments)], env=self._environment(),
                              capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def version(self) -> tuple[int, ...]:
        """(3, 10, 8)"""
        text = self.ctl("eval", "rabbit_misc:version().").strip().strip('"')
        return tuple(int(part) for part in text.split("."))

    def wait_for(self, predicate: Callable[[], object], what: str, timeout: float = 60) -> None:
        """Asks until it is so."""
        end = time.monotonic() + timeout * PATIENCE
        while not predicate():
            if time.monotonic() > end:
                raise AssertionError(f"RabbitMQ did not come to {what}; its log: {self.tail()}")
            time.sleep(0.05)

    def add_vhosts(self, names: list[str]) -> None:
        """All in one call: each call starts an Erlang of its own."""
        calls = [f'rabbit_vhost:add(<<"{name}">>, <<"t">>), rabbit_auth_backend_internal:set_permissions('
                 f'<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"t">>)' for name in names]
        self.ctl("eval", ", ".join(calls) + ", ok.")

    def join(self) -> None:
        """Makes a cluster with the peer, which has to run."""
        assert self.peer
        self.ctl("stop_app")
        self.ctl("join_cluster", self.peer.name)
        self.ctl("start_app")

    def _list(self, what: str, vhost: str, *columns: str) -> list[dict[str, Any]]:
        return list(json.loads(self.ctl(what, "-p", vhost, *columns, "--formatter", "json")))

    def queues(self, vhost: str = "/") -> dict[str, dict[str, Any]]:
        """RabbitMQ 4 lists classic queues as if their type had been asked for: that argument is left out."""
        rows = self._list("list_queues", vhost, "name", "durable", "auto_delete", "exclusive", "arguments", "messages")
        for row in rows:
            row["arguments"] = [each for each in row["arguments"] if each != ["x-queue-type", "longstr", "classic"]]
        return {row["name"]: row for row in rows}

    def exchanges(self, vhost: str = "/") -> dict[str, dict[str, Any]]:
        rows = self._list("list_exchanges", vhost, "name", "type", "durable", "auto_delete", "internal", "arguments")
        return {row["name"]: row for row in rows}

    def bindings(self, vhost: str = "/") -> list[dict[str, Any]]:
        return self._list("list_bindings", vhost, "source_name", "destination_name", "routing_key", "arguments")
