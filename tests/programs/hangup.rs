//! A program with two clients that take over `SETTINGS` on SIGHUP, and say what they know for each line they are given.
//!
//! `hangup SETTINGS`: the file. The line `fork` makes a child that leaves at once, `stop` ends the waiting for the signal,
//! and the end of the input the program.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(unix)]
    unix::run()?;
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::{
        error::Error,
        fmt,
        io::BufRead as _,
        sync::{Arc, Mutex, PoisonError},
        time::Duration,
    };

    use axonpush::{AxonPush, Event, LogPayload};
    use tracing::field::{Field, Visit};
    use tracing_subscriber::{
        Layer,
        layer::{Context, SubscriberExt as _},
        util::SubscriberInitExt as _,
    };

    const PATIENCE: Duration = Duration::from_secs(20);

    pub(super) fn run() -> Result<(), Box<dyn Error>> {
        let path = std::env::args().nth(1).ok_or("usage: hangup SETTINGS")?;
        let client = || AxonPush::builder().with_env().with_file(&path).build();
        let clients = [client()?, client()?];
        let notices = Notices::default();
        tracing_subscriber::registry().with(clients[0].tracing_layer()).with(notices.clone()).init();
        let mut guards = clients.iter().map(AxonPush::reload_on_sighup).collect::<Result<Vec<_>, _>>()?;
        print(&serde_json::json!("ready"));
        for line in std::io::stdin().lock().lines() {
            match line?.as_str() {
                "fork" => match fork::fork()? {
                    // Nothing it drops may wait for a thread that only its parent has.
                    fork::Fork::Child => {
                        drop((guards, clients));
                        std::process::exit(0);
                    }
                    fork::Fork::Parent(child) => assert_eq!(fork::waitpid(child)?, 0),
                },
                "stop" => guards.clear(),
                _ => {}
            }
            for client in &clients {
                client.events().enqueue(Event::log("told", LogPayload::new("x")));
                assert!(client.blocking().flush(PATIENCE).is_complete());
            }
            print(&serde_json::json!({
                "errors": clients.each_ref().map(|client| client.last_error().map(|error| error.to_string())),
                "notices": notices.all(),
            }));
        }
        Ok(())
    }

    /// What the library said in the application's log.
    #[derive(Clone, Default)]
    struct Notices(Arc<Mutex<Vec<String>>>);

    impl Notices {
        fn all(&self) -> Vec<String> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Notices {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            if event.metadata().target() == "axonpush" {
                event.record(&mut Message(self));
            }
        }
    }

    struct Message<'a>(&'a Notices);

    impl Visit for Message<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if field.name() == "message" {
                self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{value:?}"));
            }
        }
    }

    #[expect(clippy::print_stdout, reason = "the test reads it")]
    fn print(line: &serde_json::Value) {
        println!("{line}");
    }
}
