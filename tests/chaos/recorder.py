"""The worker of the chaos test: writes down all that comes, and survives RabbitMQ."""
from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pika

EVENTS = "gateway:chaos:MESSAGE_CREATE"
GAPS = "gateway:SPECTACLES_GAP"


class Arrival(NamedTuple):
    message_id: str
    shard: int  # 0 where the event does not say it
    serial: int
    at: float = 0.0  # when, by the monotonic clock
    shards: int = 0  # the marks that it has while a fleet goes to another number of shards
    digest: str = ""


class Recorder:
    def __init__(self, urls: Callable[[], list[str]], queue_type: str, room: int = 0) -> None:
        """urls: of the nodes that run. room: events that its queue takes, before RabbitMQ refuses more; 0: any number."""
        self._urls, self._queue_type, self._room = urls, queue_type, room
        self.url = ""  # of the node that it has connected to
        self.arrivals: list[Arrival] = []  # copies included, in the order of the queue
        self.arrived: set[str] = set()
        self.redelivered: set[str] = set()  # message-ids of which a copy was delivered before, to a consumer that ended
        self.gaps: dict[str, list[dict[str, Any]]] = {}  # by message-id
        self._running = threading.Event()
        self._running.set()
        self._paused = threading.Event()
        self._ended = False
        self._declare()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _declare(self) -> None:
        connection = self._connect()
        channel = connection.channel()
        channel.exchange_declare("gateway", "direct", durable=True)
        limit = {"x-max-length": self._room, "x-overflow": "reject-publish"} if self._room else {}
        for queue, key, more in ((EVENTS, "MESSAGE_CREATE", limit), (GAPS, "SPECTACLES_GAP", {})):
            channel.queue_declare(queue, durable=True, arguments={"x-queue-type": self._queue_type, **more})
            channel.queue_bind(queue, "gateway", key)
        connection.close()

    def _connect(self) -> pika.BlockingConnection:
        self.url = random.choice(self._urls())
        return pika.BlockingConnection(pika.URLParameters(self.url))

    def _run(self) -> None:
        while not self._ended:
            if not self._running.is_set():
                self._paused.set()
                self._running.wait(0.2)
                continue
            self._paused.clear()
            try:
                self._consume()
            except Exception:  # the connection is gone: pika has more than its own exceptions for that
                threading.Event().wait(0.1)

    def _consume(self) -> None:
        connection = self._connect()
        channel = connection.channel()
        channel.basic_qos(prefetch_count=200)
        channel.basic_consume(EVENTS, self._on_event)
        channel.basic_consume(GAPS, self._on_gap)
        while self._running.is_set() and not self._ended:
            connection.process_data_events(0.05)
        self.url = ""
        connection.close()

    def _on_event(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        d = json.loads(body)
        marks = properties.headers or {}
        self.arrivals.append(Arrival(properties.message_id, d.get("shard", 0), d["n"], time.monotonic(), marks.get("shards", 0), marks.get("digest", "")))
        self.arrived.add(properties.message_id)
        if method.redelivered:
            self.redelivered.add(properties.message_id)
        channel.basic_ack(method.delivery_tag)

    def _on_gap(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self.gaps.setdefault(properties.message_id, []).append(json.loads(body))
        channel.basic_ack(method.delivery_tag)

    def pause(self) -> None:
        """From now on messages stay in RabbitMQ."""
        self._running.clear()
        self._paused.wait(10)

    def go_on(self) -> None:
        self._running.set()

    def stop(self) -> None:
        self._ended = True
        self._thread.join(10)
