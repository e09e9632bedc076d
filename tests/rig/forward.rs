//! A server of the forward protocol that is as strict as the protocol, and as faulty as a test wants it.

mod read;
mod tls;

use std::{
    collections::{BTreeMap, HashSet},
    fs::OpenOptions,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rmpv::Value;
use sha2::{Digest as _, Sha512};

pub use self::{read::Entry, tls::Authority};

/// What a server does other than to take every chunk and to acknowledge it.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Asks for this key, and closes the connection on whoever does not prove to know it.
    pub shared_key: Option<String>,
    /// Asks for this user, and this password.
    pub user: Option<(String, String)>,
    /// Says no to everyone, for this reason.
    pub refuses: Option<String>,
    /// The first acknowledgement of every so many-th chunk is withheld, as if its connection had been lost behind it.
    pub withholds_every: Option<usize>,
    /// The first so many connections are closed in the middle of their first chunk.
    pub tears: usize,
    /// The first so many connections acknowledge another chunk.
    pub acks_others: usize,
    /// Takes one chunk on each connection, and says so.
    pub closes: bool,
    /// A file that entries are appended to, a record a line, before their chunk is acknowledged: what outlives a server
    /// that is killed.
    pub journal: Option<PathBuf>,
}

/// A running server; it ends with the process.
#[derive(Debug, Clone)]
pub struct ForwardServer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    behaviour: Behaviour,
    seen: Mutex<Seen>,
    news: Condvar,
}

/// What a server has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Entries of chunks that were acknowledged, each chunk once, or that asked for no acknowledgement.
    pub entries: Vec<Entry>,
    /// How often each chunk came.
    pub chunks: BTreeMap<String, usize>,
    /// Chunks that have the id of another one, and something else in them.
    pub impostors: usize,
    /// How many came.
    pub connections: usize,
    /// Why connections were closed.
    pub complaints: Vec<String>,
    bodies: BTreeMap<String, Vec<(String, Value)>>,
    settled: HashSet<String>,
}

