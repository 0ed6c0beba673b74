"""Hosts that can be cut off: each has machines in network namespaces of their own, which are joined by a switch. Everything else, such as
the test itself, is outside, at the other end of the uplinks.

       outside 10.90.0.1 ---- uplink ---- switch of a host ---- machine 10.90.1.1
                         |                              `------ machine 10.90.1.2
                         `--- uplink ---- switch of another host ----- ..

A port that is cut swallows every frame, and nobody is told: no FIN, no carrier that is lost, no neighbour that does not answer. Machines of a
host whose uplink is cut still talk to each other."""
from __future__ import annotations

from .namespaces import Namespace

OUTSIDE = "10.90.0.1"
NOBODY = "02:00:00:00:00:01"  # the address of no machine


def mac_of(address: str) -> str:
    return "02:00:" + ":".join(f"{int(each):02x}" for each in address.split("."))


class Machine:
    """One namespace of a host."""

    def __init__(self, hosts: Hosts, host: int, number: int) -> None:
        self.host, self.address = host, f"10.90.{host}.{number}"
        self.port = f"m{host}-{number}"
        self.namespace = Namespace()
        self._hosts = hosts

    @property
    def inside(self) -> list[str]:
        """The words before a command that runs in here."""
        return ["nsenter", f"--net={self.namespace.path}"]

    def cut(self) -> None:
        self._hosts.outside.ip(f"link set {self.port} nomaster")

    def join(self) -> None:
        self._hosts.outside.ip(f"link set {self.port} master {self._hosts.switch(self.host)}")

    def blind(self, *addresses: str) -> None:
        """What it sends to these addresses goes nowhere: so it is cut off from them alone."""
        self.namespace.ip(*[f"neigh replace {each} lladdr {NOBODY} nud permanent dev eth0" for each in addresses])

    def see(self, *addresses: str) -> None:
        self.namespace.ip(*[f"neigh replace {each} lladdr {mac_of(each)} nud permanent dev eth0" for each in addresses])


class Hosts:
    def __init__(self, count: int, machines: int) -> None:
        """So many machines for each host. Hosts have the numbers from 1 on."""
        self.outside = Namespace()
        self.machines: dict[int, list[Machine]] = {}
        try:
            self._lay(count, machines)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def switch(host: int) -> str:
        return f"switch{host}"

    def _lay(self, count: int, machines: int) -> None:
        self.outside.ip("link add hub type bridge stp_state 0", f"link set hub address {mac_of(OUTSIDE)}", f"addr add {OUTSIDE}/16 dev hub",
                        "link set hub up")
        for host in range(1, count + 1):
            self.outside.ip(f"link add {self.switch(host)} type bridge stp_state 0", f"link set {self.switch(host)} up",
                            f"link add up{host} type veth peer name down{host}", f"link set up{host} master hub",
                            f"link set down{host} master {self.switch(host)}", f"link set up{host} up", f"link set down{host} up")
            self.machines[host] = [Machine(self, host, number) for number in range(1, machines + 1)]
        everybody = [each for group in self.machines.values() for each in group]
        for machine in everybody:
            self._plug(machine)
        known = {OUTSIDE, *(each.address for each in everybody)}
        self.outside.ip(*[f"neigh replace {each} lladdr {mac_of(each)} nud permanent dev hub" for each in known - {OUTSIDE}])
        for machine in everybody:
            machine.namespace.ip(*[f"neigh replace {each} lladdr {mac_of(each)} nud permanent dev eth0" for each in known - {machine.address}])

    def _plug(self, machine: Machine) -> None:
        self.outside.ip(f"link add {machine.port} type veth peer name eth0 netns {machine.namespace.path}")
        machine.namespace.ip(f"link set eth0 address {mac_of(machine.address)}", f"addr add {machine.address}/16 dev eth0", "link set eth0 up")
        machine.join()
        self.outside.ip(f"link set {machine.port} up")

    def cut(self, host: int) -> None:
        """The whole host, as when its line is down."""
        self.outside.ip(f"link set up{host} nomaster")

    def join(self, host: int) -> None:
        self.outside.ip(f"link set up{host} master hub")

    def close(self) -> None:
        """The lines go at once; a namespace goes when the last process in it has ended."""
        for group in self.machines.values():
            for machine in group:
                try:
                    self.outside.ip(f"link del {machine.port}")
                except RuntimeError:  # it was never made
                    pass
                machine.namespace.close()
        self.outside.close()
