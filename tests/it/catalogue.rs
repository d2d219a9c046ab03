//! Facts of the bundled seasons, as a fan knows them.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    json::{items, texts, with},
};

#[tokio::test]
async fn seasons_come_newest_first_with_all_their_races() {
    let app = TestApp::bundled().await;
    let data = app
        .data("{ seasons { id year completed races { round } } season(year: 1949) { year } }")
        .await;
    let found: Vec<_> = items(&data["seasons"])
        .iter()
        .map(|season| (season["year"].clone(), items(&season["races"]).len()))
        .collect();
    let expected: Vec<_> = [
        (2025, 24),
        (2024, 24),
        (2023, 22),
        (2022, 22),
        (2021, 22),
        (2020, 17),
        (2019, 21),
        (2018, 21),
    ]
    .map(|(year, races)| (json!(year), races))
    .to_vec();
    assert_eq!(found, expected);
    assert_eq!(data["seasons"][0]["completed"], false);
    assert_eq!(data["seasons"][1]["completed"], true);
    assert_eq!(data["seasons"][1]["id"], "Season:2024");
    assert_eq!(data["season"], Value::Null);
}

#[tokio::test]
async fn famous_winners_are_right() {
    let app = TestApp::bundled().await;
    for (race, driver, constructor) in [
        ("2018_german", "Lewis Hamilton", "mercedes"),
        ("2020_italian", "Pierre Gasly", "alphatauri"),
        ("2020_sakhir", "Sergio Pérez", "racing_point"),
        ("2020_70th_anniversary", "Max Verstappen", "red_bull"),
        ("2021_hungarian", "Esteban Ocon", "alpine"),
        ("2021_italian", "Daniel Ricciardo", "mclaren"),
        ("2021_abu_dhabi", "Max Verstappen", "red_bull"),
        ("2022_sao_paulo", "George Russell", "mercedes"),
        ("2023_singapore", "Carlos Sainz", "ferrari"),
        ("2024_belgian", "Lewis Hamilton", "mercedes"),
        ("2024_sao_paulo", "Max Verstappen", "red_bull"),
    ] {
        let query = format!(
            r#"{{ race(ref: "{race}") {{ winner {{ position gap driver {{ name }} constructor {{ ref }} }} }} }}"#
        );
        let winner = app.data(&query).await["race"]["winner"].take();
        assert_eq!(winner["driver"]["name"], driver, "{race}");
        assert_eq!(winner["constructor"]["ref"], constructor, "{race}");
        assert_eq!(winner["position"], 1, "{race}");
        assert_eq!(winner["gap"], 0, "{race}");
    }
}

#[tokio::test]
async fn a_race_that_never_was_is_null() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_atlantis") { name } driver(ref: "nobody") { name }
                 circuit(ref: "nowhere") { name } constructor(ref: "none") { name } }"#,
        )
        .await;
    let nothing = json!({ "race": null, "driver": null, "circuit": null, "constructor": null });
    assert_eq!(data, nothing);
}

#[tokio::test]
async fn half_points_are_exact() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2021_belgian") { results { points laps driver { ref } } }
                 season(year: 2021) { driverStandings { points wins driver { ref } } } }"#,
        )
        .await;
    let points = texts(&data["race"]["results"], "/points");
    let paid = ["12.5", "9", "7.5", "6", "5", "4", "3", "2", "1", "0.5", "0"];
    assert_eq!(points[..11], paid);
    let standings = &data["season"]["driverStandings"];
    assert_eq!(
        with(standings, "/driver/ref", "max_verstappen")["points"],
        "395.5"
    );
    assert_eq!(
        with(standings, "/driver/ref", "hamilton")["points"],
        "387.5"
    );
}

#[tokio::test]
async fn a_car_that_stopped_late_is_retired_and_classified() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_singapore") {
                results { position positionText status statusText driver { ref } } } }"#,
        )
        .await;
    let results = &data["race"]["results"];
    let magnussen = with(results, "/driver/ref", "kevin_magnussen");
    assert_eq!(magnussen["position"], 19);
    assert_eq!(magnussen["positionText"], "19");
    assert_eq!(magnussen["status"], "RETIRED");
    let albon = with(results, "/driver/ref", "albon");
    assert_eq!(albon["position"], Value::Null);
    assert_eq!(albon["positionText"], "R");
    assert_eq!(albon["status"], "RETIRED");
    // The unclassified stand behind the classified.
    assert_eq!(results[19]["driver"]["ref"], "albon");
}

#[tokio::test]
async fn a_start_from_the_pit_lane_is_grid_zero() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_azerbaijan") {
                results { position grid pole points driver { ref } } } }"#,
        )
        .await;
    let results = &data["race"]["results"];
    let hamilton = with(results, "/driver/ref", "hamilton");
    assert_eq!(
        (&hamilton["grid"], &hamilton["position"]),
        (&json!(0), &json!(9))
    );
    let poles: Vec<_> = items(results)
        .iter()
        .filter(|row| row["pole"] == true)
        .collect();
    assert_eq!(poles.len(), 1);
    assert_eq!(poles[0]["driver"]["ref"], "leclerc");
}

