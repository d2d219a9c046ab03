//! How far the pipeline is, and what it has come to.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
};

use domain::{
    App, event,
    job::{Kind, Status},
    live::{
        board::Board,
        follow::{self as following, Source as Followed},
    },
    season,
};
use entities::{
    forecast, job, lap, model, production_model, qualifying_result, race, session::Kind as Session,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use super::{RACE, house::House};
use crate::support::rows::{Rows, all_rows, assert_same};

/// Jobs that follow from what becomes known. All others come by the clock, whatever is known.
const PIPELINE: [Kind; 9] = [
    Kind::Results,
    Kind::Details,
    Kind::Live,
    Kind::Train,
    Kind::Forecasts,
    Kind::Freeze,
    Kind::Score,
    Kind::ScoreLeagues,
    Kind::PlanDrafts,
];

/// Jobs of which there is one for each version of what they rest on.
const BY_VERSION: [Kind; 6] = [
    Kind::Progress,
    Kind::Train,
    Kind::Forecasts,
    Kind::Score,
    Kind::ScoreLeagues,
    Kind::PlanDrafts,
];

/// What both servers are asked in the end.
const SHOWN: &str = "{
  race(ref: \"2023_monaco\") {
    status
    results { positionText points laps grid driver { ref } constructor { ref } }
    qualifying { position driver { ref } }
  }
  season(year: 2023) {
    driverStandings { position points wins driver { ref } }
    constructorStandings { position points wins constructor { ref } }
  }
  liveRace(race: \"2023_monaco\") { status lapsCompleted }
  nextRace { ref }
}";

/// How far a weekend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The grid is known, and all was done that follows from it.
    Qualified,
    /// Results and laps of the race are, and all was done.
    Raced,
}

impl Stage {
    /// Whether that is so.
    pub async fn is_reached(self, house: &House) -> Result<bool, DbErr> {
        let app = &house.app;
        let Some(race) = season::race(&app.db, RACE).await? else {
            return Ok(false);
        };
        let known = match self {
            Self::Qualified => {
                let grid = qualifying_result::Entity::find()
                    .filter(qualifying_result::Column::RaceId.eq(race.id))
                    .filter(qualifying_result::Column::Session.eq(Session::Qualifying));
                grid.count(&app.db).await? > 0
            }
            Self::Raced => {
                let laps = lap::Entity::find().filter(lap::Column::RaceId.eq(race.id));
                race.status == race::Status::Completed && laps.count(&app.db).await? > 0
            }
        };
        Ok(known && is_at_rest(app, house.trains()).await?)
    }
}

/// Whether nothing is left to be done that follows from what is known.
async fn is_at_rest(app: &App, trains: bool) -> Result<bool, DbErr> {
    let data = event::last_sequence(&app.db, event::DATA).await?;
    let models = event::last_sequence(&app.db, event::MODEL).await?;
    let jobs = job::Entity::find().all(&app.db).await?;
    let is_over = |job: &&job::Model| matches!(job.status, Status::Succeeded | Status::Failed);
    let over: BTreeSet<&str> = jobs
        .iter()
        .filter(is_over)
        .map(|job| job.key.as_str())
        .collect();
    let mut open = jobs.iter().filter(|job| !is_over(job));
    let busy = open.any(|job| Kind::named(&job.kind).is_some_and(|kind| PIPELINE.contains(&kind)));
    let mut latest = vec![
        format!("forecasts@{data}.{models}"),
        format!("score@{data}"),
        format!("score_leagues@{data}"),
        format!("plan_drafts@{data}"),
    ];
    if trains {
        latest.push(format!("train@{data}"));
    }
    Ok(!busy && latest.iter().all(|key| over.contains(key.as_str())))
}

/// All jobs, for a test that waits in vain.
pub async fn jobs(app: &App) -> Vec<job::Model> {
    let jobs = job::Entity::find().order_by_asc(job::Column::Id);
    jobs.all(&app.db).await.unwrap()
}

/// What a weekend has come to, without what depends on how often something was tried and when.
pub struct EndState {
    /// Every row of races, results, laps, standings …, without the time at which it was written.
    rows: Rows,
    forecasts: BTreeSet<String>,
    models: BTreeSet<String>,
    /// How the race ended as it was followed. The events that led there are as many as there were
    /// moments at which something new was heard.
    board: Board,
    jobs: BTreeMap<String, job::Model>,
    /// What the servers say.
    shown: [Value; 2],
}

impl EndState {
    pub async fn read(house: &House) -> Self {
        let app = &house.app;
        let race = Followed::Race(house.race().await);
        let snapshot = following::snapshot(app, &race).await.unwrap();
        let jobs = jobs(app).await;
        Self {
            rows: all_rows(&app.db).await,
            forecasts: forecasts(app).await,
            models: models(app).await,
            board: Board::clone(&snapshot.board),
            jobs: jobs.into_iter().map(|job| (job.key.clone(), job)).collect(),
            shown: [house.data(0, SHOWN).await, house.data(1, SHOWN).await],
        }
    }

