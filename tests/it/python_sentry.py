"""Sends with Sentry's official Python SDK what applications send. Run by `python_sentry.rs`: `python_sentry.py DSN`."""

import logging
import sys

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

sentry_sdk.init(
    dsn=sys.argv[1],
    release="shop@1.2",
    environment="staging",
    traces_sample_rate=1.0,
    integrations=[LoggingIntegration(event_level=logging.ERROR)],
)
sentry_sdk.set_tag("region", "eu")
sentry_sdk.set_user({"id": "u1"})

with sentry_sdk.start_transaction(name="checkout", op="task"):
    with sentry_sdk.start_span(op="db", name="SELECT 1"):
        pass
    sentry_sdk.add_breadcrumb(category="cart", message="loaded")
    try:
        {}["card"]
    except KeyError:
        sentry_sdk.capture_exception()

sentry_sdk.capture_message("hello from sentry", level="warning")
logging.getLogger("shop.pay").error("card %s declined", 17)
sentry_sdk.flush(timeout=10)
