//! What is there depends on the time: only what was public.

use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    json::{each, items, texts},
};

async fn at(now: &str) -> TestApp {
    let now = now.parse().expect("a moment");
    TestApp::start(Setup {
        now,
        bundled: true,
        ..Setup::default()
    })
    .await
}

const MONACO: &str = r#"{ race(ref: "2024_monaco") { status results { points } qualifying { q1 } winner { points }
    standings { drivers { points } } forecast { stage provisional evaluation { hit } } }
    nextRace { ref } lastRace { ref } dataStatus { stale nextRace { ref } lastRace { ref } } }"#;

#[tokio::test]
async fn a_weekend_unfolds_with_the_clock() {
    // Moment, qualified, classified, stage, next race, last race.
    for (now, qualified, classified, stage, next, last) in [
        (
            "2024-05-23T12:00:00Z",
            0,
            0,
            "PRE_WEEKEND",
            "2024_monaco",
            "2024_emilia_romagna",
        ),
        (
            "2024-05-25T15:59:59Z",
            0,
            0,
            "PRE_WEEKEND",
            "2024_monaco",
            "2024_emilia_romagna",
        ),
        (
            "2024-05-25T16:00:00Z",
            20,
            0,
            "POST_QUALIFYING",
            "2024_monaco",
            "2024_emilia_romagna",
        ),
        (
            "2024-05-26T15:59:59Z",
            20,
            0,
            "POST_QUALIFYING",
            "2024_monaco",
            "2024_emilia_romagna",
        ),
        (
            "2024-05-26T16:00:00Z",
            20,
            20,
            "POST_QUALIFYING",
            "2024_canadian",
            "2024_monaco",
        ),
    ] {
        let app = at(now).await;
        let data = app.data(MONACO).await;
        let race = &data["race"];
        assert_eq!(items(&race["qualifying"]).len(), qualified, "{now}");
        assert_eq!(items(&race["results"]).len(), classified, "{now}");
        let run = classified > 0;
        assert_eq!(
            race["status"],
            if run { "COMPLETED" } else { "SCHEDULED" },
            "{now}"
        );
        assert_eq!(race["winner"].is_object(), run, "{now}");
        assert_eq!(race["standings"]["drivers"] != json!([]), run, "{now}");
        assert_eq!(race["forecast"]["stage"], stage, "{now}");
        assert_eq!(race["forecast"]["evaluation"].is_object(), run, "{now}");
        assert_eq!(data["nextRace"]["ref"], next, "{now}");
        assert_eq!(data["lastRace"]["ref"], last, "{now}");
        let status =
            json!({ "stale": false, "nextRace": { "ref": next }, "lastRace": { "ref": last } });
        assert_eq!(data["dataStatus"], status, "{now}");
    }
}

#[tokio::test]
async fn totals_and_titles_are_those_of_the_day() {
    let app = at("2024-05-23T12:00:00Z").await;
    let data = app
        .data(
            r#"{ driver(ref: "max_verstappen") { career { wins championships lastSeason }
                   seasons { season { year completed } wins position points }
                   results(first: 1) { totalCount nodes { race { ref } } } eloHistory(season: 2024) { after } }
                 season(year: 2024) { completed races { status } driverStandings { position points driver { ref } } }
                 later: driver(ref: "colapinto") { name }
                 next: season(year: 2025) { year } }"#,
        )
        .await;
    let driver = &data["driver"];
    let career = json!({ "wins": 56, "championships": 3, "lastSeason": 2024 });
    assert_eq!(driver["career"], career);
    let season = json!({
        "season": { "year": 2024, "completed": false }, "wins": 5, "position": 1, "points": "161",
    });
    assert_eq!(driver["seasons"][6], season);
    assert_eq!(
        driver["results"]["nodes"][0]["race"]["ref"],
        "2024_emilia_romagna"
    );
    assert_eq!(items(&driver["eloHistory"]).len(), 7);
    let statuses = each(&data["season"]["races"], "/status");
    assert_eq!(
        statuses
            .iter()
            .filter(|status| *status == "COMPLETED")
            .count(),
        7
    );
    assert_eq!(statuses.len(), 24);
    assert_eq!(
        data["season"]["driverStandings"][0]["driver"]["ref"],
        "max_verstappen"
    );
    assert_eq!(
        data["later"],
        Value::Null,
        "who had not raced yet is not there"
    );
    assert_eq!(data["next"], Value::Null);
}

#[tokio::test]
async fn the_calendar_of_the_next_season_comes_in_december() {
    for (now, seasons, next) in [
        ("2024-11-30T23:59:59Z", 7, "2024_qatar"),
        ("2024-12-01T00:00:00Z", 8, "2024_qatar"),
        ("2024-12-09T00:00:00Z", 8, "2025_australian"),
        // A race goes on being the next one until it has a classification.
        ("2025-03-20T00:00:00Z", 8, "2025_australian"),
    ] {
        let app = at(now).await;
        let data = app
            .data("{ seasons { year } nextRace { ref } dataStatus { stale } }")
            .await;
        assert_eq!(items(&data["seasons"]).len(), seasons, "{now}");
        assert_eq!(data["nextRace"]["ref"], next, "{now}");
        assert_eq!(
            data["dataStatus"]["stale"],
            now.starts_with("2025-03"),
            "{now}"
        );
    }
}

#[tokio::test]
async fn before_the_first_season_there_is_nothing_and_nothing_fails() {
    let app = at("2017-06-01T00:00:00Z").await;
    let data = app
        .data(
            "{ seasons { year } nextRace { ref } lastRace { ref } drivers { totalCount nodes { ref } }
               constructors { totalCount } circuits { totalCount } races { totalCount } dataStatus { stale } }",
        )
        .await;
    assert_eq!(data["seasons"], json!([]));
    assert_eq!(
        (&data["nextRace"], &data["lastRace"]),
        (&Value::Null, &Value::Null)
    );
    for list in ["drivers", "constructors", "circuits", "races"] {
        assert_eq!(data[list]["totalCount"], 0, "{list}");
    }
}

#[tokio::test]
async fn the_sprint_is_known_before_the_race() {
    let app = at("2024-11-02T18:00:00Z").await;
    let data = app
        .data(
            r#"{ race(ref: "2024_sao_paulo") { status sprint { position driver { ref } } qualifying { q1 } results { points } } }"#,
        )
        .await;
    let race = &data["race"];
    assert_eq!(texts(&race["sprint"], "/driver/ref")[0], "norris");
    assert_eq!(
        race["qualifying"],
        json!([]),
        "qualifying was put off to Sunday"
    );
    assert_eq!(race["results"], json!([]));
    assert_eq!(race["status"], "SCHEDULED");
}
