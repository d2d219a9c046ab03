//! Whole races, with the stand-in for all services where it stands beside the repository.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    config::Config,
    import::{ergast::Ergast, import},
    live::{
        board::Board,
        change::Change,
        follow::{self as following, Source as Followed},
    },
};
use entities::{
    lap, live_event, pit_stop, race_source,
    race_source::{Section, Source},
    result,
    session::Kind,
    weather,
};
use jobs::details::fetch_details;
use sea_orm::QueryOrder;
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;
use crate::support::{
    only::Only,
    rows::{all_rows, assert_same},
    stub::{Asked, Stub, shared},
};

mod pushed;

/// Ten minutes before the start.
const BEFORE: &str = "2023-05-28T12:50:00Z";

/// How fast the race is run.
const SPEED: u32 = 120;

/// A race and whom it can be followed with.
struct RaceDay {
    stub: Stub,
    test: TestApp,
    race: Race,
}

impl RaceDay {
    /// None where there is no stand-in.
    async fn begin() -> Option<Self> {
        Self::begin_with(&[], |_| {}).await
    }

    /// The same with options of the stand-in and settings.
    async fn begin_with(options: &[&str], change: impl FnOnce(&mut Config)) -> Option<Self> {
        let stub = Stub::start_with(BEFORE, 0, options)?;
        let setup = Setup {
            bundled: true,
            ..Setup::default()
        };
        let test = TestApp::start_with(setup, |config| {
            config.upstream.openf1.url = format!("{}/v1", stub.url);
            change(config);
        });
        let test = test.await;
        let race = race_is(&test.app, RaceStatus::Scheduled).await;
        Some(Self { stub, test, race })
    }

    async fn at(&self, now: &str, speed: u32) -> App {
        self.stub.at(&self.test, now, speed).await
    }

    /// How the race stands.
    async fn board(&self) -> Board {
        let race = Followed::Race(self.race.clone());
        let snapshot = following::snapshot(&self.test.app, &race).await.unwrap();
        Board::clone(&snapshot.board)
    }

    /// All that was told, in order.
    async fn changes(&self) -> Vec<Change> {
        let rows = live_event::Entity::find()
            .filter(live_event::Column::RaceId.eq(self.race.id))
            .order_by_asc(live_event::Column::Sequence);
        let rows = rows.all(&self.test.app.db).await.unwrap();
        for (sequence, row) in (1..).zip(&rows) {
            assert_eq!(row.sequence, sequence);
        }
        let read = |row: &live_event::Model| serde_json::from_str(&row.body).unwrap();
        rows.iter().map(read).collect()
    }
}

/// In no second three, and in no minute thirty, by the clock of who is asked.
fn assert_polite(log: &[Asked]) {
    for (most, within) in [(3, TimeDelta::seconds(1)), (30, TimeDelta::minutes(1))] {
        let fits = |pair: &[Asked]| pair[most].at - pair[0].at > within;
        let fine = log.windows(most + 1).all(fits);
        assert!(fine, "more than {most} in {within}: {log:#?}");
    }
}

/// Nothing was told twice: each change is one to what was told before.
fn assert_no_doubles(changes: &[Change]) -> Board {
    let mut board = Board::default();
    for change in changes {
        assert!(board.apply(change), "told twice: {change:?}");
    }
    board
}

/// The places after the flag, by number, are those of the stored result.
async fn assert_classified(day: &RaceDay, board: &Board) {
    assert!(board.finished());
    let cars = board.cars.iter();
    let told: BTreeMap<i32, Option<i32>> = cars
        .filter_map(|(number, car)| Some((*number, car.classified?.position)))
        .collect();
    let rows = result::Entity::find()
        .filter(result::Column::RaceId.eq(day.race.id))
        .filter(result::Column::Session.eq(Kind::Race));
    let rows = rows.all(&day.test.app.db).await.unwrap();
    let classified = |row: &result::Model| {
        let position = row
            .position
            .filter(|_| row.position_text.parse::<i32>().is_ok());
        (row.number.parse().unwrap(), position)
    };
    let expected: BTreeMap<i32, Option<i32>> = rows.iter().map(classified).collect();
    assert_eq!(told, expected);
}

async fn until(app: &App, time: &str) {
    let time: DateTime<Utc> = time.parse().unwrap();
    app.clock.sleep_until(time).await;
}

