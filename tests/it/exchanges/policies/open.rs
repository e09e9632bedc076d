//! Exchanges under way: what can be seen of them, and of those that were cut.

use std::time::Duration;

use axonpush::exchange::{ExchangePolicy, LifecyclePolicy, OpenExchange};
use rig::PATIENCE;
use tokio::{task::yield_now, time::timeout};

use super::{
    super::{apps::Framework, wire::Connection},
    find, request,
};

/// What can be seen of an exchange that doesn't differ from run to run.
fn seen(host: Framework, open: &[OpenExchange]) -> Vec<(&str, &str, Option<&str>, Option<u16>)> {
    for exchange in open {
        assert!(exchange.age() < PATIENCE && exchange.context().request_id() == exchange.request_id(), "{host:?}");
    }
    open.iter().map(|open| (open.request_id().as_str(), open.method(), open.route(), open.status())).collect()
}

#[tokio::test]
async fn exchanges_under_way_are_listed_and_so_are_those_that_a_stop_cuts() {
    for host in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let route = |route| host.knows_routes().then_some(route);
        let expected = [("hangs", "GET", route("/hangs"), None), ("drips", "GET", route("/drips"), Some(200))];
        let (stopped, _connections) = host
            .serve(&client, Duration::from_millis(200), async |address, stop| {
                assert!(client.list_open_exchanges().is_empty());
                let hanging = Connection::open(address, &request("/hangs", &[("x-request-id", "hangs")])).await;
                server.wait_for_events(1, PATIENCE).await;
                let mut dripping = Connection::open(address, &request("/drips", &[("x-request-id", "drips")])).await;
                dripping.read_until("drop").await;
                let open = client.list_open_exchanges();
                assert_eq!(seen(host, &open), expected, "{host:?}");
                assert!(open[0].age() >= open[1].age() && open[0].to_string().contains("hangs for"), "{}", open[0]);
                drop(stop);
                [hanging, dripping]
            })
            .await;
        assert_eq!(seen(host, stopped.cut_short()), expected, "{host:?}");
        assert!(!stopped.drained() && client.list_open_exchanges().is_empty(), "{host:?}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_is_told_of_though_its_request_was_not_sampled() {
    for host in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let policy = ExchangePolicy::new().lifecycle(LifecyclePolicy::new().sample_successes(0));
        let (stopped, ()) = host
            .serve_by(policy, &client, PATIENCE, async |address, stop| {
                let hanging = Connection::open(address, &request("/hangs", &[])).await;
                let until = async |count| {
                    while client.open_exchanges() != count {
                        yield_now().await;
                    }
                };
                timeout(PATIENCE, until(1)).await.unwrap();
                drop(hanging);
                timeout(PATIENCE, until(0)).await.unwrap();
                drop(stop);
            })
            .await;
        assert!(stopped.is_complete(), "{host:?}: {stopped:?}");
        let events = server.events();
        let end = find(&events, "http.request.cancelled");
        assert_eq!((events.len(), &end.payload["severityText"]), (1, &"WARN".into()), "{host:?}");
    }
}