#[tokio::test]
async fn a_disqualified_winner_is_last_without_a_position() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_belgian") {
                results { position positionText status points driver { ref } } } }"#,
        )
        .await;
    let russell = items(&data["race"]["results"]).last().unwrap();
    let expected = json!({
        "position": null, "positionText": "D", "status": "DISQUALIFIED", "points": "0",
        "driver": { "ref": "russell" },
    });
    assert_eq!(*russell, expected);
}

#[tokio::test]
async fn qualifying_has_its_parts_and_the_sprint_its_own_points() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_sao_paulo") {
                sprint { position points gap driver { ref } }
                qualifying { position number driver { ref } constructor { ref } q1 q2 q3 } }
                plain: race(ref: "2024_monaco") { sprint { position } sprintQualifying { q1 } } }"#,
        )
        .await;
    let race = &data["race"];
    assert_eq!(race["sprint"][0]["driver"]["ref"], "norris");
    assert_eq!(race["sprint"][0]["points"], "8");
    assert_eq!(race["sprint"][0]["gap"], 0);
    let pole = json!({
        "position": 1, "number": 4, "driver": { "ref": "norris" },
        "constructor": { "ref": "mclaren" }, "q1": 90944, "q2": 84844, "q3": 83405,
    });
    assert_eq!(race["qualifying"][0], pole);
    let verstappen = with(&race["qualifying"], "/driver/ref", "max_verstappen");
    assert_eq!(verstappen["position"], 12);
    assert_eq!(verstappen["q3"], Value::Null);
    assert_eq!(
        data["plain"],
        json!({ "sprint": [], "sprintQualifying": [] })
    );
}

#[tokio::test]
async fn races_start_when_they_did_whatever_the_time_zone() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ vegas: race(ref: "2024_las_vegas") { date startsAt sessions { kind date startsAt } }
                 interlagos: race(ref: "2024_sao_paulo") { date startsAt sessions { kind } } }"#,
        )
        .await;
    let vegas = &data["vegas"];
    assert_eq!(vegas["startsAt"], "2024-11-24T06:00:00+00:00");
    assert_eq!(vegas["date"], "2024-11-23");
    let race = with(&vegas["sessions"], "/kind", "RACE");
    assert_eq!(race["startsAt"], vegas["startsAt"]);
    assert_eq!(race["date"], "2024-11-24");
    assert_eq!(data["interlagos"]["startsAt"], "2024-11-03T15:30:00+00:00");
    assert_eq!(
        texts(&data["interlagos"]["sessions"], "/kind"),
        [
            "PRACTICE_1",
            "SPRINT_QUALIFYING",
            "SPRINT",
            "QUALIFYING",
            "RACE"
        ]
    );
}

#[tokio::test]
async fn number_code_and_team_belong_to_the_race() {
    let app = TestApp::bundled().await;
    let entries = "entries { number code provisional driver { ref } constructor { ref } }";
    let data = app
        .data(&format!(
            r#"{{ before: race(ref: "2021_abu_dhabi") {{ {entries} }}
                  champion: race(ref: "2022_bahrain") {{ {entries} }}
                  jeddah: race(ref: "2024_saudi_arabian") {{ {entries} }}
                  baku: race(ref: "2024_azerbaijan") {{ {entries} }} }}"#
        ))
        .await;
    for (race, driver, number, code, constructor) in [
        ("before", "max_verstappen", 33, "VER", "red_bull"),
        ("champion", "max_verstappen", 1, "VER", "red_bull"),
        ("jeddah", "bearman", 38, "BEA", "ferrari"),
        ("baku", "bearman", 50, "BEA", "haas"),
    ] {
        let entry = with(&data[race]["entries"], "/driver/ref", driver);
        let expected = json!({
            "number": number, "code": code, "provisional": false,
            "driver": { "ref": driver }, "constructor": { "ref": constructor },
        });
        assert_eq!(*entry, expected, "{race}");
    }
}

#[tokio::test]
async fn entries_of_the_next_race_are_those_of_the_last_and_say_so() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ nextRace { ref status entries { provisional driver { ref } } }
               lastRace { ref status entries { provisional driver { ref } } } }",
        )
        .await;
    assert_eq!(data["nextRace"]["ref"], "2025_australian");
    assert_eq!(data["nextRace"]["status"], "SCHEDULED");
    assert_eq!(data["lastRace"]["ref"], "2024_abu_dhabi");
    assert_eq!(data["lastRace"]["status"], "COMPLETED");
    let (next, last) = (&data["nextRace"]["entries"], &data["lastRace"]["entries"]);
    assert_eq!(items(next).len(), 20);
    assert!(
        items(next).iter().all(|entry| entry["provisional"] == true),
        "{next:#}"
    );
    assert!(
        items(last)
            .iter()
            .all(|entry| entry["provisional"] == false),
        "{last:#}"
    );
    assert_eq!(texts(next, "/driver/ref"), texts(last, "/driver/ref"));
}
