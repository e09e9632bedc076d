//! A recorder that remembers, and does something of the test's own whenever it is used.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};

type Hook = Box<dyn Fn() + Send + Sync>;

pub(super) struct Memory {
    figures: Arc<Figures>,
    pub(super) described: Mutex<BTreeSet<String>>,
}

struct Figures {
    counters: Mutex<BTreeMap<String, u64>>,
    gauges: Mutex<BTreeMap<String, f64>>,
    hook: Hook,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self::with_hook(|| {})
    }

    pub(super) fn with_hook(hook: impl Fn() + Send + Sync + 'static) -> Self {
        let figures = Figures { counters: Mutex::default(), gauges: Mutex::default(), hook: Box::new(hook) };
        Self { figures: Arc::new(figures), described: Mutex::default() }
    }

    pub(super) fn hear(&self, export: impl FnOnce()) {
        with_local_recorder(self, export);
    }

    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        self.figures.counters.lock().unwrap().clone()
    }

    pub(super) fn gauges(&self) -> BTreeMap<String, f64> {
        self.figures.gauges.lock().unwrap().clone()
    }

    fn describe(&self, kind: &str, name: &KeyName, unit: Option<Unit>) {
        (self.figures.hook)();
        let unit = unit.map_or("", |unit| unit.as_str());
        self.described.lock().unwrap().insert(format!("{kind} {} {unit}", name.as_str()));
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        (self.figures.hook)();
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Slot { figures: Arc::clone(&self.figures), name: format!("{}{{{}}}", key.name(), labels.join(",")) })
    }
}

impl Recorder for Memory {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("counter", &name, unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("gauge", &name, unit);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        unreachable!("percentiles are gauges");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.slot(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.slot(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        unreachable!("percentiles are gauges");
    }
}

struct Slot {
    figures: Arc<Figures>,
    name: String,
}

impl CounterFn for Slot {
    fn increment(&self, _: u64) {
        unreachable!("exporting twice must not count twice");
    }

    fn absolute(&self, value: u64) {
        (self.figures.hook)();
        self.figures.counters.lock().unwrap().insert(self.name.clone(), value);
    }
}

impl GaugeFn for Slot {
    fn increment(&self, _: f64) {
        unreachable!("exporting twice must not count twice");
    }

    fn decrement(&self, _: f64) {
        unreachable!("exporting twice must not count twice");
    }

    fn set(&self, value: f64) {
        (self.figures.hook)();
        self.figures.gauges.lock().unwrap().insert(self.name.clone(), value);
    }
}
