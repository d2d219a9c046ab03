//! What can be followed, and what happened that is to be told.

use domain::{App, event};
use entities::{event as event_row, live_event};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub const RACES: Feed = Feed {
    query: "subscription ($after: Int) {
      told: raceUpdated(after: $after) { sequence gap { from to } race { ref } }
    }",
    stream: event::DATA,
    kind: Some(event::RACE_IMPORTED),
    subject: None,
};

pub const RESULTS: Feed = Feed {
    query: "subscription ($after: Int) {
      told: resultsPublished(after: $after) { sequence gap { from to } race { ref } }
    }",
    stream: event::DATA,
    kind: Some(event::RESULTS_PUBLISHED),
    subject: None,
};

pub const STANDINGS: Feed = Feed {
    query: "subscription ($after: Int) {
      told: standingsChanged(season: 2023, after: $after) { sequence gap { from to } season { year } }
    }",
    stream: event::DATA,
    kind: Some(event::STANDINGS_COMPUTED),
    subject: Some("Season:2023"),
};

pub const FRESHNESS: Feed = Feed {
    query: "subscription ($after: Int) {
      told: dataStatusChanged(after: $after) { sequence gap { from to } dataStatus { stale } }
    }",
    stream: event::DATA_STATUS,
    kind: None,
    subject: None,
};

pub const FORECASTS: Feed = Feed {
    query: "subscription ($after: Int) {
      told: forecastPublished(after: $after) { sequence gap { from to } forecast { stage } }
    }",
    stream: event::FORECAST,
    kind: Some(event::FORECAST_PUBLISHED),
    subject: None,
};

pub const LIVE: Feed = Feed {
    query: "subscription ($after: Int) {
      told: liveRace(race: \"2023_monaco\", after: $after) {
        sequence gap { from to } events { sequence }
      }
    }",
    stream: "live:2023_monaco",
    kind: None,
    subject: None,
};

/// A subscription, and the events that it tells.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    /// Its field is called `told`, and may be given `after`.
    pub query: &'static str,
    stream: &'static str,
    kind: Option<&'static str>,
    subject: Option<&'static str>,
}

impl Feed {
    /// Sequences of the events after one, in order.
    pub async fn events(&self, app: &App, after: i64) -> Vec<i64> {
        if event::is_live(self.stream) {
            // There is one live race.
            let events = live_event::Entity::find()
                .select_only()
                .column(live_event::Column::Sequence)
                .filter(live_event::Column::Sequence.gt(after))
                .order_by_asc(live_event::Column::Sequence);
            return events.into_tuple::<i64>().all(&app.db).await.unwrap();
        }
        let kind = self.kind.map(|kind| event_row::Column::Kind.eq(kind));
        let subject = self.subject;
        let subject = subject.map(|subject| event_row::Column::Subject.eq(subject));
        let events = event_row::Entity::find()
            .select_only()
            .column(event_row::Column::Sequence)
            .filter(event_row::Column::Stream.eq(self.stream))
            .filter(event_row::Column::Sequence.gt(after))
            .filter(Condition::all().add_option(kind).add_option(subject))
            .order_by_asc(event_row::Column::Sequence);
        events.into_tuple::<i64>().all(&app.db).await.unwrap()
    }
}
