"""Sends traces and logs with OpenTelemetry's own exporters, and prints what its SDK recorded."""

import json
import logging
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, InMemoryLogExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

url, compression = sys.argv[1], Compression(sys.argv[2])
headers = {"x-api-key": "ak_test", "x-axonpush-channel": "c-1"}
resource = Resource.create({"service.name": "shop", "service.version": "1.0"})

recorded_spans, recorded_logs = InMemorySpanExporter(), InMemoryLogExporter()
tracers, loggers = TracerProvider(resource=resource), LoggerProvider(resource=resource)
tracers.add_span_processor(SimpleSpanProcessor(recorded_spans))
tracers.add_span_processor(
    BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces", headers=headers, compression=compression))
)
loggers.add_log_record_processor(SimpleLogRecordProcessor(recorded_logs))
loggers.add_log_record_processor(
    BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{url}/v1/logs", headers=headers, compression=compression))
)
logger = logging.getLogger("billing")
logger.addHandler(LoggingHandler(logger_provider=loggers))
logger.setLevel(logging.DEBUG)
tracer = tracers.get_tracer("orders", "2.1")

with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as request:
    request.set_attributes({"http.response.status_code": 201, "ratio": 0.5, "ok": True, "tags": ["a", "b"]})
    logger.info("order taken", extra={"order_id": 7})
    with tracer.start_as_current_span("chat gpt", kind=SpanKind.CLIENT) as call:
        call.add_event("first token", {"ms": 12})
    with tracer.start_as_current_span("SELECT", links=[Link(call.get_span_context(), {"why": "cached"})]) as query:
        query.set_status(Status(StatusCode.ERROR, "gone"))
        logger.error("card %s", "declined")
logger.warning("outside of a span")

tracers.shutdown()
loggers.shutdown()


def span(of):
    context, parent = of.get_span_context(), of.parent
    return {
        "name": of.name,
        "trace": trace.format_trace_id(context.trace_id),
        "span": trace.format_span_id(context.span_id),
        "parent": trace.format_span_id(parent.span_id) if parent else None,
        "kind": of.kind.value,
        "start": str(of.start_time),
        "end": str(of.end_time),
        "status": {"code": of.status.status_code.value, "message": of.status.description or ""},
        "attributes": dict(of.attributes),
        "events": [[event.name, str(event.timestamp), dict(event.attributes)] for event in of.events],
        "links": [[trace.format_span_id(link.context.span_id), dict(link.attributes)] for link in of.links],
        "scope": of.instrumentation_scope.name,
    }


def log(of):
    record = of.log_record
    return {
        "body": record.body,
        "time": str(record.timestamp),
        "severity": [record.severity_number.value, record.severity_text],
        "trace": trace.format_trace_id(record.trace_id) if record.trace_id else None,
        "span": trace.format_span_id(record.span_id) if record.span_id else None,
        "attributes": dict(record.attributes),
        "scope": of.instrumentation_scope.name,
    }


spans, logs = recorded_spans.get_finished_spans(), recorded_logs.get_finished_logs()
print(json.dumps({"spans": [span(of) for of in spans], "logs": [log(of) for of in logs]}, default=list))
