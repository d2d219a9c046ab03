//! Drivers who were drafted and did not race.

use domain::{
    draft::{Action, DriverId},
    scoring::score_league,
};
use serde_json::{Value, json};

use super::{AGAIN, League, NOTHING, ONE, SAUDI_ARABIA, drivers, enter, log, of_race, score};
use crate::support::{TestApp, json::each};

#[tokio::test]
async fn a_driver_who_was_replaced_is_scored_by_who_drove() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Reserve", "").await;
    for (race, drafted, place, points, note) in [
        (
            SAUDI_ARABIA,
            "sainz",
            7,
            "6",
            "Carlos Sainz did not take part in the race; Oliver Bearman drove instead.",
        ),
        (
            "2024_azerbaijan",
            "kevin_magnussen",
            10,
            "1",
            "Kevin Magnussen did not take part in the race; Oliver Bearman drove instead.",
        ),
        (
            "2024_sao_paulo",
            "kevin_magnussen",
            12,
            "0",
            "Kevin Magnussen did not take part in the race; Oliver Bearman drove instead.",
        ),
    ] {
        let draft = league.draft(&app, race, &[(0, Some(drafted))]).await;
        assert_eq!(score(&app).await, ONE, "{race}");
        let told = league.look(&app, &of_race(race)).await;
        let pick = &told["raceScore"]["picks"][0];
        assert_eq!(pick["driver"]["ref"], drafted, "{race}");
        assert_eq!(pick["countedDriver"]["ref"], "bearman", "{race}");
        assert_eq!(pick["racePosition"], place, "{race}");
        assert_eq!(pick["points"], points, "{race}");
        let noted = log(&app, draft).await.into_iter().any(
            |action| matches!(action, Action::Substituted { note: found, .. } if found == note),
        );
        assert!(noted, "{race}: {:?}", log(&app, draft).await);
    }
    assert_eq!(score(&app).await, NOTHING);
}

#[tokio::test]
async fn a_replacement_whom_another_team_has_replaces_nobody() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Taken", "").await;
    let picks = &[(0, Some("sainz")), (1, Some("bearman")), (0, None)];
    let draft = league.draft(&app, SAUDI_ARABIA, picks).await;
    score(&app).await;
    let told = league.look(&app, &of_race(SAUDI_ARABIA)).await;
    let picks = &told["raceScore"]["picks"];
    assert_eq!(each(picks, "/points"), ["0", "0", "6"]);
    assert_eq!(
        each(picks, "/reasonForNothing"),
        [
            json!("The driver took no part and was not replaced."),
            json!("Nobody was picked."),
            Value::Null,
        ]
    );
    // The commissioner finds somebody.
    let replacement = Some(DriverId(drivers(&app).await["norris"]));
    let action = Action::Substituted {
        pick: 0,
        replacement,
        note: "Agreed among us.".to_owned(),
    };
    enter(&app, draft, &action).await;
    let scored = score_league(&app.app, league.row).await;
    assert_eq!(scored.unwrap(), AGAIN);
    let told = league.look(&app, &of_race(SAUDI_ARABIA)).await;
    let told = &told["raceScore"];
    assert_eq!(told["picks"][0]["points"], "4");
    let latest = &told["scoreHistory"][1];
    assert_eq!(latest["reason"], "SUBSTITUTION");
    assert_eq!(latest["changes"][0]["what"], "COUNTED_DRIVER");
    assert_eq!(latest["changes"][0]["driverBefore"], Value::Null);
    assert_eq!(latest["changes"][0]["driverAfter"]["ref"], "norris");
}

#[tokio::test]
async fn what_the_commissioner_has_decided_stays() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Decided", "").await;
    let picks = &[(0, Some("sainz")), (1, Some("max_verstappen"))];
    let draft = league.draft(&app, SAUDI_ARABIA, picks).await;
    let nobody = |pick| Action::Substituted {
        pick,
        replacement: None,
        note: String::new(),
    };
    for pick in [0, 1] {
        enter(&app, draft, &nobody(pick)).await;
    }
    score(&app).await;
    let told = league.look(&app, &of_race(SAUDI_ARABIA)).await;
    let picks = &told["raceScore"]["picks"];
    assert_eq!(each(picks, "/points"), ["0", "0"]);
    assert_eq!(each(picks, "/countedDriver"), [Value::Null, Value::Null]);
}
