//! How well engines did on past races, from stored back-tests.

use std::ops::RangeInclusive;

use async_graphql::{Context, ID, InputObject, MergedObject, Object};
use chrono::{DateTime, Utc};
use domain::{
    backtest::{self, Comparison, Difference, DriverAccuracy, Missing, Score, Walker},
    error::Error as Domain,
};
use engines::evaluation::{Bin, Calibration as Calibrated, Summary};

use super::{
    app,
    directive::{Cost, ListOf},
    engine::{Engine, Stage, Target},
    node::{find_circuit, find_driver},
};
use crate::{
    error::{Result, bad_input, from_domain},
    loaders::Loaders,
};

pub struct Means(Summary);

/// Means over races.
#[Object(cache_control(max_age = 300))]
impl Means {
    /// Number of races.
    async fn races(&self) -> usize {
        self.0.races
    }

    /// −ln of the probability given to the winner; 0 is perfect.
    async fn winner_log_loss(&self) -> f64 {
        self.0.winner_log_loss
    }

    /// Mean squared error of the win probabilities; 0 is perfect.
    async fn winner_brier(&self) -> f64 {
        self.0.winner_brier
    }

    /// Share of races that the likeliest winner won.
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
    async fn spearman(&self) -> f64 {
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

    /// Mean distance of forecast chance to win and frequency of wins over ten bins of chance,
    /// weighted by entrants; 0 is perfect.
    async fn calibration_error(&self) -> f64 {
        self.0.calibration_error
    }
}

pub struct Season(i32);

/// Of which season.
#[Object(name = "SeasonOfScore", cache_control(max_age = 300))]
impl Season {
    /// Year of the championship.
    async fn season(&self) -> i32 {
        self.0
    }
}

/// How well an engine did in one season.
#[derive(MergedObject)]
#[graphql(cache_control(max_age = 300))]
pub struct SeasonScore(Season, Means);

pub struct Walked(Score);

/// What an engine did.
#[Object(cache_control(max_age = 300))]
impl Walked {
    async fn engine(&self) -> Engine {
        Engine::of(self.0.engine)
    }

    /// How many seconds the walk through all races of its run took; the walks of engines that it
    /// learns from are not counted.
    async fn seconds(&self) -> f64 {
        self.0.seconds
    }

    /// When that was.
    async fn generated_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// The engine has changed since: a new back-test would give other numbers.
    async fn outdated(&self) -> bool {
        self.0.outdated
    }

    /// Whether what is given a chance of 30 % comes about 3 times in 10.
    async fn calibration(&self) -> Calibration {
        Calibration(self.0.calibration.clone())
    }

    /// Winner log-loss beside the baseline's; null for the baseline itself.
    async fn difference_to_baseline(&self) -> Option<DifferenceToBaseline> {
        self.0.difference.clone().map(DifferenceToBaseline)
    }

    /// Season by season, the earliest first.
    #[graphql(directive = ListOf::apply(8))]
    async fn by_season(&self) -> Vec<SeasonScore> {
        let seasons = self.0.by_season.iter().cloned();
        let score = |(season, summary)| SeasonScore(Season(season), Means(summary));
        seasons.map(score).collect()
    }
}

/// How well an engine did over the seasons compared.
#[derive(MergedObject)]
#[graphql(cache_control(max_age = 300))]
pub struct ModelScore(Walked, Means);

pub struct DifferenceToBaseline(Difference);

/// An engine's mean winner log-loss beside the baseline's over the races that both forecast.
#[Object(cache_control(max_age = 300))]
impl DifferenceToBaseline {
    /// The yardstick.
    async fn baseline(&self) -> Engine {
        Engine::of(self.0.baseline)
    }

    /// Number of races that both forecast.
    async fn races(&self) -> usize {
        self.0.paired.races
    }

    /// The engine's minus the baseline's; below 0 when the engine is better.
    async fn value(&self) -> f64 {
        self.0.paired.value
    }

    /// Lower end of the 95 % interval (paired bootstrap over races).
    async fn low(&self) -> f64 {
        self.0.paired.low
    }

    /// Upper end of the 95 % interval.
    async fn high(&self) -> f64 {
        self.0.paired.high
    }

