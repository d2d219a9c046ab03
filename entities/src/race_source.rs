//! Which source each part of a race came from.

use sea_orm::entity::prelude::*;

/// Sources, least trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Source {
    /// Open-Meteo, which knows the weather alone, from models.
    #[sea_orm(string_value = "OPEN_METEO")]
    OpenMeteo,
    /// Facts compiled into the binary.
    #[sea_orm(string_value = "BUNDLED")]
    Bundled,
    /// A dump in Ergast's CSV format.
    #[sea_orm(string_value = "ERGAST")]
    Ergast,
    /// OpenF1.
    #[sea_orm(string_value = "OPENF1")]
    Openf1,
    /// Jolpica.
    #[sea_orm(string_value = "JOLPICA")]
    Jolpica,
    /// A correction by an administrator.
    #[sea_orm(string_value = "ADMIN")]
    Admin,
}

/// Parts of a race that sources deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Section {
    /// Name, date, circuit, sessions.
    #[sea_orm(string_value = "CALENDAR")]
    Calendar,
    /// Race classification.
    #[sea_orm(string_value = "RESULTS")]
    Results,
    /// Sprint classification.
    #[sea_orm(string_value = "SPRINT")]
    Sprint,
    /// Qualifying classification.
    #[sea_orm(string_value = "QUALIFYING")]
    Qualifying,
    /// Best practice laps.
    #[sea_orm(string_value = "PRACTICE")]
    Practice,
    /// Laps and stints.
    #[sea_orm(string_value = "LAPS")]
    Laps,
    /// Pit stops.
    #[sea_orm(string_value = "PIT_STOPS")]
    PitStops,
    /// Weather.
    #[sea_orm(string_value = "WEATHER")]
    Weather,
    /// Safety cars and red flags.
    #[sea_orm(string_value = "RACE_CONTROL")]
    RaceControl,
    /// Standings as published.
    #[sea_orm(string_value = "STANDINGS")]
    Standings,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "race_source")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub race_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub section: Section,
    pub source: Source,
    /// SHA-256 of the typed records, hex; the same again is skipped.
    pub digest: String,
    pub imported_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
