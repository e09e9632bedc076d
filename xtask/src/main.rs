//! One door for every check.
fn main() {}
