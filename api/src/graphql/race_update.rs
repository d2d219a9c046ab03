//! News of races: that something about one changed, that it has results. How a race stands while
//! it is run is another matter (`live.rs`).

use async_graphql::{Context, ID, Object, Subscription};
use chrono::{DateTime, Utc};
use domain::{event, feed::Interest};
use futures::{Stream, StreamExt};

use super::{
    directive::ListOf,
    feed::{self, Change},
    live::SequenceGap,
    node,
    race::Race,
    season::Season,
};
use crate::{
    error::{Code, Result, bad_input},
    loaders::Loaders,
};

/// Races that somebody follows.
#[derive(Debug, Clone)]
enum Followed {
    /// By its ref.
    Race(String),
    Season(i32),
    All,
}

pub struct RaceUpdate {
    change: Change,
    followed: Followed,
}

/// News of a race.
#[Object(cache_control(max_age = 5))]
impl RaceUpdate {
    /// Grows with every change to the data; give the last one as `after` to go on from there.
    /// Where races are filtered, some sequences are not there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// When it happened; null in what is told at the beginning.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.change.at()
    }

    /// Set when changes after `after` are left out. The snapshot beside it is how races are after
    /// them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// The race that changed, as it is now, which may already be later; null in what is told at the
    /// beginning.
    async fn race(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let reference = self.change.reference("Race")?.to_owned();
        let row = Loaders::of(ctx).race_by_ref.load(reference).await;
        row.map(|row| row.map(Race)).transpose()
    }

    /// The races that are followed, as they are now: in the first update of who does not resume, and
    /// after a gap. Without a filter those of the season of the next race, else of the last.
    #[graphql(directive = ListOf::apply(25))]
    async fn snapshot(&self, ctx: &Context<'_>) -> Option<Result<Vec<Race>>> {
        if self.change.event.is_some() {
            return None;
        }
        // Boxed, or every update had room for it.
        Some(Box::pin(self.followed.races(ctx)).await)
    }
}

impl Followed {
    /// Reads the arguments of a field.
    ///
    /// # Errors
    /// When there is no such race or season, or both are given.
    async fn read(ctx: &Context<'_>, race: Option<ID>, season: Option<i32>) -> Result<Self> {
        match (race, season) {
            (Some(_), Some(_)) => Err(bad_input("expected `race` or `season`, not both")),
            (Some(id), None) => {
                let reference = node::reference_of("Race", &id)?.to_owned();
                race_of(ctx, &reference).await?;
                Ok(Self::Race(reference))
            }
            (None, Some(year)) => {
                Season::of_year(ctx, year).await?;
                Ok(Self::Season(year))
            }
            (None, None) => Ok(Self::All),
        }
    }

    fn in_kind(&self, kind: &'static str) -> Interest {
        let interest = Interest::in_kind(kind);
        match self {
            Self::Race(reference) => interest.about(format!("Race:{reference}")),
            Self::Season(year) => interest.about_races_of(*year),
            Self::All => interest,
        }
    }

    async fn races(&self, ctx: &Context<'_>) -> Result<Vec<Race>> {
        let loaders = Loaders::of(ctx);
        let year = match self {
            Self::Race(reference) => return Ok(vec![race_of(ctx, reference).await?]),
            Self::Season(year) => *year,
            Self::All => {
                let race = match loaders.next_race.load(()).await? {
                    Some(next) => Some(next),
                    None => loaders.last_race.load(()).await?,
                };
                let Some(race) = race else {
                    return Ok(Vec::new());
                };
                race.season
            }
        };
        let rows = Season::of_year(ctx, year).await?.rows(ctx).await?;
        Ok(rows.into_iter().map(Race).collect())
    }
}

async fn race_of(ctx: &Context<'_>, reference: &str) -> Result<Race> {
    let row = Loaders::of(ctx)
        .race_by_ref
        .load(reference.to_owned())
        .await?;
    row.map(Race)
        .ok_or_else(|| Code::NotFound.error(format!("there is no race {reference:?}")))
}

/// What those who follow races are told of events of a kind.
async fn updates(
    ctx: &Context<'_>,
    kind: &'static str,
    race: Option<ID>,
    season: Option<i32>,
    after: Option<i64>,
) -> Result<impl Stream<Item = RaceUpdate> + use<>> {
    let followed = Followed::read(ctx, race, season).await?;
    let changes = feed::changes(ctx, event::DATA, &followed.in_kind(kind), after);
    Ok(changes.map(move |change| RaceUpdate {
        change,
        followed: followed.clone(),
    }))
}

#[derive(Default)]
pub struct RaceSubscription;

#[Subscription]
impl RaceSubscription {
    /// Races as they are, then each that is added or about which something changes: its date, its
    /// sessions, its entries, that it has begun, its results; once and in order. All races, or one by ref or
    /// id, or those of a season. With `after`, the sequence of the last update seen, only what is newer.
    async fn race_updated(
        &self,
        ctx: &Context<'_>,
        race: Option<ID>,
        season: Option<i32>,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = RaceUpdate>> {
        updates(ctx, event::RACE_IMPORTED, race, season, after).await
    }

    /// Races as they are, then each that has got results, or other ones than before, of the race or its
    /// sprint; once and in order. All races, or one by ref or id, or those of a season. With
    /// `after`, the sequence of the last update seen, only what is newer. Standings follow a
    /// little later: `standingsChanged`.
    async fn results_published(
        &self,
        ctx: &Context<'_>,
        race: Option<ID>,
        season: Option<i32>,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = RaceUpdate>> {
        updates(ctx, event::RESULTS_PUBLISHED, race, season, after).await
    }
}
