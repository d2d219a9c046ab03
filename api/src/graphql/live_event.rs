//! What happens in a race, one type for each kind of event.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Interface, Object};
use chrono::{DateTime, Utc};
use domain::live::change::{Change, Event, Message};

use super::{
    driver::Driver,
    live::{LiveWeather, TrackStatus},
    live_car::{LiveClassification, LiveGap, LiveLap, LivePitStop, LiveStint},
    node,
};
use crate::{
    error::{Code, Result, bad_input},
    loaders::Loaders,
};

/// Kinds of events of a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LiveEventType {
    /// Place of a car; of every car at the start.
    Position,
    /// Begun, a sector done, or done.
    Lap,
    PitStop,
    Stint,
    /// How far a car is behind.
    Interval,
    /// A message.
    RaceControl,
    TrackStatus,
    Weather,
    Retirement,
    Classification,
}

impl LiveEventType {
    fn of(change: &Change) -> Self {
        match change {
            Change::Position { .. } => Self::Position,
            Change::Interval { .. } => Self::Interval,
            Change::Lap { .. } => Self::Lap,
            Change::Stint { .. } => Self::Stint,
            Change::PitStop { .. } => Self::PitStop,
            Change::RaceControl(_) => Self::RaceControl,
            Change::TrackStatus { .. } => Self::TrackStatus,
            Change::Weather(_) => Self::Weather,
            Change::Retirement { .. } => Self::Retirement,
            Change::Classification { .. } => Self::Classification,
        }
    }
}

/// Which events somebody wants.
#[derive(Debug, Clone)]
pub struct Filter {
    drivers: Option<Vec<i32>>,
    types: Option<Vec<LiveEventType>>,
}

impl Filter {
    /// Reads the arguments of a field.
    ///
    /// # Errors
    /// When there is no such driver, or the database fails.
    pub async fn read(
        ctx: &Context<'_>,
        drivers: Option<Vec<ID>>,
        types: Option<Vec<LiveEventType>>,
    ) -> Result<Self> {
        let driver = async |id: &ID| {
            let reference = node::reference_of("Driver", id)?.to_owned();
            let row = Loaders::of(ctx).driver_by_ref.load(reference).await?;
            row.map(|row| row.id)
                .ok_or_else(|| bad_input(format!("there is no driver {:?}", id.as_str())))
        };
        let drivers = match &drivers {
            Some(ids) => Some(futures::future::try_join_all(ids.iter().map(driver)).await?),
            None => None,
        };
        Ok(Self { drivers, types })
    }

    /// Whether an event is wanted. What is about nobody is wanted whoever is.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let driver = match (&self.drivers, event.driver_id) {
            (Some(wanted), Some(driver)) => wanted.contains(&driver),
            _ => true,
        };
        let kind = LiveEventType::of(&event.change);
        driver
            && self
                .types
                .as_ref()
                .is_none_or(|types| types.contains(&kind))
    }
}

/// Something that happens in a race.
#[derive(Interface)]
#[graphql(
    field(
        name = "sequence",
        ty = "i64",
        desc = "Place among all events of the race, from 1."
    ),
    field(
        name = "at",
        ty = "DateTime<Utc>",
        desc = "The time that the source gives for it."
    ),
    field(
        name = "event_type",
        ty = "LiveEventType",
        desc = "What kind of event it is."
    )
)]
pub enum LiveEvent {
    Position(LivePositionEvent),
    Lap(LiveLapEvent),
    PitStop(LivePitStopEvent),
    Stint(LiveStintEvent),
    Interval(LiveIntervalEvent),
    RaceControl(LiveRaceControlEvent),
    TrackStatus(LiveTrackStatusEvent),
    Weather(LiveWeatherEvent),
    Retirement(LiveRetirementEvent),
    Classification(LiveClassificationEvent),
}

impl LiveEvent {
    /// An event as it is told, under the sequence of who is told.
    #[must_use]
    pub fn of(sequence: i64, event: &Arc<Event>) -> Self {
        let event = Arc::clone(event);
        match LiveEventType::of(&event.change) {
            LiveEventType::Position => Self::Position(LivePositionEvent(sequence, event)),
            LiveEventType::Lap => Self::Lap(LiveLapEvent(sequence, event)),
            LiveEventType::PitStop => Self::PitStop(LivePitStopEvent(sequence, event)),
            LiveEventType::Stint => Self::Stint(LiveStintEvent(sequence, event)),
            LiveEventType::Interval => Self::Interval(LiveIntervalEvent(sequence, event)),
            LiveEventType::RaceControl => Self::RaceControl(LiveRaceControlEvent(sequence, event)),
            LiveEventType::TrackStatus => Self::TrackStatus(LiveTrackStatusEvent(sequence, event)),
            LiveEventType::Weather => Self::Weather(LiveWeatherEvent(sequence, event)),
            LiveEventType::Retirement => Self::Retirement(LiveRetirementEvent(sequence, event)),
            LiveEventType::Classification => {
                Self::Classification(LiveClassificationEvent(sequence, event))
            }
        }
    }
}

