//! Forecasts.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::{
    error::Error::Unavailable,
    forecast::{self, EntrantOfRace, FeaturePart, Known, RaceForecast},
};
use engines::forecast::LEVEL;
use entities::race;

use super::{
    app,
    constructor::Constructor,
    directive::{Cost, ListOf, SlicedList},
    driver::Driver,
    engine::{Engine, EngineId, Stage, Target},
    node,
    race::Race,
    viewer::admin_only,
};
use crate::{
    error::{Code, Result, from_domain},
    loaders::Loaders,
};

/// Where a forecast comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "forecast::Origin", name = "ForecastOrigin")]
pub enum Origin {
    /// Said before the session, the race or qualifying, began.
    Live,
    /// Worked out afterwards from what was known before.
    Backtest,
}

pub struct Forecast {
    answer: Arc<RaceForecast>,
    known: Arc<Known>,
}

impl Forecast {
    /// A forecast and what it is to be understood by.
    #[must_use]
    pub fn new(answer: Arc<RaceForecast>, known: Arc<Known>) -> Self {
        Self { answer, known }
    }

    /// One engine's forecast of a race.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a stage that the engine or the race does not have.
    pub async fn of_race(
        ctx: &Context<'_>,
        race: &race::Model,
        engine: Option<EngineId>,
        stage: Option<Stage>,
        target: Target,
    ) -> Result<Option<Self>> {
        let known = Loaders::of(ctx).known(ctx).await?;
        let engine = engine.as_ref().map(|engine| engine.0.as_str());
        let stage = stage.map(engines::Stage::from);
        let answer = forecast::forecast(app(ctx), &known, race, engine, stage, target.into()).await;
        let answer = match answer {
            // Why, the engine says itself: `Engine.unavailable`.
            Err(Unavailable(_)) => None,
            answer => answer.map_err(from_domain)?,
        };
        Ok(answer.map(|answer| Self { answer, known }))
    }

    /// Every engine's forecast of a race.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a stage that the race does not have.
    pub async fn all_of_race(
        ctx: &Context<'_>,
        race: &race::Model,
        stage: Option<Stage>,
        target: Target,
    ) -> Result<Vec<Self>> {
        let known = Loaders::of(ctx).known(ctx).await?;
        let stage = stage.map(engines::Stage::from);
        let answers = forecast::forecasts(app(ctx), &known, race, stage, target.into())
            .await
            .map_err(from_domain)?;
        let forecast = |answer| Self {
            answer,
            known: Arc::clone(&known),
        };
        Ok(answers.into_iter().map(forecast).collect())
    }

    /// What it says of a driver, by database id; none when he is no entrant.
    #[must_use]
    pub fn of_driver(&self, driver: i32) -> Option<ForecastEntry> {
        let mut entrants = self.answer.entrants.iter();
        let own = |entrant: &EntrantOfRace| {
            let found = entrant.forecast.driver;
            self.known.driver_row(found) == driver
        };
        Some(ForecastEntry {
            index: entrants.position(own)?,
            answer: Arc::clone(&self.answer),
            known: Arc::clone(&self.known),
        })
    }
}

/// What an engine says of a race.
// As soon as its session begins it is frozen, before any event tells of that.
#[Object(cache_control(max_age = 5))]
impl Forecast {
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn engine(&self) -> Result<Engine> {
        engine_of(&self.answer)
    }

    async fn stage(&self) -> Stage {
        self.answer.stage.into()
    }

    /// The session whose order is forecast: places, wins and so on are those of that session.
    async fn target(&self) -> Target {
        self.answer.target.into()
    }

    /// Whether it was said before the session, or is what would have been said.
    async fn origin(&self) -> Origin {
        self.answer.origin.into()
    }

    /// No longer replaced: the session that it is of has begun, or the race is run.
    async fn frozen(&self) -> bool {
        self.answer.frozen || self.known.was_run(self.answer.race_id)
    }

    /// Version of the engine's model that said it; null when the engine was fitted for this
    /// question alone.
    async fn model_version(&self) -> Option<i32> {
        self.answer.model
    }

    async fn race(&self, ctx: &Context<'_>) -> Result<Race> {
        Race::load(ctx, self.answer.race_id).await
    }

    /// The latest race that the engine learned from: nothing later was known to it.
    async fn trained_through(&self, ctx: &Context<'_>) -> Option<Result<Race>> {
        let race = self.answer.trained_through?;
        Some(Race::load(ctx, race).await)
    }

