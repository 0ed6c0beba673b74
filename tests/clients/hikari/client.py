"""hikari, told where its Discord is. Prints each dispatch as it came."""
import functools
import json
import logging
import os
import sys

import hikari
from hikari.api.shard import GatewayCompression
from hikari.impl import gateway_bot, shard

COMPRESSIONS = {"none": None, "payload": GatewayCompression.PAYLOAD_ZLIB_STREAM, "zlib-stream": GatewayCompression.TRANSPORT_ZLIB_STREAM,
                "zstd-stream": GatewayCompression.TRANSPORT_ZSTD_STREAM}
gateway_bot.shard_impl.GatewayShardImpl = functools.partial(shard.GatewayShardImpl, compression=COMPRESSIONS[os.environ["CLIENT_COMPRESSION"]])


def loads(text: "str | bytes") -> object:
    """Each payload of the gateway passes here, and answers of the HTTP API do as well."""
    payload = json.loads(text)
    if isinstance(payload, dict) and payload.get("op") == 0:
        print(json.dumps(payload), flush=True)
    return payload


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
bot = hikari.GatewayBot(os.environ["CLIENT_TOKEN"], banner=None, logs=None, intents=hikari.Intents(513), loads=loads, auto_chunk_members=False,
                        suppress_optimization_warning=True, rest_url=f"{os.environ['CLIENT_SCHEME']}://{os.environ['CLIENT_API']}/api/v10")
bot.run(check_for_updates=False, shard_count=1)
