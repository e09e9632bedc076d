//! A service that is told to stop while it is busy.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use axonpush_dev::{Answer, DevServer, StoredEvent};
use rig::server;
use serde_json::Value;

struct Service {
    child: Child,
    says: std::io::Lines<BufReader<std::process::ChildStdout>>,
    addr: SocketAddr,
}

impl Service {
    fn start(server: &DevServer, drain_millis: u64) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_service"))
            .arg(drain_millis.to_string())
            .env("AXONPUSH_API_KEY", "ak_test")
            .env("AXONPUSH_BASE_URL", server.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap()).lines();
        let addr = line(&mut says)["addr"].as_str().unwrap().parse().unwrap();
        Self { child, says, addr }
    }

    fn terminate(&self) {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    fn last_words(mut self) -> Value {
        let said = line(&mut self.says);
        assert!(self.child.wait().unwrap().success());
        said
    }
}

fn line(says: &mut impl Iterator<Item = std::io::Result<String>>) -> Value {
    serde_json::from_str(&says.next().unwrap().unwrap()).unwrap()
}

/// One request on a connection of its own; whether it was answered.
fn request(addr: SocketAddr, id: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        write!(stream, "GET /jobs/1 HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    };
    ask().is_ok_and(|response| response.starts_with("HTTP/1.1 200") && response.ends_with("done"))
}

#[test]
fn sigterm_under_load_loses_nothing() {
    const CALLERS: usize = 8;
    const BEFORE_THE_SIGNAL: usize = 300;
    let server = server();
    let service = Service::start(&server, 10_000);
    let answered = AtomicUsize::new(0);
    let ids: Vec<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (answered, addr) = (&answered, service.addr);
                scope.spawn(move || {
                    let ids = (0..).map(|n| format!("c{caller}-{n}"));
                    // The service is gone when it answers no more.
                    ids.take_while(|id| request(addr, id))
                        .inspect(|_| {
                            answered.fetch_add(1, Ordering::Relaxed);
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        while answered.load(Ordering::Relaxed) < BEFORE_THE_SIGNAL {
            thread::yield_now();
        }
        service.terminate();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let said = service.last_words();
    assert_eq!((&said["drained"], &said["left"], &said["lost"]), (&true.into(), &0.into(), &0.into()), "{said}");

    let mut ends: HashMap<String, usize> = HashMap::new();
    let (started, ended): (Vec<_>, Vec<_>) =
        server.events().into_iter().partition(|event| event.identifier == "http.request.started");
    for event in &ended {
        *ends.entry(request_id(event)).or_default() += 1;
    }
    assert!(ids.len() >= BEFORE_THE_SIGNAL);
    for id in &ids {
        assert_eq!(ends.get(id), Some(&1), "the answered request {id}");
    }
    assert_eq!(started.len(), ended.len(), "every exchange that began has ended");
    assert_eq!(said["delivered"], server.len());
}

fn request_id(event: &StoredEvent) -> String {
    event.attribute("request.id").and_then(Value::as_str).unwrap().to_owned()
}

#[test]
fn a_server_that_never_answers_does_not_hold_the_shutdown_past_its_deadline() {
    let server = server();
    server.script(Answer::hang().always());
    let service = Service::start(&server, 600);
    for n in 0..100 {
        assert!(request(service.addr, &format!("r-{n}")));
    }
    service.terminate();
    let said = service.last_words();
    assert!(said["took_ms"].as_u64() <= Some(600 + 100), "{said}");
    assert_eq!((&said["accepted"], &said["delivered"]), (&200.into(), &0.into()), "{said}");
    assert_eq!((&said["left"], &said["lost"]), (&200.into(), &200.into()), "{said}");
}
