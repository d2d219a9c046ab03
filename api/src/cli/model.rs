//! `pitwall train`, `models`, `promote` and `rollback`.

use std::{collections::HashMap, time::Duration};

use anyhow::{Result, bail};
use domain::{
    App,
    model::{self, Training, Version},
};
use entities::race;
use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{
    Format, ModelsArguments, Outcome, PromoteArguments, RollbackArguments, Table, TrainArguments,
    output::print,
};

/// Signs of a SHA-256 that a table shows.
const SHORT: usize = 12;

/// Trains one engine or all of them and prints what came of it.
///
/// # Errors
/// For an unknown engine, when there is nothing to learn from or an engine fails.
pub async fn train(app: &App, arguments: &TrainArguments) -> Result<Outcome> {
    let engines = match &arguments.engine {
        Some(engine) => vec![engine.as_str()],
        None => all(app),
    };
    let bar = bar(engines.len());
    let mut trained = Vec::new();
    let mut failures = Vec::new();
    for engine in engines {
        bar.set_message(engine.to_owned());
        match model::train(app, engine, !arguments.keep_production).await {
            Ok(training) => trained.push(training),
            Err(error) => failures.push(error),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    match arguments.format {
        Format::Table => trainings(&trained)?,
        Format::Json => {
            let refs = Refs::load(app, trained.iter().map(|one| &one.version)).await?;
            let all = trained.iter().map(|training| {
                let mut one = refs.as_json(&training.version);
                one["new"] = json!(training.new);
                one
            });
            print(&serde_json::to_string_pretty(&all.collect::<Vec<_>>())?)?;
        }
    }
    match failures.as_slice() {
        [] => Ok(Outcome::Done),
        failures => {
            let sentences: Vec<_> = failures.iter().map(ToString::to_string).collect();
            bail!("{}", sentences.join("; "))
        }
    }
}

/// Lists versions.
///
/// # Errors
/// For an unknown engine, or when the database fails.
pub async fn models(app: &App, arguments: &ModelsArguments) -> Result<Outcome> {
    let engines = match &arguments.engine {
        Some(engine) => vec![engine.as_str()],
        None => all(app),
    };
    let mut versions = Vec::new();
    for engine in engines {
        versions.extend(model::versions(app, engine).await?);
    }
    let refs = Refs::load(app, &versions).await?;
    match arguments.format {
        Format::Table if versions.is_empty() => {
            print("no model was trained yet; `pitwall train` does")?;
        }
        Format::Table => refs.table(&versions).print()?,
        Format::Json => {
            let all: Vec<_> = versions.iter().map(|one| refs.as_json(one)).collect();
            print(&serde_json::to_string_pretty(&all)?)?;
        }
    }
    Ok(Outcome::Done)
}

/// Puts a version into production.
///
/// # Errors
/// For an unknown engine or version, or one that cannot be used.
pub async fn promote(app: &App, arguments: &PromoteArguments) -> Result<Outcome> {
    let version = model::promote(app, &arguments.engine, arguments.version).await?;
    answers(&version)
}

/// Puts the version before into production again.
///
/// # Errors
/// For an unknown engine, or when there is no version to go back to.
pub async fn rollback(app: &App, arguments: &RollbackArguments) -> Result<Outcome> {
    let version = model::rollback(app, &arguments.engine).await?;
    answers(&version)
}

fn answers(version: &Version) -> Result<Outcome> {
    let row = &version.row;
    print(&format!(
        "{} version {} is in production",
        row.engine, row.version
    ))?;
    Ok(Outcome::Done)
}

fn all(app: &App) -> Vec<&str> {
    let engines = app.engines.iter();
    engines.map(|engine| engine.id().as_str()).collect()
}

/// A bar over engines; silent where there is no terminal.
fn bar(engines: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {pos}/{len} {msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(engines as u64);
    let bar = bar.with_style(style).with_prefix("training");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn trainings(trained: &[Training]) -> Result<()> {
    if trained.is_empty() {
        return Ok(());
    }
    let header = [
        "engine", "version", "races", "seconds", "size", "sha256", "",
    ];
    let mut table = Table::new(&header).numbers(&[1, 2, 3, 4]);
    for training in trained {
        let Training {
            version: Version { row, .. },
            new,
            seconds,
        } = training;
        table.row(vec![
            row.engine.clone(),
            row.version.to_string(),
            row.trained_on.to_string(),
            format!("{seconds:.2}"),
            size(row.bytes),
            row.sha256.chars().take(SHORT).collect(),
            note(training.version.production, *new),
        ]);
    }
    Ok(table.print()?)
}

fn note(production: bool, new: bool) -> String {
    let unchanged = "learned the same as before, no new version";
    match (production, new) {
        (true, true) => "in production".to_owned(),
        (true, false) => format!("in production; {unchanged}"),
        (false, true) => String::new(),
        (false, false) => unchanged.to_owned(),
    }
}

fn size(bytes: i32) -> String {
    DecimalBytes(u64::try_from(bytes).unwrap_or(0)).to_string()
}

/// Refs of the races that models learned from last.
struct Refs(HashMap<i32, String>);

impl Refs {
    async fn load(app: &App, versions: impl IntoIterator<Item = &Version>) -> Result<Self> {
        let races = versions.into_iter();
        let races: Vec<i32> = races.filter_map(|one| one.row.trained_through).collect();
        let races = race::Entity::find()
            .filter(race::Column::Id.is_in(races))
            .all(&app.db)
            .await?;
        let named = races.into_iter().map(|race| (race.id, race.reference));
        Ok(Self(named.collect()))
    }

    fn last_race(&self, version: &Version) -> Option<&str> {
        let race = version.row.trained_through?;
        self.0.get(&race).map(String::as_str)
    }

    fn table(&self, versions: &[Version]) -> Table {
        let header = [
            "engine", "version", "trained", "races", "through", "seconds", "size", "sha256", "",
        ];
        let mut table = Table::new(&header).numbers(&[1, 3, 5, 6]);
        for version in versions {
            let row = &version.row;
            let standing = if version.production {
                "in production"
            } else if row.held_back.is_some() {
                "held back"
            } else {
                ""
            };
            table.row(vec![
                row.engine.clone(),
                row.version.to_string(),
                row.trained_at.format("%Y-%m-%d %H:%M").to_string(),
                row.trained_on.to_string(),
                self.last_race(version).unwrap_or_default().to_owned(),
                format!("{:.2}", row.seconds),
                size(row.bytes),
                row.sha256.chars().take(SHORT).collect(),
                standing.to_owned(),
            ]);
        }
        table
    }

    fn as_json(&self, version: &Version) -> serde_json::Value {
        let row = &version.row;
        json!({
            "engine": row.engine,
            "version": row.version,
            "production": version.production,
            "held_back": row.held_back,
            "engine_revision": row.engine_revision,
            "feature_revision": row.feature_revision,
            "trained_at": row.trained_at,
            "trained_through": self.last_race(version),
            "trained_on": row.trained_on,
            "seconds": row.seconds,
            "bytes": row.bytes,
            "sha256": row.sha256,
        })
    }
}