    /// Fails the test when another came to something else than this one, which nothing disturbed.
    pub fn assert_is_that_of(&self, other: &Self) {
        assert_same(&self.rows, &other.rows);
        assert_equal("forecasts", &self.forecasts, &other.forecasts);
        assert_equal("models", &self.models, &other.models);
        for (number, car) in &self.board.cars {
            assert_eq!(Some(car), other.board.cars.get(number), "{number}");
        }
        assert_eq!(self.board, other.board);
        for shown in [&self.shown[1], &other.shown[0], &other.shown[1]] {
            assert_eq!(shown, &self.shown[0]);
        }
        self.assert_jobs_done();
        other.assert_jobs_done();
        let of_the_clock = |state: &Self| -> BTreeSet<String> {
            let jobs = state.jobs.values().filter(|job| is_by_the_clock(job));
            jobs.map(|job| job.key.clone()).collect()
        };
        // Who was disturbed took longer, and may have come to ticks that the other has not.
        let (expected, found) = (of_the_clock(self), of_the_clock(other));
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(missing.is_empty(), "never done: {missing:?}");
    }

    /// Fails the test when all was equal because nothing has happened.
    pub fn assert_is_no_empty_one(&self) {
        for said in [
            format!("{RACE} regression POST_QUALIFYING RACE"),
            format!("{RACE} random_forest POST_QUALIFYING RACE"),
            format!("{RACE} xgboost POST_QUALIFYING RACE"),
            format!("{RACE} grid POST_QUALIFYING RACE"),
            "2023_spanish regression PRE_WEEKEND RACE".to_owned(),
        ] {
            let found = self.forecasts.iter().any(|one| one.starts_with(&said));
            assert!(found, "no {said} among {:#?}", self.forecasts);
        }
        assert!(self.board.finished());
        assert_eq!(self.board.laps_done(), 78);
        assert_eq!(self.shown[0]["nextRace"]["ref"], "2023_spanish");
        assert!(self.jobs.contains_key("live:2023_monaco@live"));
    }

    /// A tick has one row, and its job was done; how many tries that took is not asked here.
    fn assert_jobs_done(&self) {
        let failed = self
            .jobs
            .values()
            .filter(|job| job.status == Status::Failed);
        // Whether services are there is asked once each half hour, and not again.
        let mut failed = failed.filter(|job| job.kind != Kind::Health.name());
        assert_eq!(failed.next(), None);
    }
}

/// Left out are ticks that are versions, since there are as many as there were moments at which the
/// worker looked; what was asked for by the worker itself because a model was missing; and the look
/// for services, which comes so often that one may pass while nobody is there: of what was missed
/// the latest tick alone is made up for.
fn is_by_the_clock(job: &job::Model) -> bool {
    let kind = Kind::named(&job.kind).expect("a kind");
    let done = job.status == Status::Succeeded;
    done && kind != Kind::Health && !BY_VERSION.contains(&kind) && !job.tick.starts_with("by hand")
}

/// The forecasts that were said before sessions: what each rests on, when it was frozen and how well
/// it did. When it was worked out, and by which row of a model, may differ.
async fn forecasts(app: &App) -> BTreeSet<String> {
    let races = races(app).await;
    let live = forecast::Entity::find()
        .filter(forecast::Column::Origin.eq(forecast::Origin::Live))
        .all(&app.db)
        .await
        .unwrap();
    let text = |row: forecast::Model| {
        let forecast::Model {
            race_id,
            engine,
            stage,
            target,
            frozen_at,
            fingerprint,
            evaluation,
            results,
            ..
        } = row;
        let race = &races[&race_id];
        format!(
            "{race} {engine} {stage} {target} rests on {fingerprint}, frozen at {frozen_at:?}, \
             by {results:?} {evaluation:?}"
        )
    };
    live.into_iter().map(text).collect()
}

/// The models in production: what each has learned, from what. Its version counts trainings that
/// learned something else, and there may have been one between two parts of the same news.
async fn models(app: &App) -> BTreeSet<String> {
    let races = races(app).await;
    let models = model::Entity::find().all(&app.db).await.unwrap();
    let models: HashMap<i32, model::Model> =
        models.into_iter().map(|model| (model.id, model)).collect();
    let production = production_model::Entity::find().all(&app.db).await;
    let text = |row: production_model::Model| {
        let model = &models[&row.model_id];
        let through = model.trained_through.map(|race| &races[&race]);
        let model::Model {
            engine,
            trained_on,
            fingerprint,
            sha256,
            ..
        } = model;
        format!("{engine} on {trained_on} races to {through:?}, {fingerprint}: {sha256}")
    };
    production.unwrap().into_iter().map(text).collect()
}

async fn races(app: &App) -> HashMap<i32, String> {
    let races = race::Entity::find().all(&app.db).await.unwrap();
    let named = races.into_iter().map(|race| (race.id, race.reference));
    named.collect()
}

/// Says what differs instead of printing both.
fn assert_equal<T: Ord + Debug>(what: &str, expected: &BTreeSet<T>, found: &BTreeSet<T>) {
    let missing: Vec<_> = expected.difference(found).collect();
    let more: Vec<_> = found.difference(expected).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "{what} differ: missing {missing:#?}, instead {more:#?}"
    );
}
