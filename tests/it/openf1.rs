//! Races followed with OpenF1: who follows which, when; and whole races, with the stand-in.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    clock::Clock,
    lease::Lease,
    live::{
        self, Race, RaceStatus,
        record::{Record, Said},
        schedule,
    },
};
use entities::{entry, lease, race};
use jobs::live::{Outcome, follow};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter,
};
use serde_json::Value;

use crate::support::{Setup, TestApp};

mod against_stub;
mod push;

const RACE: &str = "2023_monaco";

/// When it starts.
const START: &str = "2023-05-28T13:00:00Z";

fn start() -> DateTime<Utc> {
    START.parse().unwrap()
}

/// The race in a state, as if it were to come.
async fn race_is(app: &App, status: RaceStatus) -> Race {
    let found = race::Entity::find().filter(race::Column::Reference.eq(RACE));
    let row = found.one(&app.db).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.status = Set(status);
    row.update(&app.db).await.unwrap()
}

/// The bundled seasons, with nobody at the address of OpenF1.
async fn nobody_there() -> TestApp {
    let setup = Setup {
        bundled: true,
        change: |config| "http://127.0.0.1:9/v1".clone_into(&mut config.upstream.openf1.url),
        ..Setup::default()
    };
    TestApp::start(setup).await
}

/// The application at a time so long after the start, standing.
fn minutes_after(test: &TestApp, minutes: i64) -> App {
    let mut app = test.app.clone();
    app.clock = Clock::standing(start() + TimeDelta::minutes(minutes));
    app
}

async fn hear_a_place(app: &App, race: &Race, said: impl Fn(i32) -> Said) {
    let entered = entry::Entity::find().filter(entry::Column::RaceId.eq(race.id));
    let car = entered.one(&app.db).await.unwrap().unwrap();
    let said = said(car.number.parse().unwrap());
    let record = Record { at: start(), said };
    live::ingest(app, race, vec![record]).await.unwrap();
}

#[tokio::test]
async fn a_race_that_is_classified_elsewhere_is_closed_whoever_comes_first() {
    let test = nobody_there().await;
    let race = race_is(&test.app, RaceStatus::Completed).await;
    let app = minutes_after(&test, 200);
    let classified = async || schedule::known(&app, &race).await.unwrap().classified;
    // Run, and never followed.
    assert_eq!(live::close_left_open(&app).await.unwrap(), 0);
    // Begun to be followed, so that somebody has to tell of its end: who follows it,
    let place = |number| Said::Position {
        number,
        position: 1,
    };
    hear_a_place(&test.app, &race, place).await;
    assert!(!classified().await);
    assert_eq!(follow(&app, &race).await.unwrap(), Outcome::Closed);
    assert!(classified().await);
    assert_eq!(live::close_left_open(&app).await.unwrap(), 0);
    // or who has read its results while nobody did.
    for table in ["live_fact", "live_event", "live_race"] {
        let all = format!("DELETE FROM {table}");
        app.db.execute_unprepared(&all).await.unwrap();
    }
    hear_a_place(&test.app, &race, place).await;
    assert!(!classified().await);
    assert_eq!(live::close_left_open(&app).await.unwrap(), 1);
    assert!(classified().await);
    assert_eq!(live::close_left_open(&app).await.unwrap(), 0);
}

#[tokio::test]
async fn a_race_that_nobody_tells_of_is_followed_no_longer_than_is_sensible() {
    let test = nobody_there().await;
    let race = race_is(&test.app, RaceStatus::Scheduled).await;
    let late = minutes_after(&test, 361);
    assert_eq!(follow(&late, &race).await.unwrap(), Outcome::Silent);
    let app = minutes_after(&test, 10);
    race_is(&test.app, RaceStatus::Cancelled).await;
    assert_eq!(follow(&app, &race).await.unwrap(), Outcome::Cancelled);
    let leases = lease::Entity::find().all(&app.db).await.unwrap();
    assert_eq!(leases, [], "whoever is done gives the lease back");
}

#[tokio::test]
async fn a_lease_is_held_by_one_until_it_is_given_back_or_runs_out() {
    let test = TestApp::empty().await;
    let at = |seconds| {
        let mut app = test.app.clone();
        app.clock = Clock::standing(start() + TimeDelta::seconds(seconds));
        app
    };
    let first = Lease::take(&at(0), "work").await.unwrap().unwrap();
    assert!(Lease::take(&at(29), "work").await.unwrap().is_none());
    let other = Lease::take(&at(29), "other work").await.unwrap();
    assert!(other.is_some());
    let second = Lease::take(&at(30), "work").await.unwrap().unwrap();
    // Its renewal finds that somebody else holds it.
    let lost = tokio::time::timeout(std::time::Duration::from_secs(20), first.keep());
    lost.await.expect("it is noticed");
    first.give_back().await.unwrap();
    assert!(Lease::take(&at(31), "work").await.unwrap().is_none());
    second.give_back().await.unwrap();
    assert!(Lease::take(&at(31), "work").await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_that_was_taken_by_a_clock_far_ahead_binds_nobody() {
    let test = TestApp::empty().await;
    let ahead = minutes_after(&test, 180);
    let _killed = Lease::take(&ahead, "work").await.unwrap().unwrap();
    // A little ahead is no other time.
    let held = Lease::take(&minutes_after(&test, 180), "work").await;
    assert!(held.unwrap().is_none());
    let back = Lease::take(&minutes_after(&test, 0), "work").await.unwrap();
    assert!(back.is_some());
}

#[tokio::test]
async fn of_many_who_want_a_lease_at_once_one_gets_it() {
    let test = TestApp::empty().await;
    let all = (0..8).map(|_| Lease::take(&test.app, "work"));
    let taken = futures::future::join_all(all).await;
    let holders = taken
        .into_iter()
        .filter(|lease| lease.as_ref().unwrap().is_some());
    assert_eq!(holders.count(), 1);
}
