//! Every comparison the benches make, and its limit.

use super::table::{Against, Limit, Row, Table, Unit};

pub(crate) const TABLES: &[Table] = &[
    Table {
        title: "Handing an event over",
        rows: &[
            Row {
                what: "`enqueue` of an event",
                ours: "hand_over/enqueue",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`serde_json::to_vec`", name: "hand_over/serialise" },
                limit: Limit::AtMost(1.5),
            },
            Row {
                what: "building the event and `enqueue`",
                ours: "hand_over/build_and_enqueue",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`serde_json::to_vec`", name: "hand_over/serialise" },
                limit: Limit::None,
            },
        ],
    },
    Table {
        title: "Handing over 200 bytes that are encoded",
        rows: &[
            Row {
                what: "with room, one thread: mean",
                ours: "prepared.room.1.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.1.mean.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, one thread: p50",
                ours: "prepared.room.1.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.1.p50.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, one thread: p99",
                ours: "prepared.room.1.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.1.p99.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, one thread: allocations",
                ours: "prepared.room.1.allocations",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "with room, two threads: mean",
                ours: "prepared.room.2.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.2.mean.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, two threads: p50",
                ours: "prepared.room.2.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.2.p50.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, two threads: p99",
                ours: "prepared.room.2.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.room.2.p99.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "with room, two threads: allocations",
                ours: "prepared.room.2.allocations",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "full, one thread: mean",
                ours: "prepared.full.1.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.1.mean.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, one thread: p50",
                ours: "prepared.full.1.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.1.p50.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, one thread: p99",
                ours: "prepared.full.1.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.1.p99.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, one thread: allocations",
                ours: "prepared.full.1.allocations",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "full, two threads: mean",
                ours: "prepared.full.2.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.2.mean.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, two threads: p50",
                ours: "prepared.full.2.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.2.p50.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, two threads: p99",
                ours: "prepared.full.2.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`try_send`", name: "prepared.full.2.p99.channel" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "full, two threads: allocations",
                ours: "prepared.full.2.allocations",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
        ],
    },
    Table {
        title: "Handing a log record to three sinks",
        rows: &[
            fan_out("three sinks, one thread: mean", "fan_out.3.1.mean", "fan_out.1.1.mean"),
            fan_out("three sinks, one thread: p50", "fan_out.3.1.p50", "fan_out.1.1.p50"),
            fan_out("three sinks, one thread: p99", "fan_out.3.1.p99", "fan_out.1.1.p99"),
            fan_out("three sinks, two threads: mean", "fan_out.3.2.mean", "fan_out.1.2.mean"),
            fan_out("three sinks, two threads: p50", "fan_out.3.2.p50", "fan_out.1.2.p50"),
            fan_out("three sinks, two threads: p99", "fan_out.3.2.p99", "fan_out.1.2.p99"),
        ],
    },
    Table {
        title: "Log records by OTLP",
        rows: &[
            Row {
                what: "protobuf: delivered in a flood",
                ours: "otlp.flood.protobuf",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "`opentelemetry-otlp`", name: "otlp.flood.opentelemetry" },
                limit: Limit::AtLeast(1.5),
            },
            Row {
                what: "protobuf: processor time for a million",
                ours: "otlp.cpu.protobuf",
                unit: Unit::Seconds,
                against: Against::Figure { what: "`opentelemetry-otlp`", name: "otlp.cpu.opentelemetry" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "protobuf: missing at 50,000/s",
                ours: "otlp.missing.protobuf",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "JSON: delivered in a flood",
                ours: "otlp.flood.json",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "`opentelemetry-otlp`", name: "otlp.flood.opentelemetry" },
                limit: Limit::AtLeast(1.5),
            },
            Row {
                what: "JSON: processor time for a million",
                ours: "otlp.cpu.json",
                unit: Unit::Seconds,
                against: Against::Figure { what: "`opentelemetry-otlp`", name: "otlp.cpu.opentelemetry" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "JSON: missing at 50,000/s",
                ours: "otlp.missing.json",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
        ],
    },
    Table {
        title: "Spans of OpenTelemetry",
        rows: &[
            spans(
                "protobuf: delivered in a flood",
                Unit::PerSecond,
                "spans.flood.protobuf",
                "spans.flood.opentelemetry",
                Limit::AtLeast(1.0),
            ),
            spans(
                "JSON: delivered in a flood",
                Unit::PerSecond,
                "spans.flood.json",
                "spans.flood.opentelemetry",
                Limit::AtLeast(1.0),
            ),
            spans(
                "protobuf: exporting a million",
                Unit::Seconds,
                "spans.export.protobuf",
                "spans.export.opentelemetry",
                Limit::AtMost(0.5),
            ),
            spans(
                "JSON: exporting a million",
                Unit::Seconds,
                "spans.export.json",
                "spans.export.opentelemetry",
                Limit::AtMost(0.5),
            ),
            spans(
                "protobuf: a million, and recording them",
                Unit::Seconds,
                "spans.cpu.protobuf",
                "spans.cpu.opentelemetry",
                Limit::None,
            ),
            spans(
                "JSON: a million, and recording them",
                Unit::Seconds,
                "spans.cpu.json",
                "spans.cpu.opentelemetry",
                Limit::None,
            ),
            missing("protobuf: missing at 50,000/s", "spans.missing.protobuf"),
            missing("JSON: missing at 50,000/s", "spans.missing.json"),
        ],
    },
    Table {
        title: "Loki and Fluentd",
        rows: &[
            Row {
                what: "Loki: delivered in a flood",
                ours: "sinks.loki.flood.ours",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "`tracing-loki`", name: "sinks.loki.flood.tracing_loki" },
                limit: Limit::AtLeast(1.0),
            },
            Row {
                what: "Loki: delivered in a flood",
                ours: "sinks.loki.flood.ours",
                unit: Unit::PerSecond,
                against: Against::Figure {
                    what: "`tracing-loki`, logged to briskly",
                    name: "sinks.loki.briskly.tracing_loki",
                },
                limit: Limit::None,
            },
            Row {
                what: "Loki: processor time for a million",
                ours: "sinks.loki.cpu.ours",
                unit: Unit::Seconds,
                against: Against::Figure { what: "`tracing-loki`", name: "sinks.loki.cpu.tracing_loki" },
                limit: Limit::None,
            },
            Row {
                what: "Loki: missing",
                ours: "sinks.loki.missing.ours",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "Loki: missing",
                ours: "sinks.loki.missing.ours",
                unit: Unit::Count,
                against: Against::Figure { what: "`tracing-loki`", name: "sinks.loki.missing.tracing_loki" },
                limit: Limit::None,
            },
            Row {
                what: "Loki: missing",
                ours: "sinks.loki.missing.ours",
                unit: Unit::Count,
                against: Against::Figure {
                    what: "`tracing-loki`, logged to briskly",
                    name: "sinks.loki.briskly_missing.tracing_loki",
                },
                limit: Limit::None,
            },
            Row {
                what: "Fluentd: delivered in a flood",
                ours: "sinks.fluentd.flood.ours",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "`@fluent-org/logger`", name: "sinks.fluentd.flood.node" },
                limit: Limit::AtLeast(1.0),
            },
            Row {
                what: "Fluentd: processor time for a million",
                ours: "sinks.fluentd.cpu.ours",
                unit: Unit::Seconds,
                against: Against::Figure { what: "`@fluent-org/logger`", name: "sinks.fluentd.cpu.node" },
                limit: Limit::None,
            },
            Row {
                what: "Fluentd: missing",
                ours: "sinks.fluentd.missing.ours",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
        ],
    },
    Table {
        title: "Redaction",
        rows: &[
            Row {
                what: "handing over 1 KiB that is serialised",
                ours: "redaction.kib.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`serde_json::to_vec`", name: "redaction.kib.serialise" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "cost of a byte in 240 KiB made to be slow",
                ours: "redaction.growth.long",
                unit: Unit::Picos,
                against: Against::Figure { what: "in 15 KiB", name: "redaction.growth.short" },
                limit: Limit::AtMost(2.0),
            },
            Row {
                what: "1 MB made to be slow",
                ours: "redaction.megabyte",
                unit: Unit::Millis,
                against: Against::Nothing,
                limit: Limit::None,
            },
        ],
    },
    Table {
        title: "Logging with `tracing`",
        rows: &[
            Row {
                what: "`info!` with three fields: mean",
                ours: "logs.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "OpenTelemetry's appender", name: "logs.mean.theirs" },
                limit: Limit::AtMost(0.35),
            },
            Row {
                what: "`info!` with three fields: p50",
                ours: "logs.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "OpenTelemetry's appender", name: "logs.p50.theirs" },
                limit: Limit::None,
            },
            Row {
                what: "`info!` with three fields: p99",
                ours: "logs.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "OpenTelemetry's appender", name: "logs.p99.theirs" },
                limit: Limit::AtMost(1.0),
            },
            Row {
                what: "`info!` with three fields: allocations",
                ours: "logs.allocations.ours",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "missing",
                ours: "logs.missing.ours",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
            Row {
                what: "`debug!` while disabled",
                ours: "logs.disabled.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "no subscriber", name: "logs.disabled.nobody" },
                limit: Limit::AtMost(1.5),
            },
        ],
    },
    Table {
        title: "JSON lines",
        rows: &[
            Row {
                what: "`info!` with three fields: mean",
                ours: "logs.lines.mean.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`fmt().json()`, non-blocking", name: "logs.lines.mean.theirs" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "`info!` with three fields: p50",
                ours: "logs.lines.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`fmt().json()`, non-blocking", name: "logs.lines.p50.theirs" },
                limit: Limit::None,
            },
            Row {
                what: "`info!` with three fields: p99",
                ours: "logs.lines.p99.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "`fmt().json()`, non-blocking", name: "logs.lines.p99.theirs" },
                limit: Limit::None,
            },
            Row {
                what: "`info!` with three fields: allocations",
                ours: "logs.lines.allocations.ours",
                unit: Unit::Count,
                against: Against::Figure {
                    what: "`fmt().json()`, non-blocking",
                    name: "logs.lines.allocations.theirs",
                },
                limit: Limit::None,
            },
            Row {
                what: "processor time for a million",
                ours: "logs.lines.cpu.ours",
                unit: Unit::Seconds,
                against: Against::Figure { what: "`fmt().json()`, non-blocking", name: "logs.lines.cpu.theirs" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "missing",
                ours: "logs.lines.missing.ours",
                unit: Unit::Count,
                against: Against::Nothing,
                limit: Limit::AtMost(0.0),
            },
        ],
    },
    Table {
        title: "Events one by one",
        rows: &[
            Row {
                what: "published",
                ours: "publish.publisher",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "64 tasks around `reqwest`", name: "publish.loop" },
                limit: Limit::AtLeast(0.9),
            },
            Row {
                what: "published",
                ours: "publish.publisher",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "the Python SDK", name: "publish.python" },
                limit: Limit::AtLeast(15.0),
            },
        ],
    },
    Table {
        title: "A dead server and a million events",
        rows: &[
            Row {
                what: "`enqueue`",
                ours: "outage.hand_over.down",
                unit: Unit::Nanos,
                against: Against::Figure { what: "with the server up", name: "outage.hand_over.up" },
                limit: Limit::AtMost(1.5),
            },
            Row {
                what: "the process grows by",
                ours: "outage.grown",
                unit: Unit::MiB,
                against: Against::Nothing,
                limit: Limit::AtMost(40.0),
            },
            Row {
                what: "the shutdown is late by",
                ours: "outage.shutdown_late",
                unit: Unit::Millis,
                against: Against::Nothing,
                limit: Limit::AtMost(50.0),
            },
        ],
    },
    Table {
        title: "HTTP middleware: what it adds to a request",
        rows: &[
            Row {
                what: "axum, called in bursts: mean",
                ours: "axum.bursts.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tower-http", name: "axum.bursts.tower_http" },
                limit: Limit::AtMost(1.0),
            },
            Row {
                what: "axum, called in bursts: mean",
                ours: "axum.bursts.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "axum-tracing-opentelemetry", name: "axum.bursts.opentelemetry" },
                limit: Limit::AtMost(0.25),
            },
            Row {
                what: "axum, called at 2,000/s: p50",
                ours: "axum.paced.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tower-http", name: "axum.paced.p50.tower_http" },
                limit: Limit::AtMost(1.0),
            },
            Row {
                what: "axum, called at 2,000/s: p50",
                ours: "axum.paced.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "axum-tracing-opentelemetry", name: "axum.paced.p50.opentelemetry" },
                limit: Limit::AtMost(0.25),
            },
            Row {
                what: "axum, loopback at 2,000/s: p50",
                ours: "axum.loopback.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tower-http", name: "axum.loopback.p50.tower_http" },
                limit: Limit::AtMost(1.0),
            },
            Row {
                what: "axum, loopback at 2,000/s: p50",
                ours: "axum.loopback.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure {
                    what: "axum-tracing-opentelemetry",
                    name: "axum.loopback.p50.opentelemetry",
                },
                limit: Limit::AtMost(0.25),
            },
            Row {
                what: "axum: allocations",
                ours: "axum.allocations.ours",
                unit: Unit::Count,
                against: Against::Figure { what: "tower-http", name: "axum.allocations.tower_http" },
                limit: Limit::AtMost(1.0),
            },
            Row {
                what: "axum: allocations",
                ours: "axum.allocations.ours",
                unit: Unit::Count,
                against: Against::Figure { what: "axum-tracing-opentelemetry", name: "axum.allocations.opentelemetry" },
                limit: Limit::None,
            },
            Row {
                what: "actix, called in bursts: mean",
                ours: "actix.bursts.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tracing-actix-web", name: "actix.bursts.tracing_actix_web" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "actix, called at 2,000/s: p50",
                ours: "actix.paced.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tracing-actix-web", name: "actix.paced.p50.tracing_actix_web" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "actix, loopback at 2,000/s: p50",
                ours: "actix.loopback.p50.ours",
                unit: Unit::Nanos,
                against: Against::Figure { what: "tracing-actix-web", name: "actix.loopback.p50.tracing_actix_web" },
                limit: Limit::AtMost(0.5),
            },
            Row {
                what: "actix: allocations",
                ours: "actix.allocations.ours",
                unit: Unit::Count,
                against: Against::Figure { what: "tracing-actix-web", name: "actix.allocations.tracing_actix_web" },
                limit: Limit::None,
            },
            Row {
                what: "axum before a black hole, called: p50",
                ours: "axum.paced.p50.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(10_000.0),
            },
            Row {
                what: "axum before a black hole, called: p99",
                ours: "axum.paced.p99.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(100_000.0),
            },
            Row {
                what: "axum before a black hole, loopback: p50",
                ours: "axum.loopback.p50.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(10_000.0),
            },
            Row {
                what: "axum before a black hole, loopback: p99",
                ours: "axum.loopback.p99.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(100_000.0),
            },
            Row {
                what: "actix before a black hole, called: p50",
                ours: "actix.paced.p50.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(10_000.0),
            },
            Row {
                what: "actix before a black hole, called: p99",
                ours: "actix.paced.p99.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(100_000.0),
            },
            Row {
                what: "actix before a black hole, loopback: p50",
                ours: "actix.loopback.p50.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(10_000.0),
            },
            Row {
                what: "actix before a black hole, loopback: p99",
                ours: "actix.loopback.p99.black_hole",
                unit: Unit::Nanos,
                against: Against::Nothing,
                limit: Limit::AtMost(100_000.0),
            },
        ],
    },
    Table {
        title: "The development server",
        rows: &[
            alone("events stored, one by one", Unit::PerSecond, "dev.post", Limit::AtLeast(10_000.0)),
            alone("records stored, by OTLP", Unit::PerSecond, "dev.otlp", Limit::AtLeast(150_000.0)),
            alone("in a million: search by trace", Unit::Millis, "dev.search.trace", Limit::AtMost(20.0)),
            alone("in a million: search by request", Unit::Millis, "dev.search.request", Limit::AtMost(20.0)),
            alone("in a million: search by text", Unit::Millis, "dev.search.text", Limit::AtMost(200.0)),
            alone(
                "in a million: search by text nobody wrote",
                Unit::Millis,
                "dev.search.no_text",
                Limit::AtMost(200.0),
            ),
            alone("in a million: the newest 50", Unit::Millis, "dev.search.newest", Limit::AtMost(20.0)),
            alone("search by trace meanwhile: slowest", Unit::Millis, "dev.search.meanwhile", Limit::None),
            alone("start with 100,000, and the first answer", Unit::Millis, "dev.start", Limit::AtMost(1_000.0)),
        ],
    },
];

/// A hand-over to three sinks beside one to one. A tenth is what such a figure differs by from run to run.
const fn fan_out(what: &'static str, ours: &'static str, name: &'static str) -> Row {
    let against = Against::Figure { what: "one sink", name };
    Row { what, ours, unit: Unit::Nanos, against, limit: Limit::AtMost(1.1) }
}

/// Spans of ours beside those of `opentelemetry-otlp`.
const fn spans(what: &'static str, unit: Unit, ours: &'static str, name: &'static str, limit: Limit) -> Row {
    Row { what, ours, unit, against: Against::Figure { what: "`opentelemetry-otlp`", name }, limit }
}

/// What was offered and never arrived.
const fn missing(what: &'static str, ours: &'static str) -> Row {
    Row { what, ours, unit: Unit::Count, against: Against::Nothing, limit: Limit::AtMost(0.0) }
}

/// A figure that is held against its limit alone.
const fn alone(what: &'static str, unit: Unit, ours: &'static str, limit: Limit) -> Row {
    Row { what, ours, unit, against: Against::Nothing, limit }
}