/// What can be read from and written to.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl ForwardServer {
    /// One on a port of its own, and its address.
    pub fn start(behaviour: Behaviour) -> (Self, SocketAddr) {
        Self::listen(&TcpListener::bind("127.0.0.1:0").expect("there is a port"), behaviour)
    }

    /// One that takes the connections of a listener, which may have had another before.
    pub fn listen(listener: &TcpListener, behaviour: Behaviour) -> (Self, SocketAddr) {
        let server = Self::new(behaviour);
        let addr = listener.local_addr().expect("it is bound");
        let (own, listener) = (server.clone(), listener.try_clone().expect("there is another descriptor"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                own.serve_apart(move || Ok(stream));
            }
        });
        (server, addr)
    }

    /// One behind TLS, with a certificate of `authority` for this address.
    pub fn start_tls(behaviour: Behaviour, authority: &Authority) -> (Self, SocketAddr) {
        let server = Self::new(behaviour);
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let addr = listener.local_addr().expect("it is bound");
        let (own, config) = (server.clone(), authority.server(&addr.ip().to_string()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                own.serve_apart(move || tls::accept(stream, config));
            }
        });
        (server, addr)
    }

    /// One on a Unix socket.
    #[cfg(unix)]
    pub fn start_unix(behaviour: Behaviour, path: &std::path::Path) -> Self {
        let server = Self::new(behaviour);
        let listener = std::os::unix::net::UnixListener::bind(path).expect("there is a directory");
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                own.serve_apart(move || Ok(stream));
            }
        });
        server
    }

    /// What was seen, once `enough` says so.
    pub fn wait_until(&self, enough: impl Fn(&Seen) -> bool) -> Seen {
        let deadline = Instant::now() + crate::PATIENCE;
        let mut seen = self.seen();
        while !enough(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "after {} entries nothing more came: {:?}", seen.entries.len(), seen.complaints);
            let waited = self.0.news.wait_timeout(seen, left.min(Duration::from_millis(100)));
            seen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        seen.clone()
    }

    fn new(behaviour: Behaviour) -> Self {
        Self(Arc::new(Shared { behaviour, ..Shared::default() }))
    }

    fn serve_apart<S: Stream + 'static>(&self, accept: impl FnOnce() -> io::Result<S> + Send + 'static) {
        let own = self.clone();
        thread::spawn(move || {
            own.seen().connections += 1;
            let served = accept().map_err(|error| error.to_string()).and_then(|stream| own.serve(stream));
            if let Err(complaint) = served {
                own.seen().complaints.push(complaint);
            }
            own.0.news.notify_all();
        });
    }

    /// Serves one connection to its end; an error is what it is closed for.
    fn serve(&self, mut stream: impl Stream) -> Result<(), String> {
        let behaviour = &self.0.behaviour;
        let number = self.seen().connections;
        if let Some(key) = &behaviour.shared_key {
            self.shake_hands(&mut stream, key)?;
        }
        if number <= behaviour.tears {
            let mut some = [0; 20];
            return stream.read_exact(&mut some).map_err(|error| error.to_string());
        }
        loop {
            let Some(message) = read::message(&mut stream)? else { return Ok(()) };
            let chunk = read::chunk(&message)?;
            let Some(mut id) = chunk.id.clone() else {
                self.seen().entries.extend(chunk.entries);
                self.0.news.notify_all();
                continue;
            };
            let is_withheld = self.take(&id, chunk.entries, &message);
            if is_withheld {
                continue;
            }
            if number <= behaviour.acks_others {
                "AAAAAAAAAAAAAAAAAAAAAA==".clone_into(&mut id);
            }
            send(&mut stream, &Value::Map(vec![("ack".into(), id.into())]))?;
            if behaviour.closes {
                return Ok(());
            }
        }
    }

    /// Takes a chunk in. Whether its acknowledgement is to be withheld.
    fn take(&self, id: &str, entries: Vec<Entry>, message: &Value) -> bool {
        let mut seen = self.seen();
        let times = seen.chunks.entry(id.to_owned()).or_default();
        *times += 1;
        let is_first = *times == 1;
        let withheld = self.0.behaviour.withholds_every.is_some_and(|every| seen.chunks.len().is_multiple_of(every));
        let body: Vec<_> = entries.iter().map(|entry| (entry.tag.clone(), entry.record.clone())).collect();
        if is_first {
            seen.bodies.insert(id.to_owned(), body);
        } else if seen.bodies.get(id) != Some(&body) || message[2]["size"].as_u64() != Some(body.len() as u64) {
            seen.impostors += 1;
        }
        let is_withheld = is_first && withheld;
        if !is_withheld && seen.settled.insert(id.to_owned()) {
            self.write_down(&entries).expect("the journal can be written");
            seen.entries.extend(entries);
        }
        self.0.news.notify_all();
        is_withheld
    }

    fn write_down(&self, entries: &[Entry]) -> io::Result<()> {
        let Some(path) = &self.0.behaviour.journal else { return Ok(()) };
        let lines: Vec<u8> = entries.iter().flat_map(|entry| format!("{}\n", entry.record).into_bytes()).collect();
        OpenOptions::new().create(true).append(true).open(path)?.write_all(&lines)
    }

    fn shake_hands(&self, stream: &mut impl Stream, key: &str) -> Result<(), String> {
        let behaviour = &self.0.behaviour;
        let (nonce, name) = (b"\x00nonce\xff", "rig.example");
        let salt = if behaviour.user.is_some() { "salt" } else { "" };
        let options = vec![
            ("nonce".into(), Value::Binary(nonce.to_vec())),
            ("auth".into(), salt.into()),
            ("keepalive".into(), (!behaviour.closes).into()),
        ];
        send(stream, &Value::Array(vec!["HELO".into(), Value::Map(options)]))?;
        let ping = read::message(stream)?.ok_or("it says no PING")?;
        let texts: Option<Vec<&str>> = ping.as_array().into_iter().flatten().map(Value::as_str).collect();
        let [_, host, key_salt, proof, user, password] = texts.and_then(|all| all.try_into().ok()).ok_or("no PING")?;
        let knows_key = proof == digest(&[key_salt.as_bytes(), host.as_bytes(), nonce, key.as_bytes()]);
        let is_user = match &behaviour.user {
            None => user.is_empty() && password.is_empty(),
            Some((name, secret)) => {
                user == name && password == digest(&[salt.as_bytes(), name.as_bytes(), secret.as_bytes()])
            }
        };
        let refusal = match &behaviour.refuses {
            Some(reason) => Some(reason.as_str()),
            None if !knows_key => Some("shared_key mismatch"),
            None if !is_user => Some("username/password mismatch"),
            None => None,
        };
        let own_proof = digest(&[key_salt.as_bytes(), name.as_bytes(), nonce, key.as_bytes()]);
        let answer = [
            "PONG".into(),
            refusal.is_none().into(),
            refusal.unwrap_or_default().into(),
            name.into(),
            own_proof.into(),
        ];
        send(stream, &Value::Array(answer.into()))?;
        refusal.map_or(Ok(()), |reason| Err(reason.to_owned()))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send(stream: &mut impl Write, answer: &Value) -> Result<(), String> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, answer).map_err(|error| error.to_string())?;
    stream.write_all(&bytes).and_then(|()| stream.flush()).map_err(|error| error.to_string())
}

fn digest(parts: &[&[u8]]) -> String {
    let hash = Sha512::digest(parts.concat());
    hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
