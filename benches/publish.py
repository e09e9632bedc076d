"""Publishes events with the background publisher of the Python SDK, and says how many seconds that took.

Run by `publish.rs`: `publish.py URL EVENTS`.
"""

import sys
import time

from axonpush import AxonPush, EventType
from axonpush.integrations._publisher import BackgroundPublisher, OverflowPolicy

url, events = sys.argv[1], int(sys.argv[2])

PAYLOAD = {"order_id": 1_048_577, "customer": "c-00918273", "total": 129.95, "note": "leave at the door"}

with AxonPush(api_key="ak_bench", tenant_id="org-1", base_url=url) as client:
    publisher = BackgroundPublisher(client, queue_size=10_000, overflow_policy=OverflowPolicy.BLOCK)
    started = time.monotonic()
    for _ in range(events):
        publisher.submit(
            {
                "identifier": "order.placed",
                "payload": PAYLOAD,
                "channel_id": "orders",
                "agent_id": "checkout",
                "event_type": EventType.AGENT_TOOL_CALL_START,
            }
        )
    publisher.flush()
    print("seconds", time.monotonic() - started)
    publisher.close()