/// The driver whom an event is about.
async fn driver(ctx: &Context<'_>, event: &Event) -> Result<Driver> {
    match event.driver_id {
        Some(id) => Driver::load(ctx, id).await,
        None => Err(Code::Internal.error("an event is about nobody")),
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($fields:tt)* })*) => {
        $(
            pub struct $name(i64, Arc<Event>);

            $(#[$doc])*
            #[Object(cache_control(max_age = 1))]
            impl $name {
                /// Place among all events of the race, from 1.
                async fn sequence(&self) -> i64 {
                    self.0
                }

                /// The time that the source gives for it.
                async fn at(&self) -> DateTime<Utc> {
                    self.1.at
                }

                /// What kind of event it is.
                async fn event_type(&self) -> LiveEventType {
                    LiveEventType::of(&self.1.change)
                }

                $($fields)*
            }
        )*
    };
}

events! {
    /// A car is in another place than before, or at the start in its first.
    LivePositionEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        /// From 1.
        async fn position(&self) -> Option<i32> {
            match self.1.change {
                Change::Position { position, .. } => Some(position),
                _ => None,
            }
        }
    }

    /// A lap has begun, or more is known of it.
    LiveLapEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        /// The lap as far as it is known.
        async fn lap(&self) -> Option<LiveLap> {
            match self.1.change {
                Change::Lap { lap, times, .. } => Some(LiveLap { number: lap, lap: times }),
                _ => None,
            }
        }
    }

    /// A car has left the pit lane, or more is known of its stop.
    LivePitStopEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        async fn pit_stop(&self) -> Option<LivePitStop> {
            match self.1.change {
                Change::PitStop { lap, times, .. } => Some(LivePitStop { lap, stop: times }),
                _ => None,
            }
        }
    }

    /// A car is on another set of tyres, or more is known of one.
    LiveStintEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        /// From 1.
        async fn number(&self) -> Option<i32> {
            match self.1.change {
                Change::Stint { stint, .. } => Some(stint),
                _ => None,
            }
        }

        /// Null when it turned out that there was no such stint.
        async fn stint(&self) -> Option<LiveStint> {
            match self.1.change {
                Change::Stint { stint, tyres, .. } => {
                    tyres.map(|tyres| LiveStint { number: stint, tyres })
                }
                _ => None,
            }
        }
    }

    /// How far a car is behind; nothing for the leader and for cars that are out.
    LiveIntervalEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        async fn gap_to_leader(&self) -> Option<LiveGap> {
            match self.1.change {
                Change::Interval { gaps, .. } => gaps.to_leader.map(LiveGap),
                _ => None,
            }
        }

        /// Behind the car in front.
        async fn gap_ahead(&self) -> Option<LiveGap> {
            match self.1.change {
                Change::Interval { gaps, .. } => gaps.ahead.map(LiveGap),
                _ => None,
            }
        }
    }

    /// Race control says something.
    LiveRaceControlEvent {
        /// Whom it means, if anybody.
        async fn driver(&self, ctx: &Context<'_>) -> Option<Result<Driver>> {
            Some(Driver::load(ctx, self.1.driver_id?).await)
        }

        async fn message(&self) -> Option<LiveRaceControlMessage> {
            match &self.1.change {
                Change::RaceControl(message) => Some(LiveRaceControlMessage(message.clone())),
                _ => None,
            }
        }
    }

    /// The track is in another state.
    LiveTrackStatusEvent {
        async fn status(&self) -> Option<TrackStatus> {
            match self.1.change {
                Change::TrackStatus { status } => Some(status.into()),
                _ => None,
            }
        }
    }

    /// A new reading of the weather.
    LiveWeatherEvent {
        async fn weather(&self) -> Option<LiveWeather> {
            match self.1.change {
                Change::Weather(weather) => Some(LiveWeather(weather)),
                _ => None,
            }
        }
    }

    /// A car is out, or runs again after all.
    LiveRetirementEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        /// False when it runs again.
        async fn out(&self) -> bool {
            matches!(self.1.change, Change::Retirement { out: true, .. })
        }
    }

    /// The place of a car after the flag is known.
    LiveClassificationEvent {
        async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
            driver(ctx, &self.1).await
        }

        async fn classification(&self) -> Option<LiveClassification> {
            match self.1.change {
                Change::Classification { place, .. } => Some(LiveClassification(place)),
                _ => None,
            }
        }
    }
}

pub struct LiveRaceControlMessage(pub Message);

/// A message of race control, as it is written.
#[Object(cache_control(max_age = 1))]
impl LiveRaceControlMessage {
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    async fn text(&self) -> &str {
        &self.0.message
    }

    /// `Flag`, `SafetyCar`, `Drs`, `Other` …
    async fn category(&self) -> &str {
        &self.0.category
    }

    /// `GREEN`, `YELLOW`, `RED`, `CHEQUERED` …
    async fn flag(&self) -> Option<&str> {
        self.0.flag.as_deref()
    }

    /// `Track`, `Sector`, `Driver`.
    async fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Number of the car that is meant.
    async fn car_number(&self) -> Option<i32> {
        self.0.number
    }

    async fn lap(&self) -> Option<i32> {
        self.0.lap
    }
}
