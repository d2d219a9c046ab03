//! On which Monday drafts open, for every race whose start is known.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};
use domain::{
    draft::{Lock, Window, window::ZONE},
    league::sessions_of,
};
use entities::{race, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::TestApp;

/// How far New York is behind UTC: since 2007 by four hours from the second Sunday of March, two
/// o'clock, to the first Sunday of November, two o'clock, else by five.
fn behind(local: NaiveDateTime) -> TimeDelta {
    let sunday = |month: u32, nth: u8| {
        let day = NaiveDate::from_weekday_of_month_opt(local.year(), month, Weekday::Sun, nth);
        day.unwrap().and_hms_opt(2, 0, 0).unwrap()
    };
    let summer = sunday(3, 2) <= local && local < sunday(11, 1);
    TimeDelta::hours(if summer { 4 } else { 5 })
}

/// The last Monday before the day on which a race starts in New York, eight o'clock there.
fn monday_before(start: DateTime<Utc>) -> DateTime<Utc> {
    let guess = start.naive_utc() - TimeDelta::hours(5);
    let day = (start.naive_utc() - behind(guess)).date();
    let mut monday = day.pred_opt().unwrap();
    while monday.weekday() != Weekday::Mon {
        monday = monday.pred_opt().unwrap();
    }
    let local = monday.and_hms_opt(8, 0, 0).unwrap();
    (local + behind(local)).and_utc()
}

#[tokio::test]
async fn every_draft_of_2018_to_2025_opens_on_the_monday_before_its_race() {
    let app = TestApp::bundled().await;
    let db = &app.app.db;
    let races = race::Entity::find()
        .filter(race::Column::Season.is_in(2018..=2025))
        .all(db)
        .await
        .unwrap();
    let sessions = session::Entity::find().all(db).await.unwrap();
    let mut winter = 0;
    for race in &races {
        let start = race.starts_at.unwrap();
        let window = Window::of(ZONE, Lock::Qualifying, &sessions_of(race, &sessions));
        assert_eq!(window.opens_at, monday_before(start), "{}", race.reference);
        let before = start - window.opens_at;
        let week = TimeDelta::days(4)..TimeDelta::days(7);
        assert!(week.contains(&before), "{}: {before}", race.reference);
        assert!(window.closes_at > window.opens_at, "{}", race.reference);
        winter += usize::from(window.opens_at.hour() == 13);
    }
    assert_eq!(races.len(), 173);
    assert!((20..60).contains(&winter), "{winter}");
}
