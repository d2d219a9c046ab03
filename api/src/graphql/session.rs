//! Sessions of a race weekend.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entities::session;

use super::{scalars::Date, weather::WeatherForecast};
use crate::{error::Result, loaders::One};

/// What is run in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "session::Kind")]
pub enum SessionKind {
    #[graphql(name = "PRACTICE_1")]
    Practice1,
    #[graphql(name = "PRACTICE_2")]
    Practice2,
    #[graphql(name = "PRACTICE_3")]
    Practice3,
    /// Qualifying for the sprint, the shootout of 2023 included.
    SprintQualifying,
    Sprint,
    Qualifying,
    Race,
}

pub struct Session(pub One<session::Entity>);

/// A session of a race weekend.
#[Object(cache_control(max_age = 300))]
impl Session {
    async fn kind(&self) -> SessionKind {
        self.0.kind.into()
    }

    /// Day of the session in UTC.
    async fn date(&self) -> Date {
        Date(self.0.date)
    }

    /// Start in UTC; unknown for many old sessions.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    /// What the weather is expected to be; known for the next race, from about two weeks before.
    async fn weather_forecast(&self, ctx: &Context<'_>) -> Option<Result<WeatherForecast>> {
        WeatherForecast::of_session(ctx, self.0.race_id, self.0.kind).await
    }
}
