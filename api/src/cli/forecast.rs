//! `pitwall forecast`.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Result, bail};
use domain::{
    App,
    forecast::{self, Known, RaceForecast, stage_name},
    season,
};
use entities::{constructor, driver, race};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{ForecastArguments, Format, Outcome, Table, output::print};

/// Says what engines think of a race.
///
/// # Errors
/// For an unknown race, engine or stage, or when the database fails.
pub async fn forecast(app: &App, arguments: &ForecastArguments) -> Result<Outcome> {
    let race = find_race(app, &arguments.race).await?;
    let known = forecast::known(app).await?;
    let stage = arguments.stage.map(engines::Stage::from);
    let target = engines::Target::Race;
    let forecasts = match arguments.engine.as_deref() {
        Some("all") => forecast::forecasts(app, &known, &race, stage, target).await?,
        Some(engine) => forecast::generate(app, &known, &race, engine, stage, target)
            .await?
            .into_iter()
            .collect(),
        None => forecast::forecast(app, &known, &race, None, stage, target)
            .await?
            .into_iter()
            .collect(),
    };
    if forecasts.is_empty() {
        bail!(
            "nothing can be said of {} yet: no earlier race is known",
            race.reference
        );
    }
    let names = Names::load(app).await?;
    match arguments.format {
        Format::Table => tables(&race, &forecasts, &known, &names)?,
        Format::Json => {
            let all: Vec<_> = forecasts
                .iter()
                .map(|forecast| as_json(&race, forecast, &known, &names))
                .collect();
            print(&serde_json::to_string_pretty(&all)?)?;
        }
    }
    Ok(Outcome::Done)
}

async fn find_race(app: &App, reference: &str) -> Result<race::Model> {
    if reference == "next" {
        return match season::next_race(&app.db).await? {
            Some(race) => Ok(race),
            None => bail!("no race is to come in this database"),
        };
    }
    let reference = reference.strip_prefix("Race:").unwrap_or(reference);
    match race::Entity::find()
        .filter(race::Column::Reference.eq(reference))
        .one(&app.db)
        .await?
    {
        Some(race) => Ok(race),
        None => bail!("there is no race {reference:?}; refs look like 2024_monaco, or say `next`"),
    }
}

/// Names of everybody, by database id.
struct Names {
    drivers: HashMap<i32, (String, String)>,
    constructors: HashMap<i32, String>,
}

impl Names {
    async fn load(app: &App) -> Result<Self> {
        let drivers = driver::Entity::find().all(&app.db).await?;
        let constructors = constructor::Entity::find().all(&app.db).await?;
        Ok(Self {
            drivers: drivers
                .into_iter()
                .map(|row| {
                    let name = format!("{} {}", row.given_name, row.family_name);
                    (row.id, (row.reference, name))
                })
                .collect(),
            constructors: constructors
                .into_iter()
                .map(|row| (row.id, row.name))
                .collect(),
        })
    }
}

fn tables(
    race: &race::Model,
    forecasts: &[Arc<RaceForecast>],
    known: &Known,
    names: &Names,
) -> Result<()> {
    for forecast in forecasts {
        print(&format!(
            "{} {} · {} · {} · learned from {} races{}",
            race.season,
            race.name,
            forecast.engine,
            stage_name(forecast.stage),
            forecast.trained_on,
            if forecast.provisional {
                " · entry list of the latest race"
            } else {
                ""
            }
        ))?;
        let mut table = Table::new(&[
            "", "driver", "team", "win", "90 %", "podium", "points", "place", "90 %",
        ])
        .numbers(&[0, 3, 4, 5, 6, 7, 8]);
        for (rank, entrant) in forecast.entrants.iter().enumerate() {
            let part = &entrant.forecast;
            let percent = |probability: f64| format!("{:.1} %", probability * 100.0);
            table.row(vec![
                (rank + 1).to_string(),
                names.drivers[&known.driver_row(part.driver)].1.clone(),
                names.constructors[&known.constructor_row(part.constructor)].clone(),
                percent(part.win),
                format!("{:.1}–{:.1}", part.win_low * 100.0, part.win_high * 100.0),
                percent(part.podium),
                percent(part.points),
                format!("{:.1}", part.expected_position),
                format!("{}–{}", part.best_position, part.worst_position),
            ]);
        }
        table.print()?;
    }
    Ok(())
}

fn as_json(
    race: &race::Model,
    forecast: &RaceForecast,
    known: &Known,
    names: &Names,
) -> serde_json::Value {
    json!({
        "race": race.reference,
        "engine": forecast.engine,
        "stage": stage_name(forecast.stage),
        "trained_on": forecast.trained_on,
        "provisional": forecast.provisional,
        "entries": forecast.entrants.iter().map(|entrant| {
            let part = &entrant.forecast;
            json!({
                "driver": names.drivers[&known.driver_row(part.driver)].0,
                "win": part.win,
                "win_low": part.win_low,
                "win_high": part.win_high,
                "podium": part.podium,
                "points": part.points,
                "expected_position": part.expected_position,
                "best_position": part.best_position,
                "worst_position": part.worst_position,
                "positions": part.positions,
            })
        }).collect::<Vec<_>>(),
    })
}
