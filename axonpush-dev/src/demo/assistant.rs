//! The assistant that answers customers: models, tools, and one run that has to be handed over.

use std::time::Duration;

use serde_json::{Value, json};

use super::incidents::Provider;
use super::pen::{ERROR, Failure, INFO, Kind, Pen, Place, Service, Span};
use super::{minute, shop};

const ASSISTANT: Service = Service { name: "assistant", version: "0.9.2", host: "assistant-1" };

pub(super) fn tell(pen: &mut Pen) {
    for (number, start) in [3, 9, 15, 21, 28, 34, 42, 47, 53, 58].into_iter().enumerate() {
        let wants = if number % 3 == 2 { Wants::Refund } else { Wants::WhereIsIt };
        let at = minute(start) + Duration::from_millis(pen.dice.between(0, 40_000).into());
        run(pen, at, &wants);
    }
}

/// What the customer is after.
enum Wants {
    WhereIsIt,
    Refund,
}

fn run(pen: &mut Pen, start: Duration, wants: &Wants) {
    let root = pen.trace();
    let session = format!("conv_{}", pen.dice.hex(10));
    let number = pen.dice.between(10_000, 10_400);
    let mut at = start;
    let opened =
        json!({"agent_name": AGENT, "model": MODEL, "message_count": 1, "attributes": {"session.id": session}});
    pen.agent(&root, at, ("agent.start", "assistant.run.start"), &opened);

    at += think(pen, at, &root, &session, "tool_calls");
    at += tool(pen, at, &root, ("find_order", number), |pen, at, place| (shop::order(pen, at, place, number), None)).0;
    let mut failure = None;
    if matches!(wants, Wants::Refund) {
        at += think(pen, at, &root, &session, "tool_calls");
        let (took, failed) = tool(pen, at, &root, ("refund_order", number), refund);
        at += took;
        failure = failed;
    }
    at += think(pen, at, &root, &session, "stop");

    if let Some(failure) = &failure {
        let facts = json!({
            "agent_name": AGENT, "error": failure.message,
            "attributes": {"session.id": session, "exception.type": failure.kind, "exception.message": failure.message},
        });
        pen.agent(&root, at, ("agent.error", "assistant.run.error"), &facts);
        let handed = json!({"from_agent": AGENT, "to_agent": "support-team", "attributes": {"session.id": session}});
        pen.agent(&root, at, ("agent.handoff", "agent.handoff"), &handed);
    } else {
        let length = pen.dice.between(120, 480);
        let said = json!({"agent_name": AGENT, "text_length": length, "attributes": {"session.id": session}});
        pen.agent(&root, at, ("agent.message", "agent.response"), &said);
    }
    let ended = json!({"agent_name": AGENT, "attributes": {"session.id": session, "resolved": failure.is_none()}});
    pen.agent(&root, at, ("agent.end", "assistant.run.end"), &ended);
    let attributes = json!({
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": AGENT, "session.id": session, "order.number": number,
    });
    let name = "invoke_agent support-assistant";
    let took = at.saturating_sub(start);
    pen.span(
        ASSISTANT,
        &root,
        &Span { name, kind: Kind::Internal, at: start, took, attributes, failure: failure.as_ref() },
    );
}

/// A turn of the model. Returns how long it took.
fn think(pen: &mut Pen, at: Duration, root: &Place, session: &str, reason: &str) -> Duration {
    let place = pen.inside(root);
    let took = pen.dice.took(1_400_000);
    let (input, output) = (pen.dice.between(600, 2_400), pen.dice.between(40, 320));
    // A hundred-thousandth of a cent is as exact as prices are.
    let cost = f64::from(input * 40 + output * 160) / 1e8;
    let attributes = json!({
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": MODEL,
        "gen_ai.response.model": MODEL, "gen_ai.response.finish_reasons": [reason], "gen_ai.agent.name": AGENT,
        "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output, "gen_ai.usage.cost": cost,
        "session.id": session,
    });
    let name = format!("chat {MODEL}");
    pen.span(ASSISTANT, &place, &Span { name: &name, kind: Kind::Client, at, took, attributes, failure: None });
    took + PAUSE
}

/// A call of a tool that does `work`. Returns how long it took, and what went wrong.
fn tool(
    pen: &mut Pen,
    at: Duration,
    root: &Place,
    (name, number): (&str, u32),
    work: impl FnOnce(&mut Pen, Duration, &Place) -> (Duration, Option<Failure>),
) -> (Duration, Option<Failure>) {
    let place = pen.inside(root);
    let call = format!("call_{}", pen.dice.hex(12));
    let input = json!({"tool_name": name, "tool_use_id": call, "input": {"order_number": number}});
    pen.agent(&place, at, ("agent.tool_call.start", &format!("tool.{name}.start")), &input);
    let inside = pen.inside(&place);
    let (took, failure) = work(pen, at + PAUSE, &inside);
    let took = took + PAUSE * 2;
    let preview: Value = match &failure {
        None => json!({"order": number, "state": "on its way"}),
        Some(failure) => json!({"error": failure.message}),
    };
    let output = json!({"tool_name": name, "tool_use_id": call, "result_preview": preview.to_string()});
    pen.agent(&place, at + took, ("agent.tool_call.end", &format!("tool.{name}.end")), &output);
    let severity = if failure.is_some() { ERROR } else { INFO };
    let facts = json!({"gen_ai.tool.name": name, "gen_ai.tool.call.id": call, "order.number": number});
    pen.log(ASSISTANT, Some(&place), at + took, (severity, ("assistant::tools", "tool called")), facts);
    let attributes = json!({
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call,
        "gen_ai.agent.name": AGENT,
    });
    let span_name = format!("execute_tool {name}");
    let span = Span { name: &span_name, kind: Kind::Internal, at, took, attributes, failure: failure.as_ref() };
    pen.span(ASSISTANT, &place, &span);
    (took + PAUSE, failure)
}

/// Gives the money back, if the payment provider is well.
fn refund(pen: &mut Pen, at: Duration, place: &Place) -> (Duration, Option<Failure>) {
    let Provider { slower, failing } = Provider::at(at);
    let took = pen.dice.took(120_000 * slower);
    let failure = (failing > 50).then(|| Failure {
        kind: "provider_unavailable",
        message: "the refund was refused: the payment provider is not available".to_owned(),
    });
    let attributes = json!({"http.request.method": "POST", "server.address": "payments", "url.path": "/refunds"});
    let (name, kind) = ("POST /refunds", Kind::Client);
    pen.span(ASSISTANT, place, &Span { name, kind, at, took, attributes, failure: failure.as_ref() });
    (took, failure)
}

const AGENT: &str = "support-assistant";
const MODEL: &str = "gpt-4.1-mini";
const PAUSE: Duration = Duration::from_millis(6);