    /// The engine's as a share of the baseline's; below 1 when the engine is better.
    async fn ratio(&self) -> f64 {
        self.0.ratio
    }
}

pub struct Calibration(Calibrated);

impl Calibration {
    /// An engine's calibration over all stored races; `None` when there are none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(ctx: &Context<'_>, asked: Walker) -> Result<Option<Self>> {
        let Some(races) = Loaders::of(ctx).backtests.load(asked).await? else {
            return Ok(None);
        };
        // Thousands of resamples: off the async threads.
        let work = move || Calibrated::of(races.iter().map(|race| &race.evaluation));
        let calibration = tokio::task::spawn_blocking(work).await;
        let stopped = |error: tokio::task::JoinError| Domain::Internal(error.to_string());
        Ok(calibration.map_err(stopped).map_err(from_domain)?.map(Self))
    }
}

/// Forecast chances to win beside how often they came about.
#[Object(cache_control(max_age = 300))]
impl Calibration {
    /// Entrants of all races, by their forecast chance: ten bins of equal width.
    // One more than there are: 10 is what a list counts for that does not say its size.
    #[graphql(directive = ListOf::apply(11))]
    async fn bins(&self) -> Vec<CalibrationBin> {
        self.0.bins.iter().cloned().map(CalibrationBin).collect()
    }

    /// Mean distance of forecast and frequency over the bins, weighted by entrants; 0 is perfect.
    async fn error(&self) -> f64 {
        self.0.error
    }

    /// Lower end of the 95 % interval of the error (bootstrap over races, less what resampling
    /// adds on average).
    async fn low(&self) -> f64 {
        self.0.low
    }

    /// Upper end of the 95 % interval of the error.
    async fn high(&self) -> f64 {
        self.0.high
    }
}

pub struct CalibrationBin(Bin);

/// Entrants whose chance to win was forecast to be about the same.
#[Object(cache_control(max_age = 300))]
impl CalibrationBin {
    /// Lowest chance of the bin.
    async fn low(&self) -> f64 {
        self.0.low
    }

    /// Lowest chance of the next bin.
    async fn high(&self) -> f64 {
        self.0.high
    }

    /// How many entrants there were.
    async fn entrants(&self) -> usize {
        self.0.entrants
    }

    /// Their mean chance to win; null without entrants.
    async fn forecast(&self) -> Option<f64> {
        self.0.forecast
    }

    /// Share of them that won; null without entrants.
    async fn frequency(&self) -> Option<f64> {
        self.0.frequency
    }
}

pub struct Span(backtest::Accuracy);

/// Of which races.
#[Object(cache_control(max_age = 300))]
impl Span {
    /// Season of the first of the races.
    async fn first_season(&self) -> i32 {
        self.0.first_season
    }

    /// Season of the last of the races.
    async fn last_season(&self) -> i32 {
        self.0.last_season
    }

    /// How well it did on the driver asked about; null when none was.
    async fn of_driver(&self) -> Option<DriverScore> {
        self.0.driver.map(DriverScore)
    }
}

/// How well an engine did on the races asked about, each forecast from the races before it alone.
#[derive(MergedObject)]
#[graphql(cache_control(max_age = 300))]
pub struct Accuracy(Span, Means);

impl Accuracy {
    /// An engine's accuracy on some races; `None` when none of them is stored.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for the id of something else.
    pub async fn of(
        ctx: &Context<'_>,
        asked: Walker,
        season: Option<i32>,
        circuit: Option<ID>,
        driver: Option<ID>,
    ) -> Result<Option<Self>> {
        let loaders = Loaders::of(ctx);
        let circuit = match circuit {
            None => None,
            Some(id) => {
                let Some(found) = find_circuit(ctx, reference(&id, "Circuit")?).await? else {
                    return Ok(None);
                };
                Some(found.0.id)
            }
        };
        let driver = match driver {
            None => None,
            Some(id) => {
                let Some(found) = find_driver(ctx, reference(&id, "Driver")?).await? else {
                    return Ok(None);
                };
                Some(loaders.known(ctx).await?.driver_id(found.0.id))
            }
        };
        let races = loaders.backtests.load(asked).await?;
        let races = races.as_ref().map_or(&[][..], |races| races.as_slice());
        let accuracy = backtest::accuracy(races, season, circuit, driver);
        Ok(accuracy.map(|found| {
            let means = Means(found.summary.clone());
            Self(Span(found), means)
        }))
    }
}