    /// Number of races that the engine learned from.
    async fn trained_on(&self) -> usize {
        self.answer.trained_on
    }

    /// The entrants are those of the latest race, since no entry list is known yet.
    async fn provisional(&self) -> bool {
        self.answer.provisional
    }

    async fn generated_at(&self) -> DateTime<Utc> {
        self.answer.generated_at
    }

    /// All entrants, the likeliest winner first.
    #[graphql(directive = SlicedList::apply(22, "first"))]
    async fn entries(&self, first: Option<usize>) -> Vec<ForecastEntry> {
        (0..self.answer.entrants.len().min(first.unwrap_or(usize::MAX)))
            .map(|index| ForecastEntry {
                answer: Arc::clone(&self.answer),
                known: Arc::clone(&self.known),
                index,
            })
            .collect()
    }

    /// How well it did, by the results as they are now; null until its session is run.
    async fn evaluation(&self) -> Option<ForecastEvaluation> {
        forecast::evaluate(&self.known, &self.answer).map(ForecastEvaluation)
    }

    /// How well what was said before the session seemed to do by results that were corrected since,
    /// the oldest first.
    #[graphql(directive = ListOf::apply(1))]
    async fn earlier_evaluations(&self, ctx: &Context<'_>) -> Result<Vec<EarlierEvaluation>> {
        let Some(word) = self.answer.word else {
            return Ok(Vec::new());
        };
        let found = Loaders::of(ctx).earlier_evaluations.load(word).await?;
        let found = found.iter().flat_map(|all| all.iter().cloned());
        Ok(found.map(EarlierEvaluation).collect())
    }
}

pub struct EarlierEvaluation(forecast::EarlierEvaluation);

/// How well a forecast did by results that were corrected since.
#[Object(name = "EarlierForecastEvaluation", cache_control(max_age = 60))]
impl EarlierEvaluation {
    async fn evaluation(&self) -> ForecastEvaluation {
        ForecastEvaluation(self.0.evaluation.clone())
    }

    async fn evaluated_at(&self) -> DateTime<Utc> {
        self.0.evaluated_at
    }

    /// When it was counted again on the corrected results.
    async fn superseded_at(&self) -> DateTime<Utc> {
        self.0.superseded_at
    }
}

#[derive(Default)]
pub struct ForecastMutation;

#[Object(cache_control(max_age = 0))]
impl ForecastMutation {
    /// Lets an engine say what it thinks of a race, at the latest stage reached unless another is
    /// given; of a past race that no back-test covers it is trained for the question. For
    /// administrators.
    #[graphql(directive = Cost::apply(50))]
    async fn generate_forecast(
        &self,
        ctx: &Context<'_>,
        race: ID,
        engine: EngineId,
        stage: Option<Stage>,
    ) -> Result<Forecast> {
        admin_only(ctx)?;
        let reference = node::reference_of("Race", &race)?.to_owned();
        let row = Loaders::of(ctx).race_by_ref.load(reference).await?;
        let row = row.ok_or_else(|| {
            let race = race.as_str();
            Code::NotFound.error(format!("there is no race {race:?}"))
        })?;
        let known = Loaders::of(ctx).known(ctx).await?;
        let (name, stage) = (engine.0.as_str(), stage.map(engines::Stage::from));
        let target = engines::Target::Race;
        let answer = forecast::generate(app(ctx), &known, &row, name, stage, target).await;
        let answer = answer.map_err(from_domain)?;
        let forecast = answer.map(|answer| Forecast { answer, known });
        forecast.ok_or_else(|| {
            Code::Unavailable.error(format!("nothing can be said of {} yet", row.name))
        })
    }
}

pub struct ForecastEntry {
    answer: Arc<RaceForecast>,
    known: Arc<Known>,
    index: usize,
}

impl ForecastEntry {
    fn part(&self) -> &EntrantOfRace {
        &self.answer.entrants[self.index]
    }
}

/// The engine that said it.
fn engine_of(answer: &RaceForecast) -> Result<Engine> {
    Engine::named(&answer.engine)
        .ok_or_else(|| Code::Unavailable.error("this engine is no longer part of the server"))
}

