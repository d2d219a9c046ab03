//! Forecasts that are said before the race: written down, frozen when their session begins, scored
//! when it is run, and again when its results are corrected.

mod restless;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App, backtest,
    clock::Clock,
    event,
    forecast::{self, Origin, RaceForecast},
    import::{
        bundled::Bundled,
        import,
        record::{Catalogue, RaceRecord},
        source::{Problem, Refused, Source, SourceError, TableCount},
    },
    model,
};
use engines::{RaceId, Stage, Target};
use entities::{
    forecast as row, forecast_evaluation, race, race_source, result,
    session::{self, Kind},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, json::items};

const RACE: &str = "2022_bahrain";

/// Moments of its weekend.
const FRIDAY: &str = "2022-03-18T12:00:00Z";
const QUALIFYING: &str = "2022-03-19T15:00:00Z";
const QUALIFIED: &str = "2022-03-19T17:00:00Z";
const START: &str = "2022-03-20T15:00:00Z";
const OVER: &str = "2022-03-20T18:00:00Z";
const TUESDAY: &str = "2022-03-22T09:00:00Z";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A server whose clock stands at a moment, on a database without races.
async fn server(now: &str) -> TestApp {
    TestApp::start(Setup {
        now: time(now),
        ..Setup::default()
    })
    .await
}

/// The application at another moment.
fn at(app: &TestApp, now: &str) -> App {
    App {
        clock: Clock::standing(time(now)),
        ..app.app.clone()
    }
}

/// The same with all that was public then.
async fn public(app: &TestApp, now: &str) -> App {
    let then = at(app, now);
    jobs::bundled::load(&then, |_| {}).await.unwrap();
    then
}

async fn bahrain(app: &App) -> race::Model {
    let found = race::Entity::find().filter(race::Column::Reference.eq(RACE));
    found.one(&app.db).await.unwrap().unwrap()
}

async fn publish(app: &App) -> usize {
    forecast::publish(app, &bahrain(app).await).await.unwrap()
}

/// All live rows, in the order in which they were told.
async fn words(app: &App) -> Vec<row::Model> {
    row::Entity::find()
        .filter(row::Column::Origin.eq(Origin::Live))
        .order_by_asc(row::Column::Sequence)
        .all(&app.db)
        .await
        .unwrap()
}

/// Engines, stages and targets.
fn named(words: &[row::Model]) -> BTreeSet<(String, String, String)> {
    let names = words
        .iter()
        .map(|word| (word.engine.clone(), word.stage.clone(), word.target.clone()));
    names.collect()
}

/// How often each kind of event was told.
async fn told(app: &App) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let events = entities::event::Entity::find()
        .filter(entities::event::Column::Stream.eq(event::FORECAST))
        .all(&app.db)
        .await
        .unwrap();
    for event in events {
        *counts.entry(event.kind).or_default() += 1;
    }
    counts
}

fn count(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    let counts = counts.iter();
    counts.map(|(kind, n)| ((*kind).to_owned(), *n)).collect()
}

async fn asked(app: &App, engine: &str, stage: Stage, target: Target) -> RaceForecast {
    let known = forecast::known(app).await.unwrap();
    let race = bahrain(app).await;
    let said = forecast::forecast(app, &known, &race, Some(engine), Some(stage), target);
    (*said.await.unwrap().unwrap()).clone()
}

/// Changes a race in the database, as an import does.
async fn change(app: &App, change: impl FnOnce(&mut race::ActiveModel)) {
    let mut race = bahrain(app).await.into_active_model();
    change(&mut race);
    let row = race.update(&app.db).await.unwrap();
    let session = session::Entity::find_by_id((row.id, Kind::Race));
    let session = session.one(&app.db).await.unwrap().unwrap();
    let mut session = session.into_active_model();
    session.starts_at = Set(row.starts_at);
    session.update(&app.db).await.unwrap();
    let now = app.clock.now();
    event::append(&app.db, event::DATA, "race_imported", &row.reference, now)
        .await
        .unwrap();
    app.bus.committed();
}

/// The bundled facts of one race, put right by somebody who is trusted more.
struct Corrected {
    facts: Bundled,
    left: usize,
}

