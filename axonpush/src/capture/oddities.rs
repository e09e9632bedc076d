//! Records that are rare and must do no harm.

use std::{error::Error, fmt};

use serde_json::json;
use tracing::{Span, error, info, info_span};

use super::tests::{attribute, heard, only};

/// An error that is its own cause.
#[derive(Debug)]
struct Ouroboros;

impl fmt::Display for Ouroboros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it bites its tail")
    }
}

impl Error for Ouroboros {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

#[test]
fn an_error_without_an_end_has_sixteen_causes() {
    let event = only(heard(|| error!(error = &Ouroboros as &dyn Error, "failed")));
    assert_eq!(attribute(&event, "exception.causes"), json!(vec!["it bites its tail"; 16]));
}

#[test]
fn of_a_thousand_spans_the_inner_ones_are_told() {
    let event = only(heard(|| {
        let mut spans = vec![info_span!("outermost", depth = 0, outermost = true)];
        for depth in 1..1000 {
            let parent = spans.last().and_then(Span::id);
            let span = info_span!(parent: parent, "inner", depth);
            // Nobody follows the causes of a span, which may go in circles.
            span.follows_from(span.id());
            spans.extend([span]);
        }
        let _entered = spans.last().map(Span::enter);
        info!("deep down");
    }));
    assert_eq!((attribute(&event, "depth"), attribute(&event, "outermost")), (json!(999), json!(null)));
}

#[test]
fn what_is_said_of_a_model_keeps_its_names_and_types() {
    let event = only(heard(|| {
        info!(
            gen_ai.request.model = "large-3",
            gen_ai.usage.input_tokens = 1042_u64,
            gen_ai.request.temperature = 0.2,
            gen_ai.prompt = "what is the capital of canary",
            "chat"
        );
    }));
    assert_eq!(attribute(&event, "gen_ai.request.model"), "large-3");
    assert_eq!(attribute(&event, "gen_ai.usage.input_tokens"), 1042);
    assert_eq!(attribute(&event, "gen_ai.request.temperature"), 0.2);
    assert!(!event.as_json().to_string().contains("canary"), "content is sent only where it is asked for");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_debug_shows_them() {
    let name = std::path::PathBuf::from("caf\u{e9}\u{202e}.txt");
    let event = only(heard(|| info!(raw = ?b"\xff\xfe".as_slice(), path = ?name, "shown")));
    assert_eq!(attribute(&event, "raw"), "[255, 254]");
    assert!(attribute(&event, "path").as_str().is_some_and(|path| path.contains("café")));
}
