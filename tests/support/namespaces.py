"""Network namespaces without names. A namespace lives as long as somebody holds it: the descriptor of its Namespace, or a process
in it. So nothing is left behind when a test is killed, and tests that run at once never meet."""
from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _own() -> int:
    """A descriptor of the namespace of this thread."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


class Namespace:
    def __init__(self) -> None:
        made: list[int | OSError] = []

        def make() -> None:
            try:
                _call("unshare", CLONE_NEWNET)
                made.append(_own())
            except OSError as why:
                made.append(why)

        # In a thread that ends: only that thread changes its namespace.
        maker = threading.Thread(target=make)
        maker.start()
        maker.join()
        if isinstance(made[0], OSError):
            raise made[0]
        self._fd = made[0]
        try:
            self.ip("link set lo up")
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> str:
        """What `ip link ... netns` takes."""
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in the namespace meanwhile, and so is each socket, thread and process that it makes."""
        before = _own()
        try:
            _call("setns", self._fd, CLONE_NEWNET)
            yield
        finally:
            _call("setns", before, CLONE_NEWNET)
            os.close(before)

    def ip(self, *commands: str) -> None:
        """Commands of ip(8), without the word ip. One that fails is an error."""
        with self.entered():
            done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands) + "\n", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ip, one of {commands}: {done.stderr.strip()}")

    def set(self, name: str, value: object) -> None:
        """A sysctl of the namespace: set("net.ipv4.ip_forward", 1)."""
        with self.entered():
            Path("/proc/sys", *name.split(".")).write_text(f"{value}\n")

    def close(self) -> None:
        os.close(self._fd)


def obstacle() -> str:
    """Why namespaces cannot be made on this machine; "" when they can."""
    missing = [name for name in ("ip", "unshare", "setpriv", "mount") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)}: not installed (iproute2, util-linux, mount)"
    try:
        one, other = Namespace(), Namespace()
    except OSError as why:
        return f"no network namespace can be made: {why}"
    try:
        one.ip(f"link add probe type veth peer name probe netns {other.path}")
        probe = subprocess.run(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "true"],
                               capture_output=True, text=True, check=False)
        return probe.stderr.strip()
    except RuntimeError as why:
        return str(why)
    finally:
        one.close()
        other.close()
