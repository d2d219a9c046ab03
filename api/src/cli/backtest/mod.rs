//! `pitwall backtest`.

mod charts;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum, value_parser};
use domain::{
    App,
    backtest::{self, Results, Score},
    forecast::{self, stage_name},
};
use engines::{
    EngineId, Stage, Target,
    backtest::{Plan, Progress},
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{
    Outcome, StageName, Table,
    output::{print, print_raw},
};

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub struct BacktestArguments {
    /// Seasons whose races are forecast: 2018-2024, or one.
    #[arg(long, value_name = "FROM-TO", value_parser = seasons)]
    pub seasons: Seasons,
    /// What may be known; by default the latest at which the target is still open.
    #[arg(long, value_enum)]
    pub stage: Option<StageName>,
    /// Which session is forecast.
    #[arg(long, value_enum, default_value_t)]
    pub target: TargetName,
    /// Engines to walk, joined by commas; `all` that answer at the stage.
    #[arg(long, default_value = "all", value_name = "NAMES")]
    pub engines: String,
    /// Races after which engines learn anew; by default as often as each asks for.
    #[arg(long, value_name = "RACES", value_parser = value_parser!(u16).range(1..))]
    pub refit_every: Option<u16>,
    /// Folder for charts of calibration and of log-loss by season, as SVG.
    #[arg(long, value_name = "FOLDER")]
    pub charts: Option<PathBuf>,
    /// Engines that walk at the same time; by default one for each processor. What they say does
    /// not depend on it.
    #[arg(long, value_parser = value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Only print; by default what was walked is stored and answered from.
    #[arg(long)]
    pub no_store: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: SheetFormat,
}

/// First and last season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seasons {
    /// Year of the first.
    pub first: i32,
    /// Year of the last.
    pub last: i32,
}

/// How a sheet of numbers is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SheetFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// A target, as written on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TargetName {
    /// The order of the race.
    #[default]
    #[value(alias = "RACE")]
    Race,
    /// The order of qualifying.
    #[value(alias = "QUALIFYING")]
    Qualifying,
}

impl From<TargetName> for Target {
    fn from(target: TargetName) -> Self {
        match target {
            TargetName::Race => Self::Race,
            TargetName::Qualifying => Self::Qualifying,
        }
    }
}

/// What the numbers are about.
struct About {
    seasons: (i32, i32),
    stage: Stage,
    target: Target,
    baseline: Option<EngineId>,
}

impl About {
    /// `2018–2024`, or one season.
    fn span(&self) -> String {
        let (first, last) = self.seasons;
        if first == last {
            return first.to_string();
        }
        format!("{first}–{last}")
    }
}

/// Walks engines through past seasons, stores what they said, and prints how well they did.
///
/// # Errors
/// For an unknown engine, seasons without races, or when the database fails.
pub async fn backtest(app: &App, arguments: &BacktestArguments) -> Result<Outcome> {
    let target = Target::from(arguments.target);
    let latest = Stage::ALL
        .into_iter()
        .rfind(|stage| target.is_open_at(*stage));
    let stage = arguments.stage.map(Stage::from).or(latest);
    let stage = stage.unwrap_or(Stage::PostQualifying);
    let engines = backtest::engines_named(app, &arguments.engines, stage, target)?;
    let known = forecast::known(app).await?;
    let seasons = arguments.seasons.first..=arguments.seasons.last;
    let mut plan = Plan::new(seasons, stage, target);
    plan.refit_every = arguments.refit_every.map(usize::from);
    plan.threads = arguments.threads.map_or(plan.threads, usize::from);
    let bars = Bars::default();
    let walks = backtest::run(app, &known, &engines, plan, move |step| bars.show(step)).await?;
    if !arguments.no_store {
        backtest::store(app, &known, &walks).await?;
    }
    let results: Vec<Results> = walks.iter().map(|walk| Results::from(&**walk)).collect();
    let baseline = backtest::baseline(&app.engines, stage, target);
    let mut scores = backtest::scores(&results, baseline);
    scores.retain(|score| engines.contains(&score.engine));
    let about = About {
        seasons: walks.first().map_or((0, 0), |walk| walk.seasons),
        stage,
        target,
        baseline,
    };
    match arguments.format {
        SheetFormat::Table => table(&about, &scores)?,
        SheetFormat::Json => {
            let all: Vec<_> = scores.iter().map(|score| Line::of(&about, score)).collect();
            print(&serde_json::to_string_pretty(&all)?)?;
        }
        SheetFormat::Csv => sheet(&about, &scores)?,
    }
    if let Some(folder) = &arguments.charts {
        write_charts(app, &about, &scores, folder)?;
    }
    Ok(Outcome::Done)
}

/// `2018-2024`, or one season.
pub(super) fn seasons(text: &str) -> Result<Seasons, String> {
    let year = |text: &str| text.trim().parse::<i32>().ok();
    let (first, last) = text.split_once(['-', '–']).unwrap_or((text, text));
    match (year(first), year(last)) {
        (Some(first), Some(last)) if first <= last => Ok(Seasons { first, last }),
        (Some(_), Some(_)) => Err("the first season comes after the last".to_owned()),
        _ => Err("expected two years such as 2018-2024, or one".to_owned()),
    }
}

