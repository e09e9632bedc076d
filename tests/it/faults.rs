//! The faults a client must survive, each for a second or so; `cargo xtask faults` runs them at full length.

use std::process::Command;

/// Runs these rows; the table is the message of a failure.
fn survives(rows: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_faults")).arg("--short").args(rows).output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn outages_lose_nothing_that_there_is_room_for() {
    survives(&["1", "2", "16", "40"]);
}

#[test]
fn a_server_that_asks_for_time_gets_it() {
    survives(&["3", "4", "9", "27"]);
}

#[test]
fn every_status_is_retried_or_given_up_as_it_should() {
    survives(&["5", "6", "7", "8", "10", "14"]);
}

#[test]
fn slow_servers_hold_nobody_up() {
    survives(&["11", "12"]);
}

#[test]
fn sinks_that_hang_or_fail_cost_the_others_nothing() {
    survives(&["38", "39"]);
}

#[test]
fn broken_connections_lose_nothing_and_store_nothing_twice() {
    survives(&["13", "17", "18"]);
}

#[test]
fn nothing_is_sent_to_a_server_that_is_not_who_it_should_be() {
    survives(&["15"]);
}

#[test]
fn programs_may_end_fork_and_drop_what_they_like() {
    survives(&["23", "24", "25", "26", "28", "37"]);
}

#[test]
fn no_event_is_taken_for_another_requests() {
    survives(&["36"]);
}

#[test]
fn bad_input_hooks_and_floods_cost_only_themselves() {
    survives(&["22", "32", "35"]);
}

#[test]
fn requests_at_once_never_see_each_others_context() {
    survives(&["41"]);
}
