//! `cargo xtask bench`: runs the benches and prints their figures as tables, ratios against limits.

mod figures;
mod instructions;
mod rows;
mod table;

use std::path::PathBuf;

use self::figures::Figures;
use self::table::Table;
use crate::run;

/// Only counts instructions: seconds instead of minutes, and the same on a busy machine.
pub(crate) const INSTRUCTIONS: &str = "--instructions";

pub(crate) fn run(only_instructions: bool) -> run::Result {
    let target = target()?;
    let mut tables: Vec<(&Table, Figures)> = Vec::new();
    if !only_instructions {
        let figures = figures::measure(&target)?;
        tables.extend(rows::TABLES.iter().map(|table| (table, figures.clone())));
    }
    tables.push((&instructions::TABLE, instructions::count(&target)?));

    let mut above = Vec::new();
    for (table, figures) in &tables {
        let (text, mut failed) = table.show(figures)?;
        print!("\n{text}");
        above.append(&mut failed);
    }
    if above.is_empty() { Ok(()) } else { Err(format!("beyond the limit:\n  {}", above.join("\n  ")).into()) }
}

/// The benches are a workspace of their own; one target directory serves both.
fn target() -> run::Result<PathBuf> {
    let here = std::env::current_dir()?;
    Ok(here.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())))
}
