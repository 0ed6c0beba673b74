"""A worker: consumes events, answers "!members" through the gateway, and never sees a copy of what it has acknowledged."""
import asyncio, os, signal, sys  # noqa: E401

import spectacles


async def main() -> None:
    async with spectacles.Broker(os.environ["AMQP_URL"]) as broker:
        messages = broker.consume(*sys.argv[1:])
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, broker.stop)
        await broker.ready()
        print("READY", flush=True)
        async for message in messages:
            print("EVENT", message.event, message.message_id, message.body.decode(), flush=True)
            if message.event == "MESSAGE_CREATE" and message.json()["content"] == "!members":
                guild = message.json()["guild_id"]
                await broker.send(guild, 8, {"guild_id": guild, "query": "", "limit": 0})
            message.ack()


asyncio.run(main())
