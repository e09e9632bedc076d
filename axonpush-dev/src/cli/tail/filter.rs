//! Which events are shown.

use clap::ValueEnum;

use super::event::{ERROR, INFO, SeenEvent, WARN};

/// Every filter that is given must match.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArguments {
    /// Only events of this type, such as `app.log`; `agent.*` for all that begin so. May be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,

    /// Only events at least as severe. Spans and other events are `error` when they failed and `info` otherwise.
    #[arg(long, value_enum, value_name = "LEVEL")]
    severity: Option<Level>,

    /// Only events of this request: those whose attribute `request.id` is this one.
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// Only events of this trace.
    #[arg(long, value_name = "ID")]
    trace: Option<String>,

    /// Only events that hold this text, in any case.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Only events of this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    fn number(self) -> u64 {
        match self {
            Self::Trace => 1,
            Self::Debug => 5,
            Self::Info => INFO,
            Self::Warn => WARN,
            Self::Error => ERROR,
            Self::Fatal => 21,
        }
    }
}

/// The filters, apart by who applies them.
#[derive(Debug)]
pub(super) struct Filter {
    query: Vec<(&'static str, String)>,
    types: Vec<String>,
    at_least: u64,
}

impl Filter {
    pub(super) fn new(arguments: &FilterArguments, channel: Option<&str>) -> Self {
        let FilterArguments { types, severity, request, trace, text, service } = arguments;
        let mut query = Vec::new();
        let mut ask = |name, value: Option<&str>| query.extend(value.map(|value| (name, value.to_owned())));
        ask("channelId", channel);
        ask("attrKey", request.as_ref().map(|_| "request.id"));
        ask("attrValue", request.as_deref());
        ask("traceId", trace.as_deref());
        ask("q", text.as_deref());
        ask("serviceName", service.as_deref());
        if let [only] = types.as_slice()
            && !only.ends_with('*')
        {
            ask("eventType", Some(only));
        }
        Self { query, types: types.clone(), at_least: severity.map_or(0, Level::number) }
    }

    /// What the server is asked to leave out.
    pub(super) fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// What the server cannot leave out.
    pub(super) fn wants(&self, event: &SeenEvent<'_>) -> bool {
        let is = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => event.event_type.starts_with(start),
            None => event.event_type == *wanted,
        };
        (self.types.is_empty() || self.types.iter().any(is)) && event.severity() >= self.at_least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(types: &[&str], severity: Option<Level>) -> Filter {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        Filter::new(&FilterArguments { types, severity, ..FilterArguments::default() }, None)
    }

    fn wants(filter: &Filter, event: &str) -> bool {
        filter.wants(&SeenEvent::read(event).unwrap())
    }

    #[test]
    fn one_type_is_the_servers_business_and_several_are_ours() {
        assert_eq!(filter(&["app.log"], None).query(), [("eventType", "app.log")]);
        let agents = filter(&["agent.*", "custom"], None);
        assert!(agents.query().is_empty());
        for (event_type, wanted) in [("agent.start", true), ("custom", true), ("customer", false), ("app.log", false)] {
            assert_eq!(wants(&agents, &format!(r#"{{"eventId":"1","eventType":"{event_type}"}}"#)), wanted);
        }
    }

    #[test]
    fn what_has_no_severity_is_judged_by_how_it_ended() {
        let errors = filter(&[], Some(Level::Error));
        for (event, wanted) in [
            (r#"{"eventId":"1","status":"error"}"#, true),
            (r#"{"eventId":"1","status":"ok"}"#, false),
            (r#"{"eventId":"1","payload":{"severityNumber":17}}"#, true),
            (r#"{"eventId":"1","payload":{"severityNumber":16}}"#, false),
            (r#"{"eventId":"1","payload":{"severityNumber":0},"status":"error"}"#, true),
        ] {
            assert_eq!(wants(&errors, event), wanted, "{event}");
        }
    }
}
