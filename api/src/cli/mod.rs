//! The command line: what there is to say, and how answers are shown.
//!
//! The commands that need only the domain are here; `serve` is put together in `main.rs`,
//! which alone knows both requests and jobs.

mod backtest;
mod check;
mod demo;
mod features;
mod forecast;
mod import;
mod model;
mod output;
mod sync;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use backtest::{BacktestArguments, backtest};
pub use check::check_standings;
pub use demo::{DemoArguments, DemoLeague, Demos, demo_league};
pub use features::{FeaturesArguments, features};
pub use forecast::forecast;
pub use import::{ProgressBars, import, report};
pub use model::{models, promote, rollback, train};
pub use output::Table;
pub use sync::{SyncArguments, report_sync};
pub use user::{create_user, list_users};

/// A Formula 1 GraphQL server with honest prediction engines.
#[derive(Debug, Parser)]
#[command(
    name = "pitwall",
    version,
    about,
    long_about = "A Formula 1 GraphQL server with honest prediction engines.\n\n\
        Start with `pitwall serve`: it creates a database file, loads the bundled seasons and \
        serves GraphQL on port 4000. Load the full history with `pitwall import PATH`.",
    after_long_help = "Settings come from defaults (see `pitwall config`), then from pitwall.toml \
        or the file named by --config, then from DATABASE_URL, REDIS_URL and variables such as \
        PITWALL__SERVER__PORT=8080.\n\nExit codes: 0 done, 1 failed, 2 wrong usage, \
        3 done in part (races refused, differences without a known reason)."
)]
pub struct Cli {
    /// Settings file to read instead of pitwall.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve GraphQL: migrates the database, loads the bundled seasons, listens.
    Serve,
    /// Do what is to be done by the clock: read results, follow races, train, forecast, send to
    /// webhooks.
    #[command(
        after_long_help = "`pitwall serve` does so too unless jobs.enabled is false. Any number of \
        processes share the work on one database: each job is done once, and what a killed one left \
        is done by another. GraphQL lists the timetable as `jobs`, for administrators."
    )]
    Work,
    /// Read a folder or zip of Ergast-format CSV tables into the database.
    #[command(
        after_long_help = "PATH holds races.csv, results.csv, drivers.csv, constructors.csv, \
        circuits.csv, status.csv and what else there is of the Ergast tables, itself or in a \
        folder `ergast`. Beside them these are read when there: laps/laps_YEAR.csv[.gz] (laps \
        with tyres), practice.csv[.gz], race_weather.csv, calendar_YEAR.csv.\n\n\
        Each race goes in whole or not at all; the same import again changes nothing, and one \
        that was cut off goes on where it stopped.\n\nExample: pitwall import ./f1db_csv.zip"
    )]
    Import(ImportArguments),
    /// Read seasons from Jolpica: calendar, results, qualifying, sprints, standings.
    #[command(
        after_long_help = "Without options the current season is read. What the service allows is \
        kept to, by all processes on one database together: a season takes some 15 requests and \
        10 seconds, all of them since 1950 some 700 and over three hours, which `pitwall import` of a \
        dump does in seconds.\n\nEach race goes in whole or not at all; the same sync again changes \
        nothing, and one that was cut off is simply repeated.\n\nExamples:\n  pitwall sync\n  \
        pitwall sync --season 2024 --laps\n  pitwall sync --from 2020 --format json"
    )]
    Sync(SyncArguments),
    /// Bring the database schema up to date.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Say what the engines think of a race.
    #[command(after_long_help = "RACE is a ref such as 2024_monaco, or `next`.\n\n\
        Examples:\n  pitwall forecast next\n  pitwall forecast 2024_monaco --engine elo --stage post-qualifying --format json")]
    Forecast(ForecastArguments),
    /// Let engines learn from all known races, and put what they learned into production.
    #[command(
        after_long_help = "What an engine learned is a new version, unless the newest learned \
        exactly the same.\n\nExamples:\n  pitwall train\n  pitwall train elo --keep-production"
    )]
    Train(TrainArguments),
    /// List the trained models, the newest first.
    Models(ModelsArguments),
    /// Put a trained model into production.
    #[command(after_long_help = "Example: pitwall promote elo 3")]
    Promote(PromoteArguments),
    /// Put the model that was in production before into production again.
    Rollback(RollbackArguments),
    /// Walk engines through past seasons, each race forecast from the races before it alone, and
    /// say how well they did.
    #[command(
        after_long_help = "Engines that others learn from are walked along. The walk is stored: \
        GraphQL answers from it.\n\nExamples:\n  pitwall backtest --seasons 2018-2024\n  \
        pitwall backtest --seasons 2024 --engines elo,grid --format json --no-store\n  \
        pitwall backtest --seasons 2018-2024 --stage pre-qualifying --charts ./charts"
    )]
    Backtest(BacktestArguments),
    /// Write what the learned engines learn from as CSV: a line for each starter of each race, from
    /// earlier races and what is known at the stage.
    #[command(
        after_long_help = "Where nothing is known a cell is empty. Engines learn \
        from the classified cars alone who is ahead of whom; `log_classified` is the logarithm of \
        the chance to be classified, which a forecast takes in apart. The columns behind it are \
        those of `contributions`.\n\nExamples:\n  pitwall features --stage \
        post-qualifying --seasons 2002-2024 --output features.csv\n  pitwall features --stage \
        pre-weekend --target qualifying --seasons 2024"
    )]
    Features(FeaturesArguments),
    /// Make accounts of users, and list them.
    User(UserArguments),
    /// Make leagues for show, that have played a whole season.
    Demo(DemoArguments),
    /// Hold stored data against what should hold.
    Check(CheckArguments),
    /// Print the commented default settings.
    Config,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Folder or zip file.
    pub path: PathBuf,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `forecast`.
