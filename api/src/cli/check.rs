//! `pitwall check`.

use anyhow::Result;
use domain::{App, standings::store};

use super::{CheckStandings, Format, Outcome, Table, output::print};

/// Holds computed standings against published ones and lists the differences.
///
/// # Errors
/// When the database fails.
pub async fn check_standings(app: &App, arguments: &CheckStandings) -> Result<Outcome> {
    let check = store::check(&app.db, arguments.season, arguments.every_race).await?;
    let unexplained = check
        .differences
        .iter()
        .filter(|found| found.reason.is_none())
        .count();
    match arguments.format {
        Format::Json => print(&serde_json::to_string_pretty(&check)?)?,
        Format::Table => {
            let mut table = Table::new(&[
                "season",
                "round",
                "championship",
                "who",
                "kind",
                "computed",
                "published",
                "reason",
            ])
            .numbers(&[0, 1]);
            for found in &check.differences {
                table.row(vec![
                    found.season.to_string(),
                    found.round.to_string(),
                    found.championship.to_owned(),
                    found.who.clone(),
                    found.kind.clone(),
                    found.computed.clone(),
                    found.published.clone(),
                    found.reason.unwrap_or("UNEXPLAINED").to_owned(),
                ]);
            }
            if !check.differences.is_empty() {
                table.print()?;
            }
            print(&format!(
                "{} published standings ({} rows) compared: {} differences, {} without a known reason",
                check.races,
                check.rows,
                check.differences.len(),
                unexplained
            ))?;
            if check.races == 0 {
                print(
                    "no published standings are stored; an Ergast dump brings them: pitwall import PATH",
                )?;
            }
        }
    }
    Ok(if unexplained == 0 {
        Outcome::Done
    } else {
        Outcome::Partial
    })
}
