"""Throw-away certificates for tests, made with the openssl command line."""
from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    cert: Path
    key: Path


class Authority:
    """A certificate authority in a folder; `ca` is the file that a client has to trust."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        if not self.ca.exists():
            _openssl("req", "-x509", *_new_key(self.key), "-out", self.ca, "-days", "30",
                     "-subj", f"/CN=throw-away {name}", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name: str, sans: str = "DNS:localhost,IP:127.0.0.1", days: int = 30,
              usage: str = "serverAuth") -> Certificate:
        """A server certificate for these names (or a client's: clientAuth). days 0 or below: it has expired."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={sans}\nbasicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n")
        _openssl("req", *_new_key(made.key), "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial",
                 "-out", made.cert, "-extfile", extensions, *_validity(days))
        return made


def self_signed(folder: Path, name: str = "self") -> Certificate:
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    _openssl("req", "-x509", *_new_key(made.key), "-out", made.cert, "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    return made


def _validity(days: int) -> list[str]:
    """OpenSSL takes dates from 3.4 on, and no days below 0 from 3.5 on."""
    help_text = subprocess.run(["openssl", "x509", "-help"], capture_output=True, text=True, check=True).stderr
    if days > 0 or "-not_after" not in help_text:
        return ["-days", str(days)]
    return ["-not_before", "20200101000000Z", "-not_after", "20200201000000Z"]


def _new_key(path: Path) -> list[str | Path]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr}")
