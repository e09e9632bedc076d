use super::*;
use crate::transport::{ApiKey, BaseUrl, TransportPolicy};

/// A publisher for a port where nobody listens.
fn publisher() -> Publisher {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let policy = TransportPolicy {
        base_url: BaseUrl::parse(&format!("http://{nobody}"), false).unwrap(),
        api_key: ApiKey::new("ak_test").unwrap(),
        tenant_id: None,
        environment: None,
        connect_timeout: Duration::from_secs(1),
        attempt_timeout: Duration::from_secs(1),
        memory: None,
    };
    let settings = Settings {
        queue: QueuePolicy::new(),
        retry: RetryPolicy::new(),
        delivery: DeliveryPolicy::new(),
        losses: LossPolicy::default(),
        chores: Chores::default(),
        timeout: Duration::from_secs(1),
    };
    Publisher::new(Transport::new(&policy).unwrap(), settings)
}

fn enqueue(publisher: &Publisher) {
    publisher.enqueue(Severity::Info, Lane::Event, b"{}", WhenFull::ApplyPolicy).unwrap();
}

#[test]
fn a_worker_that_panics_is_replaced_and_the_books_still_balance() {
    let publisher = publisher();
    enqueue(&publisher);
    publisher.running().unwrap().control(Control::Panic);
    // A flush that the old worker may have taken with it is answered all the same.
    let _report = block_on(publisher.flush(Duration::from_millis(10)));
    while publisher.stats().worker_restarts() == 0 {
        std::thread::yield_now();
    }
    enqueue(&publisher);
    let report = block_on(publisher.shutdown(Duration::from_millis(50))).unwrap();
    assert!(report.left() >= 1, "{report}");
    let stats = publisher.stats();
    assert!(stats.is_balanced() && stats.accepted() == 2 && stats.worker_restarts() == 1, "{stats}");
}

#[test]
fn waiting_on_the_workers_own_thread_is_refused_at_once() {
    suppress::while_working(|| assert!(block_on(std::future::pending::<()>()).is_none()));
}