/// A race that everything goes well with.
async fn undisturbed() -> Option<Board> {
    let day = RaceDay::begin().await?;
    let app = day.at(BEFORE, SPEED).await;
    assert_eq!(follow(&app, &day.race).await.unwrap(), Outcome::Classified);
    let log = day.stub.log().await;
    assert!(log.len() > 300, "{} requests", log.len());
    assert_polite(&log);
    let board = assert_no_doubles(&day.changes().await);
    assert_eq!(board, day.board().await);
    assert_classified(&day, &board).await;
    assert_eq!(board.laps_done(), 78);
    assert!(board.weather.is_some() && board.messages.len() > 5);
    for (number, car) in &board.cars {
        assert!(!car.laps.is_empty() && !car.stints.is_empty(), "{number}");
        assert_eq!(
            car.position,
            car.classified.unwrap().position.or(car.position)
        );
    }
    Some(board)
}

/// Has somebody follow, again and again, as a worker does.
fn following_on(app: &App, race: &Race) -> JoinHandle<()> {
    let (app, race) = (app.clone(), race.clone());
    tokio::spawn(async move {
        while !matches!(follow(&app, &race).await, Ok(Outcome::Classified)) {
            app.clock.sleep(TimeDelta::seconds(30)).await;
        }
    })
}