impl Corrected {
    async fn read(app: &App) {
        let facts = Bundled::new(app.clock.now());
        let summary = import(app, Self { facts, left: 1 }, |_| {}).await.unwrap();
        assert_eq!((summary.changed, summary.refused.len()), (1, 0));
    }
}

impl Source for Corrected {
    fn id(&self) -> race_source::Source {
        race_source::Source::Jolpica
    }

    fn origin(&self) -> String {
        "a decision of the stewards".to_owned()
    }

    fn race_count(&self) -> usize {
        1
    }

    async fn catalogue(&mut self) -> Result<Catalogue, SourceError> {
        self.facts.catalogue().await
    }

    /// The winner is disqualified.
    async fn next_race(&mut self) -> Option<Result<RaceRecord, Refused>> {
        while self.left > 0 {
            let mut race = self.facts.next_race().await?.unwrap();
            if (race.season, race.round) == (2022, 1) {
                self.left = 0;
                let last = i32::try_from(race.results.len()).unwrap();
                for car in &mut race.results {
                    if car.position_order == 1 {
                        car.position_order = last;
                        car.position = None;
                        "D".clone_into(&mut car.position_text);
                        car.points = 0;
                        car.status = result::Status::Disqualified;
                        "Disqualified".clone_into(&mut car.status_text);
                    } else {
                        car.position_order -= 1;
                        car.position = car.position.map(|place| place - 1);
                    }
                }
                race.results.sort_by_key(|car| car.position_order);
                return Some(Ok(race));
            }
        }
        None
    }

    fn warnings(&mut self) -> Vec<Problem> {
        Vec::new()
    }