/// The ref in an id such as `Circuit:monza`; the ref alone will do.
fn reference<'a>(id: &'a ID, kind: &str) -> Result<&'a str> {
    match id.split_once(':') {
        None => Ok(id.as_str()),
        Some((found, reference)) if found == kind => Ok(reference),
        Some(_) => Err(bad_input(format!("{:?} names no {kind}", id.as_str()))),
    }
}

pub struct DriverScore(DriverAccuracy);

/// How well an engine did on one driver.
#[Object(cache_control(max_age = 300))]
impl DriverScore {
    /// Number of wins.
    async fn wins(&self) -> f64 {
        self.0.wins
    }

    /// Number of wins that were to be expected: the sum of the chances.
    async fn expected_wins(&self) -> f64 {
        self.0.expected_wins
    }

    /// Mean squared error of the chance to win; 0 is perfect.
    async fn win_brier(&self) -> f64 {
        self.0.win_brier
    }

    /// Mean distance of expected and actual place.
    async fn position_error(&self) -> f64 {
        self.0.position_error
    }
}

pub struct MissingScore(Missing);

/// An engine that answers at the stage but has no score.
#[Object(cache_control(max_age = 300))]
impl MissingScore {
    async fn engine(&self) -> Engine {
        Engine::of(self.0.engine)
    }

    /// Why, in a sentence.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

pub struct ModelComparison {
    stage: Stage,
    target: Target,
    comparison: Comparison,
}

impl ModelComparison {
    async fn of(
        ctx: &Context<'_>,
        seasons: Option<SeasonRange>,
        stage: Stage,
        target: Target,
    ) -> Result<Self> {
        let seasons = seasons.map(|range| range.first..=range.last);
        if seasons.as_ref().is_some_and(RangeInclusive::is_empty) {
            return Err(bad_input("`seasons` ends before it begins"));
        }
        let compared = backtest::compare(app(ctx), seasons, stage.into(), target.into());
        Ok(Self {
            stage,
            target,
            comparison: compared.await.map_err(from_domain)?,
        })
    }
}

/// Engines side by side on the same races, each race forecast from the races before it alone.
#[Object(cache_control(max_age = 300))]
impl ModelComparison {
    /// Null when no back-test is stored and no seasons were asked for.
    async fn first_season(&self) -> Option<i32> {
        let seasons = self.comparison.seasons.as_ref();
        seasons.map(|seasons| *seasons.start())
    }

    /// Null when no back-test is stored and no seasons were asked for.
    async fn last_season(&self) -> Option<i32> {
        let seasons = self.comparison.seasons.as_ref();
        seasons.map(|seasons| *seasons.end())
    }

    /// What was known of each race.
    async fn stage(&self) -> Stage {
        self.stage
    }

    /// Which session was forecast.
    async fn target(&self) -> Target {
        self.target
    }

    /// Whom the engines are held against.
    async fn baseline(&self) -> Option<Engine> {
        self.comparison.baseline.map(Engine::of)
    }

    /// The engines, baselines last.
    #[graphql(directive = ListOf::apply(8))]
    async fn rows(&self) -> Vec<ModelScore> {
        let scores = self.comparison.scores.iter().cloned();
        let row = |score: Score| {
            let means = Means(score.summary.clone());
            ModelScore(Walked(score), means)
        };
        scores.map(row).collect()
    }

    /// Engines of which no back-test of these seasons is stored.
    #[graphql(directive = ListOf::apply(8))]
    async fn missing(&self) -> Vec<MissingScore> {
        let missing = self.comparison.missing.iter().cloned();
        missing.map(MissingScore).collect()
    }
}

/// From one season to another, both included.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct SeasonRange {
    /// Year of the first season.
    first: i32,
    /// Year of the last season.
    last: i32,
}

#[derive(Default)]
pub struct BacktestQuery;

#[Object(cache_control(max_age = 3600))]
impl BacktestQuery {
    /// Engines side by side over past seasons, from stored back-tests; without seasons over those
    /// of the longest.
    #[graphql(directive = Cost::apply(50))]
    async fn model_comparison(
        &self,
        ctx: &Context<'_>,
        seasons: Option<SeasonRange>,
        #[graphql(default_with = "Stage::PostQualifying")] stage: Stage,
        #[graphql(default_with = "Target::Race")] target: Target,
    ) -> Option<Result<ModelComparison>> {
        // Boxed: the future of each field of an object takes as much room as its largest.
        Some(Box::pin(ModelComparison::of(ctx, seasons, stage, target)).await)
    }
}
