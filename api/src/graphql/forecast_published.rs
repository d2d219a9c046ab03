//! Forecasts as they are said before races, one by one.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Subscription};
use domain::{
    App, event,
    feed::Interest,
    forecast::{self, Known, Published},
    season,
};
use futures::{Stream, StreamExt};

use super::{
    app,
    directive::ListOf,
    engine::EngineId,
    feed::{self, Change},
    forecast::Forecast,
    live::SequenceGap,
    node,
};
use crate::error::{Code, Result, from_database, from_domain};

/// Who is listened to.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// Database id.
    race: Option<i32>,
    engine: Option<engines::EngineId>,
}

pub struct ForecastPublication {
    change: Change,
    known: Arc<Known>,
    news: News,
}

enum News {
    Published(Published),
    /// What stands.
    Standing(Vec<Published>),
}

/// What an engine has said before a race, or what all stand by.
#[Object(cache_control(max_age = 60))]
impl ForecastPublication {
    /// All up to here has been told; give the last one as `after` to go on from there.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// Set when publications after `after` are left out. The snapshot beside it is how forecasts are
    /// after them.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// What was said; null in the first of who does not resume.
    async fn forecast(&self) -> Option<Forecast> {
        match &self.news {
            News::Published(published) => Some(self.told(published)),
            News::Standing(_) => None,
        }
    }

    /// In the first of who does not resume, and after a gap: what was said so far of the race asked
    /// for, else of the next race.
    #[graphql(directive = ListOf::apply(40))]
    async fn snapshot(&self) -> Option<Vec<Forecast>> {
        match &self.news {
            News::Published(_) => None,
            News::Standing(all) => Some(all.iter().map(|one| self.told(one)).collect()),
        }
    }
}

impl ForecastPublication {
    fn told(&self, published: &Published) -> Forecast {
        Forecast::new(Arc::clone(&published.forecast), Arc::clone(&self.known))
    }

    /// What a change tells; none when it is of no concern, or when its forecast was replaced before
    /// it could be told: what took its place is told.
    async fn of(app: &App, change: Change, wanted: Wanted) -> Result<Option<Self>> {
        let known = forecast::known(app).await.map_err(from_domain)?;
        let published = |after, until, race| {
            let found = forecast::published(&known, after, until, race, wanted.engine);
            found.map_err(from_domain)
        };
        let sequence = change.sequence;
        let news = if change.event.is_some() {
            let found = published(sequence - 1, sequence, wanted.race)?.pop();
            found.map(News::Published)
        } else {
            let race = match wanted.race {
                None => {
                    let next = season::next_race(&app.db).await;
                    next.map_err(|error| from_database(&error))?
                        .map(|race| race.id)
                }
                race => race,
            };
            let standing = race.map(|race| published(0, sequence, Some(race)));
            Some(News::Standing(standing.transpose()?.unwrap_or_default()))
        };
        Ok(news.map(|news| Self {
            change,
            known,
            news,
        }))
    }
}

#[derive(Default)]
pub struct ForecastSubscription;

#[Subscription]
impl ForecastSubscription {
    /// What engines say before races, at each stage, of the race and of qualifying, each forecast
    /// when it is published: of a race (ref or id), by an engine, as far as given. First what was said so
    /// far; with `after`, the sequence of the last one seen, instead what was said since and still
    /// stands.
    async fn forecast_published(
        &self,
        ctx: &Context<'_>,
        race: Option<ID>,
        engine: Option<EngineId>,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<ForecastPublication>>> {
        let app = app(ctx).clone();
        let race = match race {
            Some(race) => Some(find(&app, &race).await?),
            None => None,
        };
        let wanted = Wanted {
            race,
            engine: engine.map(|engine| engine.0),
        };
        let interest = Interest::in_kind(event::FORECAST_PUBLISHED);
        let changes = feed::changes(ctx, event::FORECAST, &interest, after);
        Ok(changes.filter_map(move |change| {
            let app = app.clone();
            async move {
                let told = ForecastPublication::of(&app, change, wanted).await;
                told.transpose()
            }
        }))
    }
}

/// Database id of a race.
async fn find(app: &App, race: &ID) -> Result<i32> {
    let reference = node::reference_of("Race", race)?;
    let row = season::race(&app.db, reference).await;
    let row = row.map_err(|error| from_database(&error))?;
    let none = || Code::NotFound.error(format!("there is no race {reference:?}"));
    row.map(|row| row.id).ok_or_else(none)
}
