//! A consumer of jobs: no web framework, and yet every event belongs to the message it came from, through tasks, blocking
//! threads and streams, with eight messages worked on at once.
//!
//! ```sh
//! cargo run --example jobs
//! ```
//!
//! Ends with an error unless the server knows every event of every message, under that message's id.

use std::{error::Error, time::Duration};

use axonpush::{
    AxonPush, Event, EventQuery, InCurrentContext as _, RequestContext, RequestId, TraceParent,
    task::{self, JoinSetExt as _},
};
use futures_util::{Stream, StreamExt as _, stream};
use support::client_or_dev_server;
use tokio::{sync::mpsc, task::JoinSet};

const MESSAGES: usize = 8;

/// What a message leads to, by event and by the step it happens in.
const EXPECTED: [(&str, Option<&str>); 7] = [
    ("report.mailed", None),
    ("report.mailed", None),
    ("report.rendered", Some("render")),
    ("report.requested", None),
    ("row.read", Some("read")),
    ("row.read", Some("read")),
    ("row.read", Some("read")),
];

/// A message as a broker brings it: who sent it says which trace it belongs to.
struct Message {
    id: RequestId,
    traceparent: TraceParent,
    customer: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = client_or_dev_server().await?;
    let (broker, messages) = mpsc::channel(MESSAGES);
    let mut sent = Vec::new();
    for n in 0..MESSAGES {
        let (id, traceparent) = (RequestId::generate(), TraceParent::generate());
        let customer = format!("customer-{n}");
        sent.push((id.clone(), traceparent, customer.clone()));
        broker.send(Message { id, traceparent, customer }).await?;
    }
    drop(broker);

    consume(&client, messages).await?;
    println!("{}", client.flush(Duration::from_secs(5)).await);

    let mut wrong = 0;
    for (id, traceparent, customer) in sent {
        let mut found = Vec::new();
        for event in client.events().search(EventQuery::new().trace_id(traceparent.trace_id()).limit(100)).await? {
            let of_the_message = event.metadata["request.id"] == id.as_str()
                && event.metadata["report"]["customer"] == customer.as_str();
            let step = event.metadata["step"].as_str().map(str::to_owned);
            found.push((event.operation_name.unwrap_or_default(), step, of_the_message));
        }
        found.sort();
        let expected = EXPECTED.map(|(name, step)| (name.to_owned(), step.map(str::to_owned), true));
        let verdict = if found == expected { "complete" } else { "WRONG" };
        println!("message {id}: {} events, {verdict}", found.len());
        if found != expected {
            wrong += 1;
            eprintln!("{found:?}");
        }
    }
    let report = client.shutdown(Duration::from_secs(5)).await;
    if wrong == 0 && report.is_complete() { Ok(()) } else { Err(format!("{wrong} messages are told wrong").into()) }
}

async fn consume(client: &AxonPush, mut messages: mpsc::Receiver<Message>) -> Result<(), Box<dyn Error>> {
    let mut jobs = JoinSet::new();
    while let Some(Message { id, traceparent, customer }) = messages.recv().await {
        // One context for each message. What runs in it need not know of it.
        let context = RequestContext::builder().request_id(id).parent(traceparent).build();
        context.bind("report", serde_json::json!({"customer": customer, "pages": 3}));
        jobs.spawn(context.scope(report(client.clone())));
    }
    while let Some(ended) = jobs.join_next().await {
        ended??;
    }
    Ok(())
}

/// One job. It sees neither the message nor the context, and neither do the functions it calls.
async fn report(client: AxonPush) -> Result<(), tokio::task::JoinError> {
    client.events().enqueue(Event::new("report.requested"));

    let rows = {
        let _step = RequestContext::current().map(|context| context.bind_scoped("step", "read"));
        // Read ahead by a task of its own; the stream stays in the context wherever it is polled.
        let rows = rows(client.clone()).in_current_context();
        tokio::spawn(rows.collect::<Vec<_>>()).await?
    };

    {
        let _step = RequestContext::current().map(|context| context.bind_scoped("step", "render"));
        let client = client.clone();
        task::spawn_blocking(move || {
            client.events().enqueue(Event::new("report.rendered").attribute("rows", rows.len()));
        })
        .await?;
    }

    let mut mails = JoinSet::new();
    for address in ["sales@example.com", "archive@example.com"] {
        let client = client.clone();
        mails.spawn_in_context(async move {
            tokio::task::yield_now().await;
            client.events().enqueue(Event::new("report.mailed").attribute("to", address));
        });
    }
    while let Some(mailed) = mails.join_next().await {
        mailed?;
    }
    Ok(())
}

fn rows(client: AxonPush) -> impl Stream<Item = usize> {
    stream::iter(0..3).then(move |row| {
        let client = client.clone();
        async move {
            tokio::task::yield_now().await;
            client.events().enqueue(Event::new("row.read").attribute("row", row));
            row
        }
    })
}
