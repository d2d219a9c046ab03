//! What followers are not told, and how they learn of it.

use domain::live;
use serde_json::{Value, json};

use super::{RACE, follow, hear, lap, race_day, update};
use crate::support::{Setup, TestApp};

#[tokio::test]
async fn what_cannot_be_told_one_by_one_is_an_announced_gap_beside_how_the_race_stands() {
    let app = TestApp::start(Setup {
        bundled: true,
        speed: 1.0,
        change: |config| {
            config.live.resume_events = 60;
            config.live.keep_days = 0;
        },
        ..Setup::default()
    })
    .await;
    let (race, numbers) = race_day(&app).await;
    let seen = hear(&app, &race, lap(&numbers, 1)).await.sequence;
    for number in 2..=6 {
        hear(&app, &race, lap(&numbers, number)).await;
    }
    let last = hear(&app, &race, lap(&numbers, 7)).await.sequence;
    let gap = async |after: i64| {
        let mut socket = follow(&app, json!({ "race": RACE, "after": after })).await;
        let told = update(&mut socket).await.unwrap();
        assert_eq!(told["sequence"], last);
        assert_eq!(told["snapshot"]["lapsCompleted"], 7);
        told["gap"].clone()
    };
    assert_eq!(
        gap(seen).await,
        json!({ "from": seen + 1, "to": last, "reason": "TOO_MANY" })
    );
    assert_eq!(gap(last + 5).await["reason"], "UNKNOWN");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let forgotten = live::clean_up(&app.app).await.unwrap();
    assert_eq!(i64::try_from(forgotten).unwrap(), last);
    assert_eq!(live::clean_up(&app.app).await.unwrap(), 0);
    // A process that begins now reads what is left.
    let fresh = live::Live::default();
    let mut other = app.app.clone();
    other.live = fresh.into();
    let source = live::follow::Source::find(&other, RACE).await.unwrap();
    let told = live::follow::told(&other, &source, Some(last - 3), last)
        .await
        .unwrap();
    assert_eq!(told.gap.unwrap().reason, live::follow::Reason::Forgotten);
    assert_eq!(told.snapshot.unwrap().board.laps_done(), 7);
    // Sequences go on.
    let next = hear(&app, &race, lap(&numbers, 8)).await;
    assert_eq!(next.sequence, last + i64::try_from(next.events).unwrap());
}

#[tokio::test]
async fn what_cannot_be_followed_is_a_clear_error() {
    let app = TestApp::bundled().await;
    for (variables, code) in [
        (json!({ "race": "2024_atlantis" }), "NOT_FOUND"),
        (json!({ "race": "Replay:none" }), "NOT_FOUND"),
        (json!({ "race": "Driver:leclerc" }), "BAD_USER_INPUT"),
        (json!({ "race": RACE, "delay": -1 }), "BAD_USER_INPUT"),
        (json!({ "race": RACE, "delay": 301 }), "BAD_USER_INPUT"),
        (
            json!({ "race": RACE, "drivers": ["nobody"] }),
            "BAD_USER_INPUT",
        ),
    ] {
        let mut socket = follow(&app, variables.clone()).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{variables} {message:#}");
        let found = &message["payload"][0]["extensions"]["code"];
        assert_eq!(found, code, "{variables} {message:#}");
    }
    // A race that is over and that nobody followed live has nothing to tell.
    let mut past = follow(&app, json!({ "race": "2023_monaco" })).await;
    let told = update(&mut past).await.unwrap();
    assert_eq!(
        (&told["completed"], &told["sequence"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(update(&mut past).await, None);
    let nothing = app
        .data(r#"{ liveRace(race: "2023_monaco") { status } }"#)
        .await;
    assert_eq!(nothing["liveRace"], Value::Null);
}