/// The numbers of one engine; names are those of the columns and keys.
#[derive(Serialize)]
struct Line {
    engine: EngineId,
    stage: &'static str,
    target: &'static str,
    first_season: i32,
    last_season: i32,
    races: usize,
    winner_log_loss: f64,
    winner_brier: f64,
    hit: f64,
    podium_overlap: f64,
    rps: f64,
    spearman: f64,
    coverage_90: f64,
    position_mae: f64,
    calibration_error: f64,
    calibration_low: f64,
    calibration_high: f64,
    /// Whom the next four are about; empty for the baseline itself.
    baseline: Option<EngineId>,
    ratio: Option<f64>,
    difference: Option<f64>,
    difference_low: Option<f64>,
    difference_high: Option<f64>,
    seconds: f64,
}

impl Line {
    fn of(about: &About, score: &Score) -> Self {
        let (summary, difference) = (&score.summary, score.difference.as_ref());
        Self {
            engine: score.engine,
            stage: stage_name(about.stage),
            target: backtest::target_name(about.target),
            first_season: about.seasons.0,
            last_season: about.seasons.1,
            races: summary.races,
            winner_log_loss: summary.winner_log_loss,
            winner_brier: summary.winner_brier,
            hit: summary.hit,
            podium_overlap: summary.podium_overlap,
            rps: summary.rps,
            spearman: summary.spearman,
            coverage_90: summary.coverage_90,
            position_mae: summary.position_mae,
            calibration_error: summary.calibration_error,
            calibration_low: score.calibration.low,
            calibration_high: score.calibration.high,
            baseline: difference.map(|found| found.baseline),
            ratio: difference.map(|found| found.ratio),
            difference: difference.map(|found| found.paired.value),
            difference_low: difference.map(|found| found.paired.low),
            difference_high: difference.map(|found| found.paired.high),
            seconds: score.seconds,
        }
    }
}

fn table(about: &About, scores: &[Score]) -> Result<()> {
    let beside = about.baseline.map_or("–", EngineId::as_str);
    print(&format!(
        "{} · {} · {} · beside {beside}: log-loss as a share of its, and the difference with \
         95 % interval",
        about.span(),
        backtest::target_name(about.target),
        stage_name(about.stage),
    ))?;
    let ratio = format!("÷{beside}");
    let mut table = Table::new(&[
        "engine",
        "races",
        "log-loss",
        &ratio,
        "difference",
        "Brier",
        "hit",
        "podium",
        "RPS",
        "Spearman",
        "in 90 %",
        "calibration error",
        "places off",
        "seconds",
    ])
    .numbers(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    for score in scores {
        let summary = &score.summary;
        let (mut ratio, mut difference) = (String::new(), String::new());
        if let Some(found) = &score.difference {
            let paired = &found.paired;
            ratio = format!("{:.3}", found.ratio);
            difference = format!(
                "{:+.3} [{:+.3}, {:+.3}]",
                paired.value, paired.low, paired.high
            );
        }
        table.row(vec![
            score.engine.to_string(),
            summary.races.to_string(),
            format!("{:.3}", summary.winner_log_loss),
            ratio,
            difference,
            format!("{:.4}", summary.winner_brier),
            format!("{:.3}", summary.hit),
            format!("{:.3}", summary.podium_overlap),
            format!("{:.4}", summary.rps),
            format!("{:.3}", summary.spearman),
            format!("{:.3}", summary.coverage_90),
            format!(
                "{:.4} [{:.4}, {:.4}]",
                summary.calibration_error, score.calibration.low, score.calibration.high
            ),
            format!("{:.2}", summary.position_mae),
            format!("{:.1}", score.seconds),
        ]);
    }
    Ok(table.print()?)
}

fn sheet(about: &About, scores: &[Score]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for score in scores {
        writer.serialize(Line::of(about, score))?;
    }
    print_raw(&writer.into_inner()?)?;
    Ok(())
}

fn write_charts(app: &App, about: &About, scores: &[Score], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let stage = stage_name(about.stage).to_ascii_lowercase();
    let subject = format!(
        "{}, {} seen {}, {}",
        about.span(),
        backtest::target_name(about.target).to_lowercase(),
        match about.stage {
            Stage::PreWeekend => "before the weekend",
            Stage::PreQualifying => "before qualifying",
            Stage::PostQualifying => "after qualifying",
        },
        app.clock.now().format("%-d %B %Y")
    );
    let target = backtest::target_name(about.target).to_ascii_lowercase();
    for (name, chart) in [
        ("calibration", charts::calibration(scores, &subject)?),
        ("log_loss", charts::log_loss(scores, &subject)?),
    ] {
        let path = folder.join(format!("{target}_{stage}_{name}.svg"));
        fs::write(&path, chart).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A bar for each engine on its way; silent where there is no terminal.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    walking: Mutex<HashMap<EngineId, ProgressBar>>,
}

impl Bars {
    fn show(&self, step: Progress) {
        let mut walking = self.walking.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Progress::Started(engine, races) => {
                let style = ProgressStyle::with_template("{prefix:>14} {bar:30} {pos}/{len}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                let bar = ProgressBar::new(races as u64).with_style(style);
                let bar = self.all.add(bar.with_prefix(engine.as_str()));
                walking.insert(engine, bar);
            }
            Progress::Race(engine) => {
                if let Some(bar) = walking.get(&engine) {
                    bar.inc(1);
                }
            }
            Progress::Finished(engine) => {
                if let Some(bar) = walking.remove(&engine) {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_are_two_years_or_one() {
        let years = |text| seasons(text).map(|found| (found.first, found.last));
        assert_eq!(years("2018-2024"), Ok((2018, 2024)));
        assert_eq!(years("2018–2024"), Ok((2018, 2024)));
        assert_eq!(years("2024"), Ok((2024, 2024)));
        for wrong in ["2024-2018", "", "2018-", "all", "2018-2020-2024"] {
            assert!(years(wrong).is_err(), "{wrong}");
        }
    }
}