/// One entrant's part of a forecast.
#[Object(cache_control(max_age = 60))]
impl ForecastEntry {
    /// The engine that says so.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn engine(&self) -> Result<Engine> {
        engine_of(&self.answer)
    }

    async fn driver(&self, ctx: &Context<'_>) -> Result<Driver> {
        Driver::load(ctx, self.known.driver_row(self.part().forecast.driver)).await
    }

    async fn constructor(&self, ctx: &Context<'_>) -> Result<Constructor> {
        let constructor = self.part().forecast.constructor;
        Constructor::load(ctx, self.known.constructor_row(constructor)).await
    }

    /// Log worth: if all finish, the chances to win go with the exponential of it. Contributions
    /// add up to it.
    async fn strength(&self) -> f64 {
        self.part().forecast.strength
    }

    /// Chance to win; in a forecast of qualifying, to take pole.
    async fn win_probability(&self) -> Probability {
        let forecast = &self.part().forecast;
        Probability {
            value: forecast.win,
            low: forecast.win_low,
            high: forecast.win_high,
        }
    }

    /// Chance to come in the first three, 0 to 1.
    async fn podium_probability(&self) -> f64 {
        self.part().forecast.podium
    }

    /// Chance to come in the first ten, 0 to 1.
    async fn points_probability(&self) -> f64 {
        self.part().forecast.points
    }

    /// Chance not to be classified, 0 to 1; null where the engine does not tell it apart.
    async fn retirement_probability(&self) -> Option<f64> {
        self.part().forecast.retirement
    }

    /// Mean place.
    async fn expected_position(&self) -> f64 {
        self.part().forecast.expected_position
    }

    /// The places between which the entrant ends with 90 % probability.
    async fn position_interval(&self) -> PositionInterval {
        let forecast = &self.part().forecast;
        PositionInterval {
            best: forecast.best_position,
            worst: forecast.worst_position,
        }
    }

    /// Chance of each place, the first place first; sums to 1 over places and over entrants.
    async fn position_distribution(&self) -> &[f64] {
        &self.part().forecast.positions
    }

    /// What each feature adds to the entrant's strength, on a log scale: one unit more makes
    /// the chance to beat another entrant e times as likely as before, against not.
    #[graphql(directive = ListOf::apply(6))]
    async fn contributions(&self) -> Vec<FeatureContribution> {
        let parts = self.part().contributions.iter().cloned();
        parts.map(FeatureContribution).collect()
    }
}

pub struct Probability {
    value: f64,
    low: f64,
    high: f64,
}

/// A probability with its uncertainty.
#[Object(cache_control(max_age = 60))]
impl Probability {
    /// 0 to 1.
    async fn value(&self) -> f64 {
        self.value
    }

    /// Lower end of the interval.
    async fn low(&self) -> f64 {
        self.low
    }

    /// Upper end of the interval.
    async fn high(&self) -> f64 {
        self.high
    }

    /// Share of the engine's draws that lie within the interval.
    async fn level(&self) -> f64 {
        LEVEL
    }
}

pub struct PositionInterval {
    best: usize,
    worst: usize,
}

/// Two places and all between.
#[Object(cache_control(max_age = 60))]
impl PositionInterval {
    async fn best(&self) -> usize {
        self.best
    }

    async fn worst(&self) -> usize {
        self.worst
    }
}

pub struct FeatureContribution(FeaturePart);

/// What one feature adds to a strength.
#[Object(cache_control(max_age = 60))]
impl FeatureContribution {
    async fn feature(&self) -> &str {
        &self.0.feature
    }

    async fn value(&self) -> f64 {
        self.0.value
    }
}

pub struct ForecastEvaluation(engines::Evaluation);

/// How well a forecast did.
#[Object(cache_control(max_age = 60))]
impl ForecastEvaluation {
    /// −ln of the probability given to the winner; 0 is perfect.
    async fn winner_log_loss(&self) -> f64 {
        self.0.winner_log_loss
    }

    /// Mean squared error of the win probabilities; 0 is perfect.
    async fn winner_brier(&self) -> f64 {
        self.0.winner_brier
    }

    /// 1 if the likeliest winner won.
    async fn hit(&self) -> f64 {
        self.0.hit
    }

    /// Share of the podium among the three likeliest to stand on it.
    async fn podium_overlap(&self) -> f64 {
        self.0.podium_overlap
    }

    /// Ranked probability score of the places, mean over entrants; 0 is perfect.
    async fn rps(&self) -> f64 {
        self.0.rps
    }

    /// Rank correlation of expected and actual places.
    async fn spearman(&self) -> Option<f64> {
        self.0.spearman
    }

    /// Share of entrants that ended within their 90 % interval.
    async fn coverage90(&self) -> f64 {
        self.0.coverage_90
    }

    /// Mean distance of expected and actual place.
    async fn position_mae(&self) -> f64 {
        self.0.position_mae
    }
}
