//! Rulesets: how much everything is worth that a drafted driver does.

use async_graphql::{Enum, InputObject, Object};
use domain::scoring;

use super::scalars::Decimal;

/// Which ruleset it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "scoring::Kind")]
pub enum ScoringRuleset {
    /// The official points of the championship.
    Official,
    /// Qualifying, places gained and more, in the style of the official fantasy game.
    Extended,
    /// A league's own weights.
    Custom,
}

/// What a place in a sprint or race is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum FinishPoints {
    #[default]
    Nothing,
    /// The official points as published.
    Published,
    /// What a table says, for classified cars.
    Table,
}

pub struct ScoringWeights(pub scoring::Weights);

/// How much everything is worth, in points.
#[Object(cache_control(private))]
impl ScoringWeights {
    /// What qualifying is worth.
    async fn qualifying(&self) -> QualifyingWeights {
        QualifyingWeights(self.0.qualifying.clone())
    }

    /// What the sprint is worth.
    async fn sprint(&self) -> SessionWeights {
        SessionWeights(self.0.sprint.clone())
    }

    /// What the race is worth.
    async fn race(&self) -> SessionWeights {
        SessionWeights(self.0.race.clone())
    }

    async fn driver_of_the_day(&self) -> Decimal {
        Decimal::hundredths(self.0.driver_of_the_day)
    }
}

pub struct QualifyingWeights(scoring::QualifyingWeights);

/// What qualifying is worth.
#[Object(cache_control(private))]
impl QualifyingWeights {
    /// By position, the first one first.
    async fn positions(&self) -> Vec<Decimal> {
        points(&self.0.positions)
    }

    /// For taking part without setting a time.
    async fn no_time(&self) -> Decimal {
        Decimal::hundredths(self.0.no_time)
    }
}

pub struct SessionWeights(scoring::SessionWeights);

/// What a sprint or a race is worth.
#[Object(cache_control(private))]
impl SessionWeights {
    /// What a place is worth.
    async fn finish(&self) -> FinishPoints {
        match self.0.finish {
            scoring::Finish::Nothing => FinishPoints::Nothing,
            scoring::Finish::Published => FinishPoints::Published,
            scoring::Finish::Table(_) => FinishPoints::Table,
        }
    }

    /// By position, the first one first; empty unless it is a table that says so.
    async fn positions(&self) -> Vec<Decimal> {
        match &self.0.finish {
            scoring::Finish::Table(table) => points(table),
            _ => Vec::new(),
        }
    }

    /// For each place between grid and flag.
    async fn place_gained(&self) -> Decimal {
        Decimal::hundredths(self.0.place_gained)
    }

    /// For each place between grid and flag.
    async fn place_lost(&self) -> Decimal {
        Decimal::hundredths(self.0.place_lost)
    }

    /// For each overtake, where they are known.
    async fn overtake(&self) -> Decimal {
        Decimal::hundredths(self.0.overtake)
    }

    /// On top of what the place is worth.
    async fn fastest_lap(&self) -> Decimal {
        Decimal::hundredths(self.0.fastest_lap)
    }

    async fn not_classified(&self) -> Decimal {
        Decimal::hundredths(self.0.not_classified)
    }

    async fn disqualified(&self) -> Decimal {
        Decimal::hundredths(self.0.disqualified)
    }
}

/// How much everything is worth, in points; what is left out is worth nothing.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ScoringWeightsInput {
    /// What qualifying is worth.
    qualifying: Option<QualifyingWeightsInput>,
    /// What the sprint is worth.
    sprint: Option<SessionWeightsInput>,
    /// What the race is worth.
    race: Option<SessionWeightsInput>,
    /// 0 or more.
    driver_of_the_day: Option<Decimal>,
}

/// What qualifying is worth; what is left out is worth nothing.
#[derive(Debug, Clone, Default, InputObject)]
pub struct QualifyingWeightsInput {
    /// By position, the first one first; at most 30.
    positions: Option<Vec<Decimal>>,
    /// For taking part without setting a time; 0 or less.
    no_time: Option<Decimal>,
}

/// What a sprint or a race is worth; what is left out is worth nothing.
#[derive(Debug, Clone, Default, InputObject)]
pub struct SessionWeightsInput {
    /// What a place is worth: nothing, the published points, or what `positions` says.
    finish: Option<FinishPoints>,
    /// By position, the first one first, at most 30; with `TABLE`, without which they say nothing.
    positions: Option<Vec<Decimal>>,
    /// For each place between grid and flag; 0 or more.
    place_gained: Option<Decimal>,
    /// For each place between grid and flag; 0 or less.
    place_lost: Option<Decimal>,
    /// For each overtake, where they are known; 0 or more.
    overtake: Option<Decimal>,
    /// On top of what the place is worth; 0 or more. Published points of some seasons contain it.
    fastest_lap: Option<Decimal>,
    /// 0 or less.
    not_classified: Option<Decimal>,
    /// 0 or less.
    disqualified: Option<Decimal>,
}

impl From<ScoringWeightsInput> for scoring::Weights {
    fn from(input: ScoringWeightsInput) -> Self {
        Self {
            qualifying: input.qualifying.unwrap_or_default().into(),
            sprint: input.sprint.unwrap_or_default().into(),
            race: input.race.unwrap_or_default().into(),
            driver_of_the_day: hundredths(input.driver_of_the_day),
        }
    }
}

impl From<QualifyingWeightsInput> for scoring::QualifyingWeights {
    fn from(input: QualifyingWeightsInput) -> Self {
        Self {
            positions: table(input.positions),
            no_time: hundredths(input.no_time),
        }
    }
}

impl From<SessionWeightsInput> for scoring::SessionWeights {
    fn from(input: SessionWeightsInput) -> Self {
        Self {
            finish: match input.finish.unwrap_or_default() {
                FinishPoints::Nothing => scoring::Finish::Nothing,
                FinishPoints::Published => scoring::Finish::Published,
                FinishPoints::Table => scoring::Finish::Table(table(input.positions)),
            },
            place_gained: hundredths(input.place_gained),
            place_lost: hundredths(input.place_lost),
            overtake: hundredths(input.overtake),
            fastest_lap: hundredths(input.fastest_lap),
            not_classified: hundredths(input.not_classified),
            disqualified: hundredths(input.disqualified),
        }
    }
}

fn points(table: &[i32]) -> Vec<Decimal> {
    table.iter().copied().map(Decimal::hundredths).collect()
}

fn table(points: Option<Vec<Decimal>>) -> scoring::weights::Table {
    let points = points.unwrap_or_default();
    points.into_iter().map(Decimal::in_hundredths).collect()
}

fn hundredths(points: Option<Decimal>) -> i32 {
    points.map_or(0, Decimal::in_hundredths)
}