/// A race in which requests fail all the time, nobody answers for an hour, and whoever follows is
/// killed.
async fn disturbed() -> Option<Board> {
    let day = RaceDay::begin().await?;
    let unsteady = json!({
        "apis": ["openf1"], "reset_rate": 0.1, "error_rate": 0.1, "html_rate": 0.1,
        "truncate_rate": 0.1, "duplicate_rate": 0.2,
    });
    day.stub.faults(&unsteady).await;
    let app = day.at(BEFORE, SPEED).await;
    let following = following_on(&app, &day.race);
    until(&app, "2023-05-28T13:20:00Z").await;
    day.stub.faults(&json!({ "reset_rate": 1.0 })).await;
    until(&app, "2023-05-28T14:20:00Z").await;
    day.stub.faults(&unsteady).await;
    until(&app, "2023-05-28T14:35:00Z").await;
    following.abort();
    let following = following_on(&app, &day.race);
    let classified = async {
        let known = async || schedule::known(&app, &day.race).await.unwrap();
        while !known().await.classified {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let patience = Duration::from_mins(3);
    let classified = tokio::time::timeout(patience, classified).await;
    following.abort();
    let log = day.stub.log().await;
    classified.unwrap_or_else(|_| panic!("not classified: {:#?}", log.last()));
    assert_polite(&log);
    let failed = log
        .iter()
        .filter(|asked| !matches!(asked.status, 200 | 404));
    assert!(failed.count() > 50);
    assert_no_doubles(&day.changes().await);
    Some(day.board().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_with_all_sorts_of_trouble_ends_as_one_without() {
    let (calm, troubled) = tokio::join!(undisturbed(), disturbed());
    let (Some(calm), Some(troubled)) = (calm, troubled) else {
        return;
    };
    assert_eq!(calm.track, troubled.track);
    assert_eq!(calm.messages, troubled.messages);
    assert_eq!(calm.weather, troubled.weather);
    for (number, car) in &calm.cars {
        assert_eq!(Some(car), troubled.cars.get(number), "{number}");
    }
    assert_eq!(calm, troubled);
}

/// A race whose clocks are set forward by an hour, back again, and forward to its end, each time when
/// who follows has just been killed.
async fn by_jumping_clocks() -> Option<Board> {
    let day = RaceDay::begin().await?;
    let mut asked = 0;
    for (from, to) in [
        ("2023-05-28T12:58:00Z", "2023-05-28T13:10:00Z"),
        ("2023-05-28T14:15:00Z", "2023-05-28T14:20:00Z"),
        ("2023-05-28T13:20:00Z", "2023-05-28T13:30:00Z"),
    ] {
        let app = day.at(from, SPEED).await;
        let following = following_on(&app, &day.race);
        until(&app, to).await;
        following.abort();
        let so_far = day.stub.log().await.len();
        assert!(so_far > asked + 5, "nobody follows from {from} on");
        asked = so_far;
    }
    let app = day.at("2023-05-28T14:50:00Z", SPEED).await;
    let following = following_on(&app, &day.race);
    tokio::time::timeout(Duration::from_mins(3), following)
        .await
        .expect("it is classified")
        .unwrap();
    let board = assert_no_doubles(&day.changes().await);
    assert_classified(&day, &board).await;
    Some(board)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_jump_forward_and_back_lose_nothing_and_double_nothing() {
    let (calm, jumping) = tokio::join!(undisturbed(), by_jumping_clocks());
    assert_eq!(calm, jumping);
}

#[tokio::test]
async fn of_two_who_follow_one_asks() {
    let Some(day) = RaceDay::begin().await else {
        return;
    };
    // All is over and can be heard at once.
    let app = day.at("2023-05-28T15:10:00Z", 60).await;
    let (one, other) = tokio::join!(follow(&app, &day.race), follow(&app, &day.race));
    let outcomes = [one.unwrap(), other.unwrap()];
    assert!(outcomes.contains(&Outcome::Classified), "{outcomes:?}");
    assert!(outcomes.contains(&Outcome::ByAnother), "{outcomes:?}");
    let log = day.stub.log().await;
    let asked = |path: &str| {
        log.iter()
            .filter(|asked| asked.path.ends_with(path))
            .count()
    };
    assert_eq!((asked("/sessions"), asked("/session_result")), (1, 1));
    assert_polite(&log);
    assert_classified(&day, &day.board().await).await;
    // The same again is not even asked for.
    let again = follow(&app, &day.race).await.unwrap();
    assert_eq!(again, Outcome::Classified);
    assert_eq!(day.stub.log().await.len(), log.len());
}

/// Which source each part of the race came from.
async fn sources(day: &RaceDay) -> BTreeMap<Section, Source> {
    let rows = race_source::Entity::find()
        .filter(race_source::Column::RaceId.eq(day.race.id))
        .all(&day.test.app.db)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.section, row.source))
        .collect()
}

#[tokio::test]
async fn a_past_race_gets_the_details_that_only_openf1_has() {
    let Some(day) = RaceDay::begin().await else {
        return;
    };
    let db = &day.test.app.db;
    let app = day.at("2023-06-01T12:00:00Z", 600).await;
    let before = sources(&day).await;
    let added = fetch_details(&app, &day.race).await.unwrap();
    assert!(added.is_clean(), "{added:?}");
    assert_eq!((added.races, added.changed), (1, 1));
    let log = day.stub.log().await;
    assert_eq!(log.len(), 7);
    assert_polite(&log);

    let laps = lap::Entity::find().filter(lap::Column::RaceId.eq(day.race.id));
    let laps = laps.all(db).await.unwrap();
    let expected = result::Entity::find()
        .filter(result::Column::RaceId.eq(day.race.id))
        .filter(result::Column::Session.eq(Kind::Race));
    let expected = expected.all(db).await.unwrap();
    for row in &expected {
        let own: Vec<_> = laps
            .iter()
            .filter(|lap| lap.driver_id == row.driver_id)
            .collect();
        assert_eq!(
            own.len(),
            usize::try_from(row.laps).unwrap(),
            "{}",
            row.number
        );
        assert!(
            own.iter()
                .all(|lap| lap.time_ms.is_some() && lap.compound.is_some())
        );
        let last = own.iter().max_by_key(|lap| lap.lap).unwrap();
        if row.laps == 78 {
            assert_eq!(last.position, row.position, "{}", row.number);
        }
    }
    let stops = pit_stop::Entity::find().filter(pit_stop::Column::RaceId.eq(day.race.id));
    assert!(stops.all(db).await.unwrap().len() > 20);
    let weather = weather::Entity::find_by_id(day.race.id)
        .one(db)
        .await
        .unwrap();
    let wet = weather.unwrap().wet_lap_share.unwrap();
    assert!(wet > 0.1 && wet < 0.6, "it rained late: {wet}");

    let after = sources(&day).await;
    for (section, source) in &before {
        assert_eq!(after.get(section), Some(source), "{section:?}");
    }
    assert_eq!(after[&Section::Laps], Source::Openf1);
    assert_eq!(after[&Section::PitStops], Source::Openf1);
    let again = fetch_details(&app, &day.race).await.unwrap();
    assert_eq!((again.changed, again.unchanged), (0, 1));

    // What another brings later stands in its place, and is not replaced again.
    let dump = shared("data/ergast").unwrap();
    let dump = Only(Ergast::open(&dump).unwrap(), 2023);
    import(&day.test.app, dump, |_| {}).await.unwrap();
    let later = sources(&day).await;
    assert_eq!(later[&Section::PitStops], Source::Ergast);
    let rows = all_rows(db).await;
    let again = fetch_details(&app, &day.race).await.unwrap();
    assert_eq!(again.changed, 0);
    assert_same(&rows, &all_rows(db).await);
}