    fn tables(&self) -> Vec<TableCount> {
        Vec::new()
    }
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one life from its beginning to its end"
)]
async fn a_forecast_is_said_before_frozen_at_the_start_scored_after_and_scored_again() {
    let app = server(TUESDAY).await;
    let friday = public(&app, FRIDAY).await;
    assert_eq!(publish(&friday).await, 5);
    let first = words(&friday).await;
    let name = |engine: &str, stage: &str, target: &str| {
        (engine.to_owned(), stage.to_owned(), target.to_owned())
    };
    let before_the_weekend = [
        name("elo", "PRE_WEEKEND", "RACE"),
        name("form", "PRE_WEEKEND", "RACE"),
        name("uniform", "PRE_WEEKEND", "RACE"),
        name("elo", "PRE_WEEKEND", "QUALIFYING"),
        name("uniform", "PRE_WEEKEND", "QUALIFYING"),
    ];
    assert_eq!(named(&first), before_the_weekend.into());
    for word in &first {
        assert_eq!(word.generated_at, time(FRIDAY));
        assert_eq!((word.frozen_at, &word.evaluation), (None, &None));
    }
    // Twice is once, also by who knows nothing of the first time.
    assert_eq!(publish(&friday).await, 0);
    assert_eq!(publish(&beside(&friday).await).await, 0);
    assert_eq!(words(&friday).await, first);
    assert_eq!(forecast::freeze(&friday).await.unwrap(), 0);

    // Qualifying begins: what was said of it stands.
    let late = at(&app, "2022-03-19T15:07:00Z");
    assert_eq!(forecast::freeze(&late).await.unwrap(), 2);
    assert_eq!(forecast::freeze(&late).await.unwrap(), 0);
    let frozen = words(&late).await;
    for (word, before) in frozen.iter().zip(&first) {
        let of_qualifying = word.target == "QUALIFYING";
        assert_eq!(word.frozen_at, of_qualifying.then(|| time(QUALIFYING)));
        assert_eq!(word.body, before.body);
    }

    // The grid is known: more is said, and otherwise, but not of qualifying, which is scored.
    let qualified = public(&app, QUALIFIED).await;
    assert_eq!(forecast::score(&qualified).await.unwrap(), 2);
    let written = publish(&qualified).await;
    let second = words(&qualified).await;
    let stages: BTreeSet<_> = second
        .iter()
        .filter(|word| word.target == "RACE")
        .map(|word| word.stage.as_str())
        .collect();
    assert_eq!(
        stages,
        ["POST_QUALIFYING", "PRE_QUALIFYING", "PRE_WEEKEND"].into()
    );
    assert_eq!(written, second.len() - 2);
    assert!(second.iter().any(|word| word.engine == "grid"));
    for word in second.iter().filter(|word| word.target == "RACE") {
        assert_eq!(word.generated_at, time(QUALIFIED));
    }

    // The race begins: nothing is said any more.
    assert_eq!(publish(&at(&app, START)).await, 0);
    let late = at(&app, "2022-03-20T15:00:40Z");
    assert_eq!(forecast::freeze(&late).await.unwrap(), written);
    // Not even when it turns out to be later.
    change(&late, |race| {
        race.starts_at = Set(Some(time(START) + TimeDelta::hours(20)));
    })
    .await;
    change_what_is_known(&late).await;
    assert_eq!(publish(&late).await, 0);
    change(&late, |race| race.starts_at = Set(Some(time(START)))).await;
    let third = words(&late).await;
    for word in third.iter().filter(|word| word.target == "RACE") {
        assert_eq!(word.frozen_at, Some(time(START)));
    }

    // It is run.
    assert_eq!(forecast::score(&late).await.unwrap(), 0);
    let over = public(&app, OVER).await;
    assert_eq!(forecast::score(&over).await.unwrap(), written);
    assert_eq!(forecast::score(&over).await.unwrap(), 0);
    let known = forecast::known(&over).await.unwrap();
    let scored = words(&over).await;
    for word in &scored {
        let target = if word.target == "RACE" {
            Target::Race
        } else {
            Target::Qualifying
        };
        let stage = stage(&word.stage);
        let said = asked(&over, &word.engine, stage, target).await;
        assert_eq!((said.origin, said.frozen), (Origin::Live, true));
        assert_eq!(said.generated_at, word.generated_at);
        let evaluation = forecast::evaluate(&known, &said).unwrap();
        let evaluation = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(word.evaluation.as_ref(), Some(&evaluation));
    }
    let bahrain_won = "{ race(ref: \"2022_bahrain\") {
        forecast(engine: ELO, stage: POST_QUALIFYING) { origin frozen generatedAt modelVersion
          evaluation { winnerLogLoss } earlierEvaluations { evaluation { winnerLogLoss } supersededAt } }
        forecasts { engine { id } origin frozen }
        qualifyingForecast(engine: ELO, stage: PRE_WEEKEND) { origin frozen evaluation { hit } earlierEvaluations { evaluatedAt } } }
      engine(id: ELO) { live: accuracy(origin: LIVE) { races winnerLogLoss } accuracy { races } } }";
    let before = app.data(bahrain_won).await;
    let elo = &before["race"]["forecast"];
    assert_eq!(elo["origin"], "LIVE");
    assert_eq!(elo["frozen"], true);
    assert_eq!(elo["generatedAt"], "2022-03-19T17:00:00+00:00");
    assert_eq!(elo["modelVersion"], Value::Null);
    assert_eq!(elo["earlierEvaluations"], json!([]));
    for said in items(&before["race"]["forecasts"]) {
        assert_eq!(
            (&said["origin"], &said["frozen"]),
            (&json!("LIVE"), &json!(true))
        );
    }
    let qualifying = &before["race"]["qualifyingForecast"];
    assert_eq!(
        (&qualifying["origin"], &qualifying["frozen"]),
        (&json!("LIVE"), &json!(true))
    );
    assert!(qualifying["evaluation"].is_object(), "{qualifying}");
    let live = &before["engine"]["live"];
    assert_eq!(live["races"], 1);
    let loss = &elo["evaluation"]["winnerLogLoss"];
    assert!(close(&live["winnerLogLoss"], loss), "{live}");
    assert_eq!(before["engine"]["accuracy"], Value::Null);

    // The winner is disqualified two days later.
    let tuesday = at(&app, TUESDAY);
    Corrected::read(&tuesday).await;
    assert_eq!(forecast::score(&tuesday).await.unwrap(), written);
    assert_eq!(forecast::score(&tuesday).await.unwrap(), 0);
    let after = app.data(bahrain_won).await;
    let again = &after["race"]["forecast"];
    let new_loss = &again["evaluation"]["winnerLogLoss"];
    assert!(!close(new_loss, loss), "{again}");
    let earlier = items(&again["earlierEvaluations"]);
    assert_eq!(earlier.len(), 1);
    assert!(close(&earlier[0]["evaluation"]["winnerLogLoss"], loss));
    assert_eq!(earlier[0]["supersededAt"], "2022-03-22T09:00:00+00:00");
    let live = &after["engine"]["live"];
    assert!(close(&live["winnerLogLoss"], new_loss), "{live}");
    // Nothing was corrected in qualifying.
    assert_eq!(after["race"]["qualifyingForecast"], *qualifying);
    let kept = forecast_evaluation::Entity::find();
    assert_eq!(kept.count(&app.app.db).await.unwrap(), written as u64);
    for (word, before) in words(&tuesday).await.iter().zip(&scored) {
        assert_eq!(word.body, before.body);
        assert_eq!(word.frozen_at, before.frozen_at);
    }
    let expected = count(&[
        (event::FORECAST_PUBLISHED, 5 + written),
        (event::FORECAST_FROZEN, 2 + written),
        (event::FORECAST_SCORED, 2 + 2 * written),
    ]);
    assert_eq!(told(&tuesday).await, expected);
}