#[derive(Debug, Args)]
pub struct ForecastArguments {
    /// Ref of the race (`2024_monaco`), or `next`.
    pub race: String,
    /// Engine to ask, one of those that `pitwall train` lists; `all` asks every one that can answer.
    #[arg(long)]
    pub engine: Option<String>,
    /// What may be known; by default the latest stage that the race has reached.
    #[arg(long, value_enum)]
    pub stage: Option<StageName>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// Engine to train; all of them without.
    pub engine: Option<String>,
    /// Leave what is in production as it is.
    #[arg(long)]
    pub keep_production: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `models`.
#[derive(Debug, Args)]
pub struct ModelsArguments {
    /// Engine to list; all of them without.
    pub engine: Option<String>,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `promote`.
#[derive(Debug, Args)]
pub struct PromoteArguments {
    /// Engine, as on the list of `pitwall models`.
    pub engine: String,
    /// Its version.
    pub version: i32,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// Engine, as on the list of `pitwall models`.
    pub engine: String,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// What to check.
    #[command(subcommand)]
    pub what: Check,
}

/// What can be checked.
#[derive(Debug, Subcommand)]
pub enum Check {
    /// Standings computed by the rules against those a source publishes; each difference is
    /// listed with its reason, if there is a known one.
    Standings(CheckStandings),
}

/// Arguments of `check standings`.
#[derive(Debug, Args)]
pub struct CheckStandings {
    /// Only this season.
    #[arg(long, value_name = "YEAR")]
    pub season: Option<i32>,
    /// After every race, not only after the last of each season.
    #[arg(long)]
    pub every_race: bool,
    /// How differences are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `user`.
#[derive(Debug, Args)]
pub struct UserArguments {
    /// What to do.
    #[command(subcommand)]
    pub what: Users,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// Make an account. The password is asked for, or read from standard input.
    #[command(
        after_long_help = "Examples:\n  pitwall user create --admin --email max@example.org --name Max\n  \
        pitwall user create --email max@example.org --name Max < password.txt"
    )]
    Create(CreateUser),
    /// List all accounts, the oldest first.
    List(ListUsers),
}

/// Arguments of `user create`.
#[derive(Debug, Args)]
pub struct CreateUser {
    /// E-mail address to log in with.
    #[arg(long)]
    pub email: String,
    /// Name that others see.
    #[arg(long)]
    pub name: String,
    /// May do everything.
    #[arg(long)]
    pub admin: bool,
}

/// Arguments of `user list`.
#[derive(Debug, Args)]
pub struct ListUsers {
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// A stage, as written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StageName {
    /// Earlier races only.
    #[value(alias = "PRE_WEEKEND")]
    PreWeekend,
    /// Practice too.
    #[value(alias = "PRE_QUALIFYING")]
    PreQualifying,
    /// The starting grid.
    #[value(alias = "POST_QUALIFYING")]
    PostQualifying,
}

impl From<StageName> for engines::Stage {
    fn from(stage: StageName) -> Self {
        match stage {
            StageName::PreWeekend => Self::PreWeekend,
            StageName::PreQualifying => Self::PreQualifying,
            StageName::PostQualifying => Self::PostQualifying,
        }
    }
}

/// How a command ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    Done,
    /// Some of it: races refused, or differences without a reason.
    Partial,
}

impl From<Outcome> for std::process::ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Partial => Self::from(3),
        }
    }
}
