//! `pitwall import`.

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{
    App,
    import::{self, Progress, Summary, ergast::Ergast},
};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Format, ImportArguments, Outcome, Table, output::print};

/// Refused races and warnings printed at most; the rest is counted.
const SHOWN: usize = 20;

/// Imports a folder or zip and prints what it came to.
///
/// # Errors
/// When the path cannot be read or the database fails.
pub async fn import(app: &App, arguments: &ImportArguments) -> Result<Outcome> {
    let started = Instant::now();
    let source = Ergast::open(&arguments.path)?;
    let mut bars = ProgressBars::new();
    let summary = import::import(app, source, |progress| bars.show(progress)).await?;
    bars.finish();
    match arguments.format {
        Format::Table => report(&summary, started.elapsed())?,
        Format::Json => print(&as_json(&summary, started.elapsed()).to_string())?,
    }
    Ok(outcome(&summary))
}

/// How an import ended that did not fail.
pub(super) fn outcome(summary: &Summary) -> Outcome {
    if summary.is_clean() {
        Outcome::Done
    } else {
        Outcome::Partial
    }
}

/// A bar over races, then one over standings; silent where there is no terminal.
pub struct ProgressBars {
    bar: ProgressBar,
    standings: bool,
}

impl Default for ProgressBars {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBars {
    /// Bars that show nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self {
            bar: ProgressBar::new(0).with_style(style).with_prefix("races"),
            standings: false,
        }
    }

    /// Begins with another part, which is named so.
    pub fn begin(&mut self, name: String) {
        self.standings = false;
        self.bar.set_prefix("races");
        self.bar.set_position(0);
        self.bar.set_message(name);
    }

    /// Shows how far an import is.
    pub fn show(&mut self, progress: Progress<'_>) {
        let (done, total) = match progress {
            Progress::Races {
                done,
                total,
                season,
                name,
            } => {
                self.bar.set_message(format!("{season} {name}"));
                (done, total)
            }
            Progress::Standings { done, total } => {
                if !self.standings {
                    self.standings = true;
                    self.bar.set_prefix("standings");
                    self.bar.set_message("");
                }
                (done, total)
            }
        };
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Prints the summary of an import.
///
/// # Errors
/// When standard output is closed.
pub fn report(summary: &Summary, took: Duration) -> Result<()> {
    let mut table = Table::new(&["table", "rows", ""]).numbers(&[1]);
    for count in &summary.tables {
        table.row(vec![
            count.table.clone(),
            HumanCount(count.rows as u64).to_string(),
            count.note.unwrap_or_default().to_owned(),
        ]);
    }
    if !summary.tables.is_empty() {
        table.print()?;
    }
    let rows: usize = summary.tables.iter().map(|count| count.rows).sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    let rate = (rows as f64 / took.as_secs_f64().max(0.001)) as u64;
    print(&format!(
        "{} races: {} changed, {} unchanged, {} refused; {} warnings; standings of {} seasons computed",
        summary.races,
        summary.changed,
        summary.unchanged,
        summary.refused.len(),
        summary.warnings.len(),
        summary.seasons_derived,
    ))?;
    if rows > 0 {
        print(&format!(
            "{} rows in {:.1} s, {} rows/s",
            HumanCount(rows as u64),
            took.as_secs_f64(),
            HumanCount(rate)
        ))?;
    } else {
        print(&format!("in {}", HumanDuration(took)))?;
    }
    problems(summary)
}

fn problems(summary: &Summary) -> Result<()> {
    for refused in summary.refused.iter().take(SHOWN) {
        print(&format!(
            "refused: {} round {} {}",
            refused.season, refused.round, refused.name
        ))?;
        for problem in &refused.problems {
            print(&format!("  {problem}"))?;
        }
    }
    for warning in summary.warnings.iter().take(SHOWN) {
        let word = if warning.is_remark() {
            "remark"
        } else {
            "warning"
        };
        print(&format!("{word}: {warning}"))?;
    }
    let hidden =
        summary.refused.len().saturating_sub(SHOWN) + summary.warnings.len().saturating_sub(SHOWN);
    if hidden > 0 {
        print(&format!("and {hidden} more; --format json lists all"))?;
    }
    Ok(())
}

/// The summary of an import for programs.
pub(super) fn as_json(summary: &Summary, took: Duration) -> serde_json::Value {
    let problem = |problem: &import::source::Problem| {
        json!({
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "message": problem.message,
        })
    };
    json!({
        "races": summary.races,
        "changed": summary.changed,
        "unchanged": summary.unchanged,
        "seasons_derived": summary.seasons_derived,
        "seconds": took.as_secs_f64(),
        "tables": summary.tables.iter().map(|count| json!({
            "table": count.table, "rows": count.rows, "note": count.note,
        })).collect::<Vec<_>>(),
        "refused": summary.refused.iter().map(|refused| json!({
            "season": refused.season,
            "round": refused.round,
            "name": refused.name,
            "problems": refused.problems.iter().map(problem).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "warnings": summary.warnings.iter().map(problem).collect::<Vec<_>>(),
    })
}
