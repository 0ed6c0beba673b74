"""discord.py, told where its Discord is. Prints each dispatch as it came."""
import asyncio
import json
import os
import sys

if os.environ["CLIENT_COMPRESSION"] == "zlib-stream":
    sys.modules["zstandard"] = None  # type: ignore[assignment]  # where it cannot be imported, discord.py uses zlib

import discord
from discord import gateway, http

SCHEME, HOST = os.environ["CLIENT_SCHEME"], os.environ["CLIENT_API"]
http.Route.BASE = f"{SCHEME}://{HOST}/api/v10"
gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway.yarl.URL(os.environ["CLIENT_GATEWAY"])


class Client(discord.Client):
    async def on_socket_raw_receive(self, text: str) -> None:
        payload = json.loads(text)
        if payload["op"] == 0:
            print(text, flush=True)


asyncio.run(Client(intents=discord.Intents(513), enable_debug_events=True, heartbeat_timeout=6.0).start(os.environ["CLIENT_TOKEN"]))
