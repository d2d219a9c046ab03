//! `pitwall features`.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::{
    App,
    backtest::target_name,
    forecast::{
        self, Known,
        features::{FeatureRow, columns, walk},
        stage_name,
    },
};
use engines::{Stage, Target};
use entities::{constructor, driver, race};
use sea_orm::{EntityTrait, QuerySelect};

use super::{
    Outcome, StageName,
    backtest::{Seasons, TargetName, seasons},
};

/// Arguments of `features`.
#[derive(Debug, Args)]
pub struct FeaturesArguments {
    /// What may be known.
    #[arg(long, value_enum)]
    pub stage: StageName,
    /// Which session the places are of.
    #[arg(long, value_enum, default_value_t)]
    pub target: TargetName,
    /// Seasons whose races are written: 2002-2024, or one; by default all. Earlier races are known
    /// all the same.
    #[arg(long, value_name = "FROM-TO", value_parser = seasons)]
    pub seasons: Option<Seasons>,
    /// File to write; by default standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Writes what engines learn from as CSV: a line for each starter of each race.
///
/// # Errors
/// For seasons without races, a session that is over at the stage, when the database fails or the
/// file cannot be written.
pub async fn features(app: &App, arguments: &FeaturesArguments) -> Result<Outcome> {
    let (stage, target) = (Stage::from(arguments.stage), Target::from(arguments.target));
    if !target.is_open_at(stage) {
        bail!(
            "the order of {} is known at {}; ask for an earlier stage",
            target_name(target),
            stage_name(stage)
        );
    }
    let known = forecast::known(app).await?;
    let asked = match arguments.seasons {
        Some(Seasons { first, last }) => first..=last,
        None => i32::MIN..=i32::MAX,
    };
    let (first, last) = domain::backtest::seasons(known.history(), &asked)?;
    let refs = Refs::load(app).await?;
    let output: Box<dyn Write + Send> = match &arguments.output {
        Some(path) => {
            let file = File::create(path);
            Box::new(file.with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(io::stdout()),
    };
    let sheet = Sheet {
        known,
        refs,
        stage,
        target,
    };
    let written = tokio::task::spawn_blocking(move || sheet.write(first..=last, output)).await?;
    match written {
        // Who reads may have seen enough.
        Err(error) if is_closed(&error) => Ok(Outcome::Done),
        Err(error) => Err(error).context("the table cannot be written to its end"),
        Ok(()) => Ok(Outcome::Done),
    }
}

fn is_closed(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// Refs by database id.
struct Refs {
    races: HashMap<i32, String>,
    drivers: HashMap<i32, String>,
    constructors: HashMap<i32, String>,
}

impl Refs {
    async fn load(app: &App) -> Result<Self> {
        use constructor::Column as Constructor;
        use driver::Column as Driver;
        use race::Column as Race;
        let races = race::Entity::find().select_only();
        let races = races.columns([Race::Id, Race::Reference]).into_tuple();
        let drivers = driver::Entity::find().select_only();
        let drivers = drivers
            .columns([Driver::Id, Driver::Reference])
            .into_tuple();
        let constructors = constructor::Entity::find().select_only();
        let constructors = constructors
            .columns([Constructor::Id, Constructor::Reference])
            .into_tuple();
        Ok(Self {
            races: races.all(&app.db).await?.into_iter().collect(),
            drivers: drivers.all(&app.db).await?.into_iter().collect(),
            constructors: constructors.all(&app.db).await?.into_iter().collect(),
        })
    }
}

/// The table on its way out.
struct Sheet {
    known: Arc<Known>,
    refs: Refs,
    stage: Stage,
    target: Target,
}

impl Sheet {
    fn write(&self, seasons: std::ops::RangeInclusive<i32>, output: impl Write) -> csv::Result<()> {
        let mut writer = csv::Writer::from_writer(BufWriter::new(output));
        let header = [
            "race",
            "season",
            "date",
            "driver",
            "constructor",
            "place",
            "classified",
            "log_classified",
        ];
        writer.write_record(header.into_iter().chain(columns(self.stage)))?;
        let history = self.known.history();
        walk(history, self.stage, self.target, seasons, |row| {
            writer.write_record(self.line(&row))
        })?;
        Ok(writer.flush()?)
    }

    fn line(&self, row: &FeatureRow) -> Vec<String> {
        let named =
            |refs: &HashMap<i32, String>, id: i32| refs.get(&id).cloned().unwrap_or_default();
        let number = |value: &Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let driver = self.known.driver_row(row.driver);
        let constructor = self.known.constructor_row(row.constructor);
        let mut line = vec![
            named(&self.refs.races, row.race.0),
            row.season.to_string(),
            row.date.to_string(),
            named(&self.refs.drivers, driver),
            named(&self.refs.constructors, constructor),
            row.place.map(|place| place.to_string()).unwrap_or_default(),
            row.classified.to_string(),
            row.log_classified.to_string(),
        ];
        line.extend(row.values.iter().map(number));
        line
    }
}
