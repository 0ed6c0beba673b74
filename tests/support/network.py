"""A client, a router and a server, each in a network namespace of its own, and what can go wrong between them.

       client 10.80.1.2 ---- 10.80.1.1 router 10.80.2.1 ---- 10.80.2.2 server
              fd80:1::2      fd80:1::1        fd80:2::1      fd80:2::2

The gateway runs on the client. What it talks to runs on the server: RabbitMQ, the stand-in, name servers, proxies."""
from __future__ import annotations

import ipaddress
import itertools
from pathlib import Path
from typing import Optional

from .nameserver import NameServer
from .namespaces import Namespace

CLIENT, CLIENT6 = "10.80.1.2", "fd80:1::2"
SERVER, SERVER6 = "10.80.2.2", "fd80:2::2"
NAMESERVER = "10.80.2.53"

# Everything in here ends with the test, also when the test is killed.
WITH_US = ["setpriv", "--pdeathsig", "KILL"]
# A process tree of its own: when its root ends, all of it ends.
TREE_WITH_US = [*WITH_US, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
# The resolver's files ($1 is their folder), for this process and its children alone.
WITH_FILES = """for file in "$1"/*; do mount --bind "$file" "/etc/${file##*/}" || exit 125; done; shift; exec "$@\""""


class Network:
    def __init__(self, folder: Path, server: Optional[Namespace] = None) -> None:
        """folder: for the resolver's files; whoever gave it removes it.
        server: one that outlives this network, and whatever runs in it; without it there is one for this network."""
        self._own_server = server is None
        self.server = server or Namespace()
        self.client, self.router = Namespace(), Namespace()
        self._folder, self._numbers = folder, itertools.count()
        self._nameservers: list[NameServer] = []
        try:
            self._lay()
            self.resolve_by(NAMESERVER)
        except BaseException:
            self.close()
            raise

    def _lay(self) -> None:
        for each in (self.client, self.router, self.server):
            each.set("net.ipv6.conf.default.accept_dad", 0)  # an address can be used at once
        self.router.set("net.ipv4.ip_forward", 1)
        self.router.set("net.ipv6.conf.all.forwarding", 1)
        # The kernel takes a line whose ends have the same index for no line, and lets a second pass until it is up.
        self.router.ip(f"link add client index 100001 type veth peer name eth0 netns {self.client.path}",
                       f"link add server index 100002 type veth peer name eth0 netns {self.server.path}",
                       "addr add 10.80.1.1/24 dev client", "addr add fd80:1::1/64 dev client nodad",
                       "addr add 10.80.2.1/24 dev server", "addr add fd80:2::1/64 dev server nodad",
                       "link set client up", "link set server up")
        for end, number in ((self.client, 1), (self.server, 2)):
            end.ip(f"addr add 10.80.{number}.2/24 dev eth0", f"addr add fd80:{number}::2/64 dev eth0 nodad", "link set eth0 up",
                   f"route add default via 10.80.{number}.1", f"route add default via fd80:{number}::1")

    def close(self) -> None:
        for each in self._nameservers:
            each.close()
        # The line goes at once; a namespace goes when the last process in it has ended.
        for end in ("client", "server"):
            try:
                self.router.ip(f"link del {end}")
            except RuntimeError:  # it was never made
                pass
        for namespace in (self.client, self.router, *([self.server] if self._own_server else [])):
            namespace.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what goes wrong ----

    def blacken(self, *addresses: str) -> None:
        """What is sent to these addresses by way of the router is gone, without a word: new connections and old ones."""
        for each in addresses:
            self.router.ip(f"route add blackhole {each}")

    def clear(self, *addresses: str) -> None:
        for each in addresses:
            self.router.ip(f"route del blackhole {each}")

    def line_down(self) -> None:
        """Nothing passes between client and server, and nobody is told."""
        self.blacken(CLIENT, CLIENT6)

    def line_up(self) -> None:
        self.clear(CLIENT, CLIENT6)

    def refuse(self, *addresses: str) -> None:
        """The router answers that there is no way to this address. The client sees EHOSTUNREACH at once; with IPv6 ENETUNREACH, after a second."""
        for each in addresses:
            self.router.ip(f"route add unreachable {each}")

    # ---- more of the same ----

    def add_address(self, *addresses: str) -> None:
        """More addresses of the server."""
        for each in addresses:
            version = ipaddress.ip_address(each).version
            self.server.ip(f"addr add {each}/{24 if version == 4 else 64} dev eth0" + (" nodad" if version == 6 else ""))

    def nameserver(self, address: str = NAMESERVER) -> NameServer:
        """A name server on the server."""
        self.add_address(address)
        with self.server.entered():
            made = NameServer(address)
        self._nameservers.append(made)
        return made

    def resolve_by(self, *servers: str, options: str = "") -> None:
        """Which name servers the processes ask that are started from now on. options: of resolv.conf, such as "timeout:1"."""
        self._etc = self._folder / str(next(self._numbers))
        self._etc.mkdir(parents=True)
        lines = [f"nameserver {each}" for each in servers] + ([f"options {options}"] if options else [])
        (self._etc / "resolv.conf").write_text("\n".join(lines) + "\n")
        for name, text in (("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
                           ("hosts", "127.0.0.1 localhost\n::1 localhost\n")):
            if Path("/etc", name).exists():
                (self._etc / name).write_text(text)

    def command(self, *command: str | Path) -> list[str]:
        """The command as it has to be run to ask these name servers: enter the client or the server, and start it."""
        return [*WITH_US, "unshare", "--mount", "--propagation", "private", "sh", "-c", WITH_FILES, "sh", str(self._etc), *map(str, command)]