/// Equal but for the last digit, which reading what was written may change.
fn close(one: &Value, other: &Value) -> bool {
    (one.as_f64().unwrap() - other.as_f64().unwrap()).abs() < 1e-9
}

fn stage(name: &str) -> Stage {
    let mut stages = Stage::ALL.into_iter();
    stages
        .find(|stage| forecast::stage_name(*stage) == name)
        .unwrap()
}

/// A second process, so to speak: an application of its own on the same database.
async fn beside(app: &App) -> App {
    let config = (*app.config).clone();
    let db = domain::database::connect(&config.database).await.unwrap();
    App::assemble(config, db, app.clock.clone()).await.unwrap()
}

/// One race of the past more or less, so that everybody has something else to say.
async fn change_what_is_known(app: &App) {
    let found = race::Entity::find().filter(race::Column::Reference.eq("2021_abu_dhabi"));
    let mut row = found
        .one(&app.db)
        .await
        .unwrap()
        .unwrap()
        .into_active_model();
    row.status = Set(match row.status.unwrap() {
        race::Status::Completed => race::Status::Cancelled,
        _ => race::Status::Completed,
    });
    row.update(&app.db).await.unwrap();
    let now = app.clock.now();
    event::append(&app.db, event::DATA, "race_imported", "x", now)
        .await
        .unwrap();
    app.bus.committed();
}

#[tokio::test]
async fn what_was_said_is_the_answer_until_something_changes() {
    let app = server(FRIDAY).await;
    let friday = public(&app, FRIDAY).await;
    let now = at(&app, "2022-03-18T13:00:00Z");
    // Nothing is written yet: it is worked out.
    let said = asked(&now, "elo", Stage::PreWeekend, Target::Race).await;
    assert_eq!(said.word, None);
    // Where processes share what they have worked out, another one may have done so before.
    let worked_out = said.generated_at;
    assert!(worked_out <= now.clock.now());
    publish(&friday).await;
    let said = asked(&beside(&now).await, "elo", Stage::PreWeekend, Target::Race).await;
    // What was worked out for somebody before is what is written.
    assert!(said.word.is_some());
    assert_eq!(said.generated_at, worked_out);
    assert_eq!((said.origin, said.frozen), (Origin::Live, false));
    let written = words(&now).await;
    change_what_is_known(&now).await;
    let other = asked(&now, "elo", Stage::PreWeekend, Target::Race).await;
    assert_eq!(other.word, None);
    let wins = |said: &RaceForecast| -> Vec<(engines::DriverId, i64)> {
        let of = said.entrants.iter().map(|one| &one.forecast);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "millionths of a probability"
        )]
        of.map(|one| (one.driver, (one.win * 1e6) as i64)).collect()
    };
    assert_ne!(wins(&other), wins(&said));
    // What is written is replaced, in its place.
    let changed = publish(&now).await;
    // Who draws lots says the same whatever was; but that it rests on something else is told.
    assert_eq!(changed, written.len());
    let replaced = words(&now).await;
    assert_eq!(named(&replaced), named(&written));
    let ids = |words: &[row::Model]| words.iter().map(|word| word.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(&replaced), ids(&written));
    let again = asked(&now, "elo", Stage::PreWeekend, Target::Race).await;
    assert_eq!(wins(&again), wins(&other));
    assert!(again.word.is_some());
}

