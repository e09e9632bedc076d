//! What the benches share: a server that costs next to nothing, processes of their own for what is compared, and the
//! lines that `cargo xtask bench` reads.

pub mod allocations;
pub mod forward;
pub mod load;
pub mod middleware;
pub mod process;
pub mod samples;
pub mod sink;
pub mod wire;

/// Prints one figure; `name` is what the tables in `xtask/src/bench` look for.
pub fn figure(name: &str, value: f64) {
    println!("figure {name} {value}");
}

/// The middle one, which a single unlucky round does not move.
pub fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
