"""The smallest example: events of one shard, printed, without a broker."""
from __future__ import annotations

from pathlib import Path

from standin.certs import Authority
from standin.payloads import corpus
from standin.standin import Standin
from support.processes import Process


def test_first_shard_prints_events(build: Path, authority: Authority, standin: Standin) -> None:
    first = Process([build / "examples/first_shard", "513"], {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)})
    standin.wait_ready(0)
    events = list(corpus(3, 300))
    standin.dispatch_many(0, events)
    first.wait_out(301)
    assert first.out[0].startswith(b"READY {")
    assert first.out[1:] == [f"{name} {data}".encode() for name, data in events]
    standin.drop(0)
    standin.wait_for(lambda: standin.count("resumed") == 1, 60, "for a resume")
    assert first.stop() == 0
    assert not standin.session(0).alive
    assert standin.violations == []
