"""The gateway behind proxies: Discord and RabbitMQ can be reached through them alone, and the client knows no name but theirs."""
from __future__ import annotations

from pathlib import Path

import pytest
from standin.standin import Standin
from support.forward import PASSWORD, ForwardProxy
from support.network import NAMESERVER, SERVER, SERVER6, Network
from support.processes import Process
from support.rabbit import RabbitNode

from integration.test_lost_connections import bodies, distinct, events, wait_distinct
from networks.conftest import BROKER, DISCORD, ClientBot

PROXY, PROXY_ADDRESS, INNER_NAMESERVER = "proxy.test", "10.80.2.77", "10.80.2.54"
KINDS = ("http", "socks5h")
# curl looks names up here with socks5://; the library lets the proxy do so, and its HTTP request goes the same way.
SPELLINGS = (*KINDS, "socks5")


class Office:
    """A network that one leaves through a proxy."""

    def __init__(self, network: Network, standin: Standin, bot: ClientBot, rabbit: RabbitNode, vhost: str, folder: Path) -> None:
        self.network, self.bot, self.folder = network, bot, folder
        self.url, self.inner_url = rabbit.url(vhost, host=BROKER, tls=True), rabbit.url(vhost)
        network.add_address(PROXY_ADDRESS)
        self.outside = network.nameserver(INNER_NAMESERVER)
        self.outside.names.update({DISCORD: [SERVER], BROKER: [SERVER]})
        self.inside = network.nameserver(NAMESERVER)
        self.inside.names[PROXY] = [PROXY_ADDRESS]
        network.blacken(SERVER, SERVER6)
        standin.host = DISCORD
        bot.environment.update(DISCORD_API_HOST=standin.api, AMQP_URL=self.url)

    def worker(self) -> Process:
        """On the server: it is no subject here, and knows no proxy."""
        return self.bot.start_worker_on_server("--ids", "MESSAGE_CREATE", AMQP_URL=self.inner_url)

    def proxy(self, kind: str, credentials: bool = False, **options: int) -> ForwardProxy:
        self.network.resolve_by(INNER_NAMESERVER)
        made = ForwardProxy(self.network, self.folder, kind, PROXY_ADDRESS, credentials, **options).start()
        self.network.resolve_by(NAMESERVER)
        return made


@pytest.fixture
def office(network: Network, standin: Standin, bot: ClientBot, rabbit: RabbitNode, vhost: str, tmp_path: Path) -> Office:
    return Office(network, standin, bot, rabbit, vhost, tmp_path)


@pytest.mark.parametrize("credentials", [False, True], ids=["open", "with_credentials"])
@pytest.mark.parametrize("kind", SPELLINGS)
def test_everything_goes_through_a_proxy(office: Office, bot: ClientBot, standin: Standin,
                                         kind: str, credentials: bool) -> None:
    with office.proxy(kind, credentials) as proxy:
        worker = office.worker()
        gateway = bot.running_gateway(ALL_PROXY=proxy.url(PROXY))
        standin.dispatch_many(0, events(0, 200))
        assert wait_distinct(worker, 200) == bodies(0, 200)
        assert gateway.stop() == 0 and worker.stop() == 0
    shown = f"{'http' if kind == 'http' else 'socks5h'}://{PROXY}:{proxy.port}"
    (line,) = gateway.lines("proxies:")
    assert f"proxies: GET /gateway/bot {shown}, gateway {shown}, AMQP {shown} [" in line
    assert office.inside.count(DISCORD) == office.inside.count(BROKER) == 0 < office.inside.count(PROXY)
    assert PASSWORD not in "\n".join(gateway.err)
    assert standin.violations == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_dies_in_mid_flow_loses_nothing(office: Office, bot: ClientBot, standin: Standin, network: Network,
                                                     kind: str) -> None:
    with office.proxy(kind, credentials=True) as proxy:
        worker = office.worker()
        gateway = bot.running_gateway(ALL_PROXY=proxy.url(PROXY))
        for turn in range(3):
            standin.dispatch_many(0, events(turn * 400, 200))
            wait_distinct(worker, turn * 400 + 1)
            proxy.stop()
            standin.dispatch_many(0, events(turn * 400 + 200, 200))
            gateway.wait_err(f"the proxy {PROXY}:{proxy.port}: connection refused", turn + 1)
            network.resolve_by(INNER_NAMESERVER)
            proxy.start()
            wait_distinct(worker, (turn + 1) * 400)
        assert sorted(distinct(worker).values()) == sorted(bodies(0, 1200))
        assert gateway.stop() == 0 and worker.stop() == 0
    assert standin.violations == [] and gateway.lines("GAP:") == []


