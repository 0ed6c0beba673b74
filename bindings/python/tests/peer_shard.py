"""What a shard is in Python without us: websockets and json. For ./dev bench bindings."""
from __future__ import annotations

import asyncio
import json
import os
import sys

import websockets


async def main(count: int) -> None:
    step, seen = count // 10, 0
    async with websockets.connect(os.environ["GATEWAY_URL"] + "/?v=10&encoding=json", max_size=None, compression=None) as socket:  # type: ignore[attr-defined]
        async for text in socket:
            payload = json.loads(text)
            if payload["op"] == 10:
                properties = {"os": "linux", "browser": "bench", "device": "bench"}
                await socket.send(json.dumps({"op": 2, "d": {"token": "t", "intents": 0, "properties": properties, "shard": [0, 1]}}))
            elif payload["op"] == 0 and payload["t"] != "READY":
                seen += 1
                if seen % step == 0:
                    print("EVENTS", seen, flush=True)
                if seen == count:
                    return


asyncio.run(main(int(sys.argv[1])))
