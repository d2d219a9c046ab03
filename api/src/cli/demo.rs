//! `pitwall demo`.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use domain::{
    App,
    demo::{self, Demo, Options, Progress},
    draft::Method,
    scoring::Kind,
};
use entities::league;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Format, Outcome, Table, output::print};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// What to make.
    #[command(subcommand)]
    pub what: Demos,
}

/// What can be made for show.
#[derive(Debug, Subcommand)]
pub enum Demos {
    /// Make a league whose members draft and score all races of a season that have a result.
    #[command(
        after_long_help = "The members are accounts of their own, with addresses that no letter reaches \
        and one password, which is printed once. They pick by the championship, by the latest race or by \
        luck; the same seed is the same picks. Done again it makes another league.\n\nExamples:\n  \
        pitwall demo league --members 10 --season 2024\n  \
        pitwall demo league --season 2023 --method snake --ruleset extended --leagues 100 --format json"
    )]
    League(DemoLeague),
}

/// Arguments of `demo league`.
#[derive(Debug, Args)]
pub struct DemoLeague {
    /// Members of the league: two at least, and as many as there are drivers for.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub members: usize,
    /// Season that is drafted and scored.
    #[arg(long, value_name = "YEAR")]
    pub season: i32,
    /// How many leagues to make, each with members of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub leagues: u16,
    /// What chance begins with.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How the order of a draft is gone through, round by round.
    #[arg(long, value_enum, default_value_t)]
    pub method: MethodName,
    /// By what picks are scored.
    #[arg(long, value_enum, default_value_t)]
    pub ruleset: RulesetName,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// A way through the order, as written on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    /// First to last, and again.
    #[default]
    Sequential,
    /// First to last, and back.
    Snake,
}

/// A ruleset, as written on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RulesetName {
    /// The points of the race.
    #[default]
    Official,
    /// The style of the official fantasy game.
    Extended,
}

impl From<&DemoLeague> for Options {
    fn from(arguments: &DemoLeague) -> Self {
        Self {
            members: arguments.members,
            season: arguments.season,
            leagues: arguments.leagues.into(),
            seed: arguments.seed,
            method: match arguments.method {
                MethodName::Sequential => Method::Sequential,
                MethodName::Snake => Method::Snake,
            },
            ruleset: match arguments.ruleset {
                RulesetName::Official => Kind::Official,
                RulesetName::Extended => Kind::Extended,
            },
        }
    }
}

/// Makes leagues that draft and score a season, and says who has won the first and how to look at it.
///
/// # Errors
/// For a season without results and for more members than there are drivers for.
pub async fn demo_league(app: &App, arguments: &DemoLeague) -> Result<Outcome> {
    let started = Instant::now();
    let bar = bar(arguments.leagues);
    let demo = Box::pin(demo::leagues(app, &arguments.into(), |progress| {
        show(&bar, progress);
    }))
    .await;
    bar.finish_and_clear();
    let demo = demo?;
    let took = started.elapsed();
    match arguments.format {
        Format::Table => tell(&demo, arguments, took)?,
        Format::Json => print(&serde_json::to_string_pretty(&as_json(&demo, took))?)?,
    }
    Ok(Outcome::Done)
}

/// A bar over leagues; silent where there is no terminal.
fn bar(leagues: u16) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {pos}/{len} {msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(leagues.into());
    let bar = bar.with_style(style).with_prefix("leagues");
    bar.set_message("drafting");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Drafted { leagues } => bar.set_position(leagues as u64),
        Progress::Scoring => bar.set_message("scoring"),
    }
}

fn tell(demo: &Demo, arguments: &DemoLeague, took: Duration) -> Result<()> {
    let DemoLeague {
        members,
        season,
        leagues,
        ..
    } = arguments;
    print(&format!(
        "{leagues} × {members} members drafted and scored {} races of {season} in {:.1} s\n",
        demo.races,
        took.as_secs_f64()
    ))?;
    let mut table = Table::new(&["", "team", "points", "wins"]).numbers(&[0, 2, 3]);
    for standing in &demo.leaderboard {
        table.row(vec![
            standing.row.rank.to_string(),
            standing.team.clone(),
            points(standing.row.points).to_string(),
            standing.row.wins().to_string(),
        ]);
    }
    table.print()?;
    if let (Some(league), Some(first), Some(last)) = (
        demo.leagues.first(),
        demo.members.first(),
        demo.members.last(),
    ) {
        print(&format!(
            "\n{}, {}\n\nLog in as {first}, the commissioner, or as any member up to {last}:\n\n  \
             mutation {{ login(email: \"{first}\", password: \"{}\") {{ accessToken }} }}\n\n\
             and ask with the header {{ \"authorization\": \"Bearer …\" }}:\n\n  {}",
            league.name,
            id(league),
            demo.password,
            query(league, *season)
        ))?;
    }
    Ok(())
}

/// What there is to see of a league.
fn query(league: &league::Model, season: i32) -> String {
    format!(
        "{{ league(id: \"{}\") {{ leaderboard(season: {season}) {{ rank points team {{ name manager }} }} \
         drafts(season: {season}) {{ race {{ name }} picks {{ number team {{ name }} driver {{ name }} }} }} }} }}",
        id(league)
    )
}

fn as_json(demo: &Demo, took: Duration) -> serde_json::Value {
    json!({
        "leagues": demo.leagues.iter().map(id).collect::<Vec<_>>(),
        "races": demo.races,
        "members": demo.members,
        "password": demo.password,
        "leaderboard": demo.leaderboard.iter().map(|standing| json!({
            "rank": standing.row.rank,
            "team": standing.team,
            "points": points(standing.row.points),
            "wins": standing.row.wins(),
        })).collect::<Vec<_>>(),
        "seconds": took.as_secs_f64(),
    })
}

fn id(league: &league::Model) -> String {
    format!("League:{}", league.reference)
}

/// From hundredths.
fn points(hundredths: i32) -> f64 {
    f64::from(hundredths) / 100.0
}
