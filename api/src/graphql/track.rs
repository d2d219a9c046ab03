//! Who is better at a circuit than elsewhere.

use async_graphql::{Context, Object};
use domain::performance::{self, TrackCoefficient};

use super::{constructor::Constructor, directive::SlicedList, driver::Driver};
use crate::{
    error::{Result, from_domain},
    loaders::Loaders,
};

/// How many of a list are shown when it is not said.
const SHOWN: usize = 20;

pub struct TrackCoefficients(performance::TrackCoefficients);

impl TrackCoefficients {
    /// Those at a circuit, by database id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(ctx: &Context<'_>, circuit: i32, active: bool) -> Result<Option<Self>> {
        let known = Loaders::of(ctx).known(ctx).await?;
        let found = performance::track_coefficients(&known, circuit, active).await;
        let found = found.map_err(from_domain)?;
        let nobody = found.drivers.is_empty() && found.constructors.is_empty();
        Ok((!nobody).then_some(Self(found)))
    }
}

/// How much better drivers and constructors are at a circuit than elsewhere: how far they finished
/// there above the form of the day, drawn to zero the more the fewer races there were to see. These
/// are the numbers that the prediction engines look at.
#[Object(cache_control(max_age = 300))]
impl TrackCoefficients {
    /// Drivers who finished a race here, the best first; twenty unless told otherwise.
    #[graphql(directive = SlicedList::apply(20, "first"))]
    async fn drivers(&self, first: Option<usize>) -> Vec<DriverTrackCoefficient> {
        let best = self.0.drivers.iter().take(first.unwrap_or(SHOWN));
        best.copied().map(DriverTrackCoefficient).collect()
    }

    /// Constructors with a car that finished a race here, the best first; what the team did under
    /// earlier names counts. Twenty unless told otherwise.
    #[graphql(directive = SlicedList::apply(20, "first"))]
    async fn constructors(&self, first: Option<usize>) -> Vec<ConstructorTrackCoefficient> {
        let best = self.0.constructors.iter().take(first.unwrap_or(SHOWN));
        best.copied().map(ConstructorTrackCoefficient).collect()
    }
}

pub struct DriverTrackCoefficient(TrackCoefficient);

/// How much better a driver is at a circuit than elsewhere.
#[Object(cache_control(max_age = 300))]
impl DriverTrackCoefficient {
    /// Whose it is.
    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.0.id).await
    }

    /// In finishing percentiles, of which a win is 1 and last place 0: 0.05 is about one place
    /// among 20 cars. Positive is better than elsewhere, 0 the same.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// Lower end of the interval that holds the true value nine times in ten.
    async fn low(&self) -> f64 {
        self.0.low
    }

    /// Upper end of the interval that holds the true value nine times in ten.
    async fn high(&self) -> f64 {
        self.0.high
    }

    /// Races finished here that it rests on; recent ones weigh more.
    async fn visits(&self) -> u32 {
        self.0.visits
    }

    /// The value in places gained among 20 cars; a fraction as a rule.
    async fn places(&self) -> f64 {
        self.0.places()
    }
}

pub struct ConstructorTrackCoefficient(TrackCoefficient);

/// How much better a constructor is at a circuit than elsewhere.
#[Object(cache_control(max_age = 300))]
impl ConstructorTrackCoefficient {
    /// Whose it is, by the latest name of the team.
    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        Constructor::load(ctx, self.0.id).await
    }

    /// Mean of its cars in finishing percentiles, of which a win is 1 and last place 0: 0.05 is
    /// about one place among 20 cars. Positive is better than elsewhere, 0 the same.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// Lower end of the interval that holds the true value nine times in ten.
    async fn low(&self) -> f64 {
        self.0.low
    }

    /// Upper end of the interval that holds the true value nine times in ten.
    async fn high(&self) -> f64 {
        self.0.high
    }

    /// Races here with a car at the finish that it rests on; recent ones weigh more.
    async fn visits(&self) -> u32 {
        self.0.visits
    }

    /// The value in places gained among 20 cars; a fraction as a rule.
    async fn places(&self) -> f64 {
        self.0.places()
    }
}
