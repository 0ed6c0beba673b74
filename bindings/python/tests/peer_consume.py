"""What a worker is in Python without us: aio-pika. For ./dev bench bindings."""
from __future__ import annotations

import asyncio
import os
import sys

import aio_pika


async def main(count: int) -> None:
    step, seen = count // 10, 0
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1000)
        queue = await channel.get_queue("bench:consume")
        async with queue.iterator() as messages:
            async for message in messages:
                await message.ack()
                seen += 1
                if seen % step == 0:
                    print("EVENTS", seen, flush=True)
                if seen == count:
                    return


asyncio.run(main(int(sys.argv[1])))
