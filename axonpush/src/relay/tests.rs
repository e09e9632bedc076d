//! What a relay makes of spans.