#[tokio::test]
async fn a_race_that_has_begun_or_is_cancelled_has_nothing_said_of_it() {
    let app = server(FRIDAY).await;
    let friday = public(&app, FRIDAY).await;
    // To the second.
    let targets = async |now: &str| {
        row::Entity::delete_many().exec(&app.app.db).await.unwrap();
        let now = beside(&at(&app, now)).await;
        publish(&now).await;
        let words = words(&now).await;
        let targets = words.into_iter().map(|word| word.target);
        targets.collect::<BTreeSet<_>>()
    };
    let both: BTreeSet<String> = ["QUALIFYING".to_owned(), "RACE".to_owned()].into();
    let race: BTreeSet<String> = ["RACE".to_owned()].into();
    assert_eq!(targets("2022-03-19T14:59:59Z").await, both);
    assert_eq!(targets(QUALIFYING).await, race);
    assert_eq!(targets("2022-03-20T14:59:59Z").await, race);
    assert!(targets(START).await.is_empty());
    // What is asked for then is worked out, and says so.
    let running = at(&app, START);
    let said = asked(&running, "elo", Stage::PreWeekend, Target::Race).await;
    assert_eq!((said.origin, said.word), (Origin::Backtest, None));
    // Cars are running early.
    change(&friday, |race| race.status = Set(race::Status::InProgress)).await;
    assert!(targets(FRIDAY).await.is_empty());
    change(&friday, |race| race.status = Set(race::Status::Cancelled)).await;
    assert!(targets(FRIDAY).await.is_empty());
}

#[tokio::test]
async fn what_turns_out_to_be_said_after_the_start_is_taken_back() {
    let app = server(TUESDAY).await;
    let friday = public(&app, FRIDAY).await;
    publish(&friday).await;
    let now = at(&app, "2022-03-18T16:00:00Z");
    change(&now, |race| {
        race.starts_at = Set(Some(time("2022-03-18T11:00:00Z")));
    })
    .await;
    // Qualifying has a time of its own.
    assert_eq!(forecast::freeze(&now).await.unwrap(), 0);
    let left = words(&now).await;
    let left: BTreeSet<_> = left.iter().map(|word| word.target.as_str()).collect();
    assert_eq!(left, ["QUALIFYING"].into());
    let expected = count(&[
        (event::FORECAST_PUBLISHED, 5),
        (event::FORECAST_WITHDRAWN, 3),
    ]);
    assert_eq!(told(&now).await, expected);
}

#[tokio::test]
async fn several_processes_at_once_say_everything_once() {
    let app = server(TUESDAY).await;
    let friday = public(&app, FRIDAY).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(beside(&friday).await);
    }
    let race = bahrain(&friday).await;
    let mut all = 0;
    for round in 0..3 {
        let said = others.iter().map(|app| forecast::publish(app, &race));
        let said = futures::future::join_all(said).await;
        let written: usize = said.into_iter().map(Result::unwrap).sum();
        assert_eq!(written, 5, "round {round}");
        all += written;
        change_what_is_known(&friday).await;
    }
    assert_eq!(words(&friday).await.len(), 5);
    assert_eq!(told(&friday).await[event::FORECAST_PUBLISHED], all);
    let at_start = |app: &App| App {
        clock: Clock::standing(time(START)),
        ..app.clone()
    };
    let starting: Vec<App> = others.iter().map(at_start).collect();
    let frozen = futures::future::join_all(starting.iter().map(forecast::freeze)).await;
    assert_eq!(frozen.into_iter().map(Result::unwrap).sum::<usize>(), 5);
    public(&app, OVER).await;
    let scored = futures::future::join_all(starting.iter().map(forecast::score)).await;
    assert_eq!(scored.into_iter().map(Result::unwrap).sum::<usize>(), 5);
    let counts = told(&friday).await;
    assert_eq!(counts[event::FORECAST_FROZEN], 5);
    assert_eq!(counts[event::FORECAST_SCORED], 5);
}

