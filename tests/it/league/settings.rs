//! What leagues choose, and from when it holds.

use chrono::{DateTime, Utc};
use domain::{
    App, auth,
    clock::Clock,
    league::{self, LeagueId, SettingsChange},
};
use entities::league_settings;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use super::{change, data, found, refusal, refused, text, unchanged};
use crate::{
    account::{Person, register},
    support::{
        Setup, TestApp,
        json::{each, texts},
    },
};

const SETTINGS: &str = "version fromRace { ref } fromDate draftMethod rounds lockSession timeZone pickClockSeconds \
     unfilledPicks automaticPicks scoring { ruleset sprintPoints }";

/// In the week of Imola 2024, whose drafts opened on Monday; Monaco is a week later.
async fn in_the_week_of_imola() -> TestApp {
    TestApp::start(Setup {
        now: "2024-05-15T12:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await
}

/// The settings that hold for a race.
async fn of_race(app: &TestApp, person: &Person, league: &str, race: &str) -> Value {
    let query = format!(
        "query ($id: ID!) {{ league(id: $id) {{ settings(race: \"{race}\") {{ {SETTINGS} }} }} }}"
    );
    let data = data(app, &person.access, &query, json!({ "id": league })).await;
    data["league"]["settings"].clone()
}

#[tokio::test]
async fn a_league_begins_with_the_usual_settings_and_the_race_that_it_can_still_draft_for() {
    let app = in_the_week_of_imola().await;
    let max = register(&app, "Max").await;
    let id = text(&found(&app, &max, "Sunday club", "").await["id"]);
    let query = format!("query ($id: ID!) {{ league(id: $id) {{ settings {{ {SETTINGS} }} }} }}");
    let seen = data(&app, &max.access, &query, json!({ "id": id })).await;
    let expected = json!({
        "version": 1,
        "fromRace": { "ref": "2024_emilia_romagna" },
        "fromDate": "2024-05-19",
        "draftMethod": "SEQUENTIAL",
        "rounds": 2,
        "lockSession": "QUALIFYING",
        "timeZone": "America/New_York",
        "pickClockSeconds": null,
        "unfilledPicks": "FILLED",
        "automaticPicks": "FORECAST",
        "scoring": { "ruleset": "OFFICIAL", "sprintPoints": false },
    });
    assert_eq!(seen["league"]["settings"], expected);
    // Races from before are played by them too.
    for race in ["2024_bahrain", "2024_monaco"] {
        assert_eq!(of_race(&app, &max, &id, race).await, expected);
    }
    let query =
        "query ($id: ID!) { league(id: $id) { settings(race: \"2024_atlantis\") { version } } }";
    let none = refused(&app, &max.access, query, json!({ "id": id })).await;
    assert_eq!(none.0, "NOT_FOUND");
}

#[tokio::test]
async fn a_change_holds_from_the_next_race_whose_draft_has_not_opened() {
    let app = in_the_week_of_imola().await;
    let max = register(&app, "Max").await;
    let id = text(&found(&app, &max, "Sunday club", "").await["id"]);
    let snake = "updateLeagueSettings(league: $league, settings: { draftMethod: SNAKE, pickClockSeconds: 90 }) { settings { version draftMethod } settingsHistory { version fromRace { ref } } }";
    let changed = change(&app, &max, &id, snake).await;
    // Imola goes on as it began.
    assert_eq!(
        changed["settings"],
        json!({ "version": 1, "draftMethod": "SEQUENTIAL" })
    );
    assert_eq!(
        texts(&changed["settingsHistory"], "/fromRace/ref"),
        ["2024_emilia_romagna", "2024_monaco"]
    );
    for (race, version, method) in [
        ("2024_miami", 1, "SEQUENTIAL"),
        ("2024_emilia_romagna", 1, "SEQUENTIAL"),
        ("2024_monaco", 2, "SNAKE"),
        ("2024_abu_dhabi", 2, "SNAKE"),
    ] {
        let settings = of_race(&app, &max, &id, race).await;
        assert_eq!(
            (&settings["version"], &settings["draftMethod"]),
            (&json!(version), &json!(method)),
            "{race}"
        );
    }
    // What no race was drafted by is replaced, and keeps what is not named; null takes away.
    let again = "updateLeagueSettings(league: $league, settings: { pickClockSeconds: null, lockSession: SPRINT_QUALIFYING }) { settingsHistory { version draftMethod pickClockSeconds lockSession } }";
    let again = change(&app, &max, &id, again).await;
    assert_eq!(each(&again["settingsHistory"], "/version"), [1, 2]);
    let latest = json!({ "version": 2, "draftMethod": "SNAKE", "pickClockSeconds": null, "lockSession": "SPRINT_QUALIFYING" });
    assert_eq!(again["settingsHistory"][1], latest);
}

#[tokio::test]
async fn drafts_open_by_the_clock_of_the_leagues_zone() {
    let app = in_the_week_of_imola().await;
    let max = register(&app, "Max").await;
    let (user, id) = {
        let id = text(&found(&app, &max, "Sunday club", "").await["id"]);
        let user = auth::list(&app.app).await.unwrap().remove(0).id;
        (
            auth::UserId::parse(&user).unwrap(),
            LeagueId::parse(id.strip_prefix("League:").unwrap()).unwrap(),
        )
    };
    // 08:00 in New York is 12:00 UTC in summer.
    for (now, rounds, from) in [
        ("2024-05-20T11:59:59Z", 3, "2024_monaco"),
        ("2024-05-20T12:00:00Z", 4, "2024_canadian"),
        ("2024-06-03T11:59:59Z", 1, "2024_canadian"),
        ("2024-06-03T12:00:00Z", 2, "2024_spanish"),
    ] {
        let now: DateTime<Utc> = now.parse().unwrap();
        let later = App {
            clock: Clock::standing(now),
            ..app.app.clone()
        };
        let change = SettingsChange {
            rounds: Some(rounds),
            ..SettingsChange::default()
        };
        league::change_settings(&later, user, id, change)
            .await
            .unwrap();
        let rows = league_settings::Entity::find()
            .order_by_desc(league_settings::Column::Version)
            .all(&app.app.db)
            .await
            .unwrap();
        let race = rows[0].from_race_id.unwrap();
        let race = entities::race::Entity::find_by_id(race)
            .one(&app.app.db)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(race.reference, from, "{now}");
    }
}

#[tokio::test]
async fn a_league_plays_by_weights_of_its_own() {
    let app = in_the_week_of_imola().await;
    let max = register(&app, "Max").await;
    let id = text(&found(&app, &max, "Sunday club", "").await["id"]);
    let weights = "weights { qualifying { positions noTime } sprint { finish } race { finish positions placeGained fastestLap disqualified } driverOfTheDay }";
    let own = format!(
        "updateLeagueSettings(league: $league, settings: {{ scoring: {{ ruleset: CUSTOM, weights: {{ qualifying: {{ positions: [\"3\", \"2\", \"1.5\"] }}, race: {{ finish: TABLE, positions: [\"10\", \"5\"], placeGained: \"0.5\", disqualified: \"-20\" }} }} }} }}) {{ settings(race: \"2024_monaco\") {{ scoring {{ ruleset {weights} }} }} }}"
    );
    let own = change(&app, &max, &id, &own).await;
    assert_eq!(
        own["settings"]["scoring"],
        json!({
            "ruleset": "CUSTOM",
            "weights": {
                "qualifying": { "positions": ["3", "2", "1.5"], "noTime": "0" },
                "sprint": { "finish": "NOTHING" },
                "race": { "finish": "TABLE", "positions": ["10", "5"], "placeGained": "0.5", "fastestLap": "0", "disqualified": "-20" },
                "driverOfTheDay": "0",
            },
        })
    );
    for scoring in [
        "{ ruleset: CUSTOM }",
        "{ ruleset: OFFICIAL, weights: {} }",
        "{ ruleset: CUSTOM, weights: { race: { notClassified: \"5\" } } }",
        "{ ruleset: CUSTOM, weights: { race: { overtake: \"100.01\" } } }",
        // The published points of 2024 contain the fastest lap.
        "{ ruleset: CUSTOM, weights: { race: { finish: PUBLISHED, fastestLap: \"1\" } } }",
    ] {
        let field = format!(
            "updateLeagueSettings(league: $league, settings: {{ scoring: {scoring} }}) {{ id }}"
        );
        let (code, _) = unchanged(&app, &max.access, &id, &field).await;
        assert_eq!(code, "BAD_USER_INPUT", "{scoring}");
    }
}

#[tokio::test]
async fn only_the_commissioner_changes_settings() {
    let app = in_the_week_of_imola().await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let league = found(&app, &max, "Sunday club", ", visibility: PUBLIC").await;
    let id = text(&league["id"]);
    super::join(&app, &lando, &text(&league["inviteCode"]), "Papaya").await;
    let snake = "updateLeagueSettings(league: $league, settings: { draftMethod: SNAKE }) { id }";
    let refused = unchanged(&app, &lando.access, &id, snake).await;
    assert_eq!(refused, refusal("FORBIDDEN", "NOT_COMMISSIONER"));
}

#[tokio::test]
async fn with_no_race_planned_settings_hold_from_the_day_on() {
    let app = TestApp::empty().await;
    let max = register(&app, "Max").await;
    let id = text(&found(&app, &max, "Sunday club", "").await["id"]);
    let snake = "updateLeagueSettings(league: $league, settings: { draftMethod: SNAKE }) { settings { version fromRace { ref } fromDate draftMethod } }";
    let changed = change(&app, &max, &id, snake).await;
    let expected =
        json!({ "version": 1, "fromRace": null, "fromDate": "2025-01-15", "draftMethod": "SNAKE" });
    assert_eq!(changed["settings"], expected);
}
