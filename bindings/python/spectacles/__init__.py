"""Discord's gateway and the Spectacles protocol over AMQP, for asyncio: libspectacles in Python.

Shard is one connection to Discord, Broker one to RabbitMQ, and Gateway a whole gateway. None of them starts a thread of Python's, and
none blocks. What goes on goes to the logger "spectacles"; exceptions carry the sentences of the library.
"""
from ._broker import Broker, Consumer, Message
from ._errors import CallError, FatalError, FullError, InvalidError, PublishError, SpectaclesError, StateError
from ._gateway import Gateway, GatewayEvent
from ._shard import GATEWAY_URL, Shard
from ._transport import proxy_from_environment
from ._values import Event, Intents, Session, route_shard, version

__all__ = [
    "GATEWAY_URL", "Broker", "CallError", "Consumer", "Event", "FatalError", "FullError", "Gateway", "GatewayEvent", "Intents", "InvalidError",
    "Message", "PublishError", "Session", "Shard", "SpectaclesError", "StateError", "proxy_from_environment", "route_shard", "version",
]
__version__ = "0.1.0"
