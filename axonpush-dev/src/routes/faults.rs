//! `GET` and `POST /dev/faults`: what goes wrong on request. There is no such route unless the server was started with it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::fields::Fields;
use super::{Answered, json};
use crate::faults::{FailRate, Faults};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;

pub(super) async fn get(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    check_allowed(&shared)?;
    Ok(json(&shown(&shared.faults.get())))
}

/// What the body leaves out is switched off.
pub(super) async fn set(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    check_allowed(&shared)?;
    let mut fields = Fields::of(&request)?;
    let mut faults = Faults::default();
    if let Some(milliseconds) = fields.integer("latencyMs", 0..=MAX_LATENCY_MS) {
        faults = faults.latency(Duration::from_millis(milliseconds));
    }
    if let Some(text) = fields.text("fail", 1..=64) {
        match text.parse::<FailRate>() {
            Ok(fail) => faults = faults.fail(fail),
            Err(error) => fields.fault("fail", &error, Some(text.into())),
        }
    }
    if let Some(limit) = fields.integer("rateLimit", 0..=u32::MAX.into()) {
        faults = faults.rate_limit(u32::try_from(limit).unwrap_or(u32::MAX));
    }
    fields.check()?;
    let shown = shown(&faults);
    shared.faults.set(faults);
    Ok(json(&shown))
}

fn check_allowed(shared: &Shared) -> Result<(), Problem> {
    if shared.fault_requests {
        return Ok(());
    }
    Err(Problem::new(StatusCode::NOT_FOUND, "no such route; the server was not started with it"))
}

fn shown(faults: &Faults) -> Value {
    json!({
        "latencyMs": u64::try_from(faults.latency.as_millis()).unwrap_or(u64::MAX),
        "fail": faults.fail.map(|fail| fail.to_string()),
        "rateLimit": faults.rate_limit,
    })
}

const MAX_LATENCY_MS: u64 = 60_000;
