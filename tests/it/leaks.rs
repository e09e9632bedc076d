//! No secret gets out: the whole corpus of the redaction, through every way in and every way out of a program.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use axonpush::{Event, LogPayload, RollingFile, Sink, SinkBatch, SinkWriter};
use axonpush_dev::{Answer, DevServer};
use proptest::prelude::*;
use rig::{PATIENCE, settings};
use serde_json::{Value, json};

#[path = "../../axonpush/src/redact/corpus/cases.rs"]
mod cases;

use cases::{CANARY, at_any_depth, is_only_json, keyed, section, spellings, text, token, whole};

/// Ways in a case takes, and the least number of records that come of it.
const RECORDS_OF_A_CASE: usize = 24;

/// What all canaries begin with, in lower case.
const NAME: &str = "canary";

/// A secret, what it is called, and texts and a payload in which it stands.
struct Case {
    key: String,
    secret: String,
    text: String,
    shown: String,
    payload: String,
}

impl Case {
    fn as_json(&self) -> Value {
        let payload: Value = serde_json::from_str(&self.payload).unwrap();
        json!({ "key": self.key, "secret": self.secret, "text": self.text, "shown": self.shown, "payload": payload })
    }
}

/// The one whose turn it is.
fn turn<T: Clone>(all: &[T], number: usize) -> T {
    all[number % all.len()].clone()
}

/// Every key in two or three of its spellings, every shape, every token and every text of the corpus, each with a secret of
/// its own.
fn corpus() -> Vec<Case> {
    let keys: Vec<_> = section("keys").into_iter().flat_map(spellings).step_by(2).collect();
    let (shapes, payloads, around) = (section("keyed text"), section("keyed payload"), section("token text"));
    let mut cases = Vec::new();
    let mut add = |secret: String, shape: &str, text: &dyn Fn(&str, &str) -> String| {
        let key = turn(&keys, cases.len());
        let payload = keyed(turn(&payloads, cases.len()), &key, &secret);
        let visible = key.replace(['\u{200b}', '\u{feff}'], "");
        let shown = if is_only_json(shape) { format!("{visible}={secret}") } else { text(&visible, &secret) };
        cases.push(Case { text: text(&key, &secret), shown, key, secret, payload });
    };
    // Of the length that it has in the corpus, as some texts hold a token that has to have its own.
    let canary = |number: usize| format!("{}{number:02}", CANARY.trim_end_matches(char::is_numeric));
    for number in 0..keys.len() {
        let shape = turn(&shapes, number);
        add(canary(1000 + number), shape, &|key, secret| keyed(&text(shape), key, secret));
    }
    for (number, line) in section("tokens").into_iter().enumerate() {
        let shape = turn(&around, number);
        add(token(line), shape, &|_, secret| text(&shape.replace('T', secret)));
    }
    for (number, shape) in section("whole text").into_iter().enumerate() {
        add(canary(number), shape, &|_, secret| whole(&text(shape), secret));
    }
    cases
}

