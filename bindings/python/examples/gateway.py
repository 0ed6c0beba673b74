"""A gateway: the shards of a bot, and a RabbitMQ. GATEWAY_URL is for tests. SIGTERM stops it in order."""
import asyncio
import os
import signal
import sys

import spectacles

INTENTS = spectacles.Intents.GUILDS | spectacles.Intents.GUILD_MESSAGES


async def main(shards: int, events: list[str]) -> int:
    url = os.environ.get("GATEWAY_URL", spectacles.GATEWAY_URL)
    left = shards  # those that Discord has not refused for good
    gateway = spectacles.Gateway(os.environ["DISCORD_TOKEN"], url=url, intents=INTENTS, shards=shards, events=events, broker=os.environ["AMQP_URL"])
    async with gateway:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, gateway.stop)
        async for event in gateway:
            if event.type != "SHARD_LATENCY":
                print(event.type, event.broker if event.type.startswith("BROKER") else event.shard_id, event, flush=True)
            if event.type == "SHARD_FATAL":
                left -= 1
                if left == 0:
                    gateway.stop()
    return 0 if left else 1


sys.exit(asyncio.run(main(int(sys.argv[1]), sys.argv[2:])))