#[tokio::test]
async fn a_trained_engine_speaks_by_its_model_in_production_and_others_learn_from_what_it_said() {
    let app = server(TUESDAY).await;
    let autumn = public(&app, "2021-10-01T12:00:00Z").await;
    model::train(&autumn, "regression", true).await.unwrap();
    // Who starts is known.
    let saturday = public(&app, QUALIFIED).await;
    publish(&saturday).await;
    let latest = Stage::PostQualifying;
    let of = |words: &[row::Model]| {
        let found = words
            .iter()
            .find(|word| word.engine == "regression" && word.stage == "POST_QUALIFYING");
        found.unwrap().clone()
    };
    let first = of(&words(&saturday).await);
    assert!(first.model_id.is_some());
    let said = asked(&saturday, "regression", latest, Target::Race).await;
    assert_eq!((said.model, said.word), (Some(1), Some(first.id)));
    // Another model says something else, at each stage; who needs none has said all.
    model::train(&saturday, "regression", true).await.unwrap();
    assert_eq!(publish(&saturday).await, 3);
    let second = of(&words(&saturday).await);
    assert_ne!(second.model_id, first.model_id);
    assert_ne!(second.body, first.body);
    model::promote(&saturday, "regression", 1).await.unwrap();
    assert_eq!(publish(&saturday).await, 3);
    let third = of(&words(&saturday).await);
    assert_eq!(third.model_id, first.model_id);
    assert_eq!(third.fingerprint, first.fingerprint);

    let key = (RaceId(bahrain(&saturday).await.id), latest, Target::Race);
    let regression = engines::EngineId::new("regression");
    let logged = async |app: &App| {
        let known = forecast::known(app).await.unwrap();
        let log = backtest::log(app, &known).await.unwrap();
        let said = log.get(&key).and_then(|said| said.get(&regression));
        said.cloned()
    };
    // Nobody learns from what is said of a race to come, nor from what may still change.
    assert_eq!(logged(&saturday).await, None);
    let over = public(&app, OVER).await;
    assert_eq!(logged(&over).await, None);
    forecast::freeze(&over).await.unwrap();
    let live = logged(&over).await;
    let live = live.unwrap();
    let said = asked(&over, "regression", latest, Target::Race).await;
    let mut strengths: Vec<f64> = said
        .entrants
        .iter()
        .map(|one| one.forecast.strength)
        .collect();
    let mut sorted = live.clone();
    strengths.sort_by(f64::total_cmp);
    sorted.sort_by(f64::total_cmp);
    assert_eq!(strengths, sorted);
    // A back-test says something else of it, and does not count.
    let known = forecast::known(&over).await.unwrap();
    let plan = engines::backtest::Plan::new(2022..=2022, latest, Target::Race);
    let engines = [regression];
    let walks = backtest::run(&over, &known, &engines, plan, |_| ());
    let walks = walks.await.unwrap();
    backtest::store(&over, &known, &walks).await.unwrap();
    let mut walked = walks
        .iter()
        .find(|walk| walk.report.engine == regression)
        .unwrap()
        .report
        .races[0]
        .forecast
        .entrants
        .iter()
        .map(|one| one.strength)
        .collect::<Vec<_>>();
    walked.sort_by(f64::total_cmp);
    assert_ne!(walked, sorted);
    assert_eq!(logged(&over).await, Some(live));
    // Of an engine that is another since, what it said is told, but not learned from.
    let mut row = of(&words(&over).await).into_active_model();
    row.engine_revision = Set(Some(99));
    row.update(&over.db).await.unwrap();
    assert_ne!(
        logged(&over).await.map(|mut said| {
            said.sort_by(f64::total_cmp);
            said
        }),
        Some(sorted)
    );
}