/// What came out of the program, by the way it took.
struct Outputs {
    by_name: Vec<(&'static str, Vec<u8>)>,
    books: Value,
    events: usize,
}

impl Outputs {
    fn get(&self, name: &str) -> &[u8] {
        &self.by_name.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn lines(&self, name: &str) -> usize {
        String::from_utf8_lossy(self.get(name)).lines().count()
    }

    /// Fails with the surroundings of secrets that are found anywhere.
    #[track_caller]
    fn assert_hold_none_of(&self, cases: &[Case]) {
        let mut found = Vec::new();
        for (name, bytes) in &self.by_name {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            let tokens = cases.iter().map(|case| case.secret.to_lowercase()).filter(|secret| !secret.starts_with(NAME));
            for secret in tokens.chain([NAME.to_owned()]) {
                found.extend(text.match_indices(&secret).map(|(at, _)| {
                    let around = at.saturating_sub(120)..(at + secret.len() + 40).min(text.len());
                    format!("{name}: {}", text.as_bytes()[around].escape_ascii())
                }));
            }
        }
        let some = found.iter().step_by(found.len().div_ceil(40).max(1)).cloned().collect::<Vec<_>>().join("\n");
        assert!(found.is_empty(), "{} secrets are out:\n{some}", found.len());
    }
}

/// Runs the program and gathers whatever came out of it.
fn run(server: &DevServer, lane: &str, form: &str, cases: &[Case]) -> Outputs {
    let directory = Directory::new(&format!("{lane}-{form}-{}", server.addr().port()));
    let mut child = Command::new(env!("CARGO_BIN_EXE_leaks"))
        .args([lane, form])
        .arg(&directory.0)
        .env("AXONPUSH_API_KEY", "ak_cAnArY_key")
        .env("AXONPUSH_BASE_URL", server.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|threads| {
        threads.spawn(move || cases.iter().for_each(|case| writeln!(&stdin, "{}", case.as_json()).unwrap()));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{}", output.status);
    let read = |name: &str| fs::read(directory.0.join(name)).unwrap();
    let mut wire = Vec::new();
    for request in server.requests() {
        wire.extend(format!("{} {:?} {:?}\n", request.path, request.query, request.headers).bytes());
        wire.extend_from_slice(&request.body);
    }
    let events = server.events();
    let stored = format!("{events:?}").into_bytes();
    let by_name = vec![
        ("wire", wire),
        ("stored", stored),
        ("file", read("lines.log")),
        ("stdout", output.stdout),
        ("lost", read("lost.txt")),
        ("said", read("said.txt")),
    ];
    Outputs { by_name, books: serde_json::from_slice(&read("books.json")).unwrap(), events: events.len() }
}

/// A directory that is gone when the test is.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("leaks-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn server_that_keeps_all() -> DevServer {
    DevServer::builder().keep_requests(1_000_000).start_blocking().unwrap()
}

#[test]
fn the_corpus_has_hundreds_of_secrets() {
    let cases = corpus();
    let texts: BTreeSet<_> = cases.iter().map(|case| &case.text).collect();
    let secrets: BTreeSet<_> = cases.iter().map(|case| &case.secret).collect();
    assert!(texts.len() == cases.len() && secrets.len() == cases.len() && cases.len() >= 200, "{}", cases.len());
}

/// Checks that whatever was accepted came out where it should, and nothing secret with it.
fn check(lane: &str, form: &str) {
    let (server, cases) = (server_that_keeps_all(), corpus());
    let outputs = run(&server, lane, form, &cases);
    outputs.assert_hold_none_of(&cases);
    let books = &outputs.books;
    let accepted = usize::try_from(books["accepted"].as_u64().unwrap()).unwrap();
    assert!(accepted >= cases.len() * RECORDS_OF_A_CASE, "{books} of {}", cases.len());
    let written = accepted + cases.len();
    assert_eq!((&books["delivered"], &books["refused"]), (&accepted.into(), &0.into()), "{books}");
    assert_eq!(books["written"], json!([written, written]), "the awaited ones as well");
    assert_eq!(outputs.events, written);
    assert_eq!((outputs.lines("file"), outputs.lines("stdout")), (written, written));
}

#[test]
fn no_secret_is_in_what_is_posted_one_by_one_in_a_file_or_in_lines_on_standard_output() {
    check("event", "json");
}

#[test]
fn no_secret_is_in_batches_of_json_or_on_a_console() {
    check("json", "console");
}

#[test]
fn no_secret_is_in_batches_of_protobuf() {
    check("protobuf", "json");
}

#[test]
fn no_secret_is_in_what_the_loss_hook_is_given_nor_in_what_a_server_says_that_repeats_it() {
    for (lane, path_of) in [("event", DevServer::script as fn(&DevServer, Answer)), ("json", DevServer::script_otlp)] {
        let (server, cases) = (server_that_keeps_all(), corpus());
        let echo = r#"{"message":"password=cAnArY is none of \"api_key\": \"cAnArY\"","error":"secret: cAnArY"}"#;
        server.script(Answer::status(422).body(echo).always());
        path_of(&server, Answer::status(422).body(echo).always());
        let outputs = run(&server, lane, "json", &cases);
        outputs.assert_hold_none_of(&cases);
        let books = &outputs.books;
        assert_eq!((&books["accepted"], &books["delivered"]), (&books["lost"], &0.into()), "{books}");
        let bodies = outputs.get("lost").split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{")).count();
        assert_eq!(bodies as u64, books["lost"].as_u64().unwrap(), "{books}");
        assert!(bodies >= cases.len() * RECORDS_OF_A_CASE, "{books}");
        assert!(outputs.lines("said") > cases.len() / 8);
    }
}

/// Keeps whatever a sink can see.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Sink for Seen {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkWriter for Seen {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let mut seen = self.0.lock().unwrap();
        for record in batch {
            let (attributes, resource) =
                (record.attributes().collect::<Vec<_>>(), record.resource().collect::<Vec<_>>());
            seen.push(format!("{} {:?} {attributes:?} {resource:?}", record.as_json(), record.body()));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_canary_in_the_place_of_a_secret_reaches_no_file_no_sink_and_no_hook(
        canary in "[A-Z0-9]{12}",
        key in prop::sample::select(section("keys")),
        spelling in 0..5_usize,
        shape in prop::sample::select([section("keyed text"), section("keyed payload")].concat()),
        path in prop::collection::vec(0..4_u8, 0..12),
    ) {
        let key = spellings(key)[spelling].clone();
        let text = keyed(&text(shape), &key, &canary);
        let values = [json!(text), json!({ key.clone(): canary })].map(|secret| at_any_depth(secret, &path));

        let server = rig::server();
        server.script(Answer::status(422).always());
        let (directory, sink, lost) = (Directory::new(&canary), Seen::default(), Seen::default());
        let file = directory.0.join("lines.log");
        let hooked = lost.clone();
        let hook = move |events: &axonpush::LostEvents| {
            hooked.0.lock().unwrap().extend(events.events().iter().map(|event| event.as_json().to_owned()));
        };
        let client = settings(&server).sink("file", RollingFile::new(&file)).sink("seen", sink.clone()).on_loss(hook);
        let client = client.report_losses(false).build().unwrap();
        for value in &values {
            let log = LogPayload::new(value.clone()).attribute("it", value.clone()).attribute(key.clone(), canary.as_str());
            client.events().enqueue(Event::log("log", log));
            let event = Event::new("event").payload(&json!({ "it": value })).unwrap().metadata(&json!({ "it": value }));
            client.events().enqueue(event.unwrap());
        }
        let report = client.blocking().shutdown(PATIENCE);
        prop_assert_eq!((report.left(), client.stats().lost().total()), (0, 4));
        let (seen, lost) = (sink.0.lock().unwrap().clone(), lost.0.lock().unwrap().clone());
        let lines = fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
        for out in [seen, lost, lines] {
            prop_assert_eq!(out.len(), 4);
            prop_assert!(!out.iter().any(|text| text.contains(&canary)), "{:?}", out);
        }
    }
}