@pytest.mark.parametrize(("kind", "answers"), [
    ("http", ("401): check user and password in its URL", "407): check user and password in its URL")),  # tinyproxy 1.11.1, and 1.11.3
    ("socks5h", ("RFC 1929, status ",)),
])
def test_credentials_that_are_refused(office: Office, bot: ClientBot, kind: str, answers: tuple[str, ...]) -> None:
    with office.proxy(kind, credentials=True) as proxy:
        wrong = proxy.url(PROXY, password="cave-of-wonders")
        gateway = bot.gateway(DISCORD_PROXY=proxy.url(PROXY), BROKER_PROXY=wrong)
        refused = f"disconnected: the proxy {PROXY}:{proxy.port} refuses the credentials ("
        gateway.wait_err(lambda line: any(refused + each in line for each in answers), timeout=20)
        gateway.kill()
    said = "\n".join(gateway.err)
    assert PASSWORD not in said and "cave-of-wonders" not in said


def test_what_is_not_allowed_is_told_and_works_when_it_is(office: Office, bot: ClientBot, standin: Standin, network: Network) -> None:
    with office.proxy("http", connect_port=standin.port) as proxy:
        gateway = bot.gateway(HTTPS_PROXY=proxy.url(PROXY), AMQPS_PROXY=proxy.url(PROXY))
        (line, *_) = gateway.wait_err("does not allow a way to", timeout=20)
        assert f"the proxy {PROXY}:{proxy.port} does not allow a way to {BROKER}:" in line and "(403 " in line
        proxy.stop()
        proxy.connect_port = None
        network.resolve_by(INNER_NAMESERVER)
        proxy.start()
        gateway.wait_err("broker events ready", timeout=20)
        assert gateway.stop() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_that_is_not_there_is_told(office: Office, bot: ClientBot, standin: Standin, kind: str) -> None:
    with office.proxy(kind) as proxy:
        gateway = bot.gateway(ALL_PROXY=proxy.url(PROXY), AMQP_URL=office.url.replace(BROKER, "nowhere.test"))
        (line, *_) = gateway.wait_err("way to nowhere.test:", timeout=20)
        assert f"the proxy {PROXY}:{proxy.port} " in line
        gateway.kill()


def test_no_proxy_excepts_hosts(office: Office, bot: ClientBot, network: Network) -> None:
    """The proxy that is named does not exist."""
    network.clear(SERVER, SERVER6)
    office.inside.names.update({DISCORD: [SERVER], BROKER: [SERVER]})
    gateway = bot.running_gateway(ALL_PROXY=f"http://nobody:secret@{PROXY_ADDRESS}:1", NO_PROXY=f"{DISCORD} .broker.test")
    (line,) = gateway.lines("proxies:")
    proxy = f"http://{PROXY_ADDRESS}:1"
    assert f"proxies: GET /gateway/bot {proxy}, gateway {proxy}, AMQP {proxy}; not for the hosts of NO_PROXY [" in line
    assert gateway.stop() == 0


def test_the_settings_come_before_the_environment(office: Office, bot: ClientBot, network: Network) -> None:
    network.clear(SERVER, SERVER6)
    office.inside.names.update({DISCORD: [SERVER], BROKER: [SERVER]})
    gateway = bot.running_gateway(ALL_PROXY=f"http://{PROXY_ADDRESS}:1", DISCORD_PROXY="none", BROKER_PROXY="none")
    assert gateway.lines("proxies:") == [] and gateway.stop() == 0


def test_a_proxy_that_the_library_does_not_speak_with_is_told_at_once(office: Office, bot: ClientBot) -> None:
    gateway = bot.gateway(DISCORD_PROXY="https://nobody:secret@proxy.test")
    assert gateway.wait() == 78
    assert "DISCORD_PROXY" in gateway.said() and "reached over TLS" in gateway.said() and "secret" not in gateway.said()
