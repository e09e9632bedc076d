//! Every order in which callers, the thread that passes on and a change of settings may meet, tried by a model checker.
//!
//! A thread that nobody wakes any more is a deadlock, which the checker reports; so "is woken" needs no assertion.

use std::sync::Arc;

use loom::thread;

use super::{
    fan::{Fan, Passing},
    filter::Wants,
};
use crate::{clock, event::Severity, outlet::intake::Batch};

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(check);
}

/// A fan that anything is wanted at, though by nobody who is there.
fn fan() -> Fan {
    Fan::new(Vec::new(), Wants::everything())
}

/// As if its thread ran, which a model brings along.
fn begun() -> Arc<Passing> {
    let passing = Passing::new(fan());
    passing.control().started = true;
    passing
}

fn leave(passing: &Arc<Passing>, record: &[u8]) {
    passing.offer(Severity::Info, clock::now(), record);
}

#[test]
fn whoever_passes_on_sleeps_only_while_there_is_nothing() {
    model(|| {
        let passing = begun();
        let thread = {
            let passing = Arc::clone(&passing);
            thread::spawn(move || {
                let mut passed = 0;
                while passed < 2 {
                    passed += passing.catch_up();
                    if passed < 2 {
                        passing.rest(false);
                    }
                }
            })
        };
        let other = {
            let passing = Arc::clone(&passing);
            thread::spawn(move || leave(&passing, b"a"))
        };
        leave(&passing, b"b");
        other.join().unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn a_record_that_races_with_other_settings_is_left_at_one_of_both() {
    model(|| {
        let passing = begun();
        let before = passing.fan();
        let caller = {
            let passing = Arc::clone(&passing);
            thread::spawn(move || leave(&passing, b"a"))
        };
        let passed = passing.replace(fan());
        caller.join().unwrap();
        let mut left = Batch::default();
        before.intake().swap(&mut left);
        assert!(left.is_empty(), "what is left at the old one nobody finds");
        assert_eq!(passed + passing.catch_up(), 1);
    });
}
