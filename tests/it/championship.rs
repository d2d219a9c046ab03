//! Champions, careers and teams of the bundled seasons.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    json::{each, items, texts, with},
};

#[tokio::test]
async fn the_champions_are_right() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ seasons { year driverStandings { position points wins driver { ref } }
               constructorStandings { position constructor { ref } } } }",
        )
        .await;
    let champions: Vec<_> = items(&data["seasons"])
        .iter()
        .filter(|season| season["year"] != 2025)
        .map(|season| {
            let (driver, team) = (
                &season["driverStandings"][0],
                &season["constructorStandings"][0],
            );
            json!([
                season["year"],
                driver["driver"]["ref"],
                driver["points"],
                driver["wins"],
                team["constructor"]["ref"],
                driver["position"],
                team["position"],
            ])
        })
        .collect();
    let expected = [
        json!([2024, "max_verstappen", "437", 9, "mclaren", 1, 1]),
        json!([2023, "max_verstappen", "575", 19, "red_bull", 1, 1]),
        json!([2022, "max_verstappen", "454", 15, "red_bull", 1, 1]),
        json!([2021, "max_verstappen", "395.5", 10, "mercedes", 1, 1]),
        json!([2020, "hamilton", "347", 11, "mercedes", 1, 1]),
        json!([2019, "hamilton", "413", 11, "mercedes", 1, 1]),
        json!([2018, "hamilton", "408", 11, "mercedes", 1, 1]),
    ];
    assert_eq!(champions, expected);
}

#[tokio::test]
async fn a_season_not_begun_has_no_standings() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ season(year: 2025) { driverStandings { points } constructorStandings { points } } }",
        )
        .await;
    let nothing = json!({ "driverStandings": [], "constructorStandings": [] });
    assert_eq!(data["season"], nothing);
}

#[tokio::test]
async fn standings_after_a_round_are_those_of_that_race() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r"{ season(year: 2021) {
                 early: driverStandings(afterRound: 21) { points driver { ref } }
                 none: driverStandings(afterRound: 0) { points }
                 late: driverStandings(afterRound: 99) { points driver { ref } }
                 race(round: 21) { ref standings { drivers { points driver { ref } } } } } }",
        )
        .await;
    let season = &data["season"];
    assert_eq!(season["race"]["ref"], "2021_saudi_arabian");
    assert_eq!(season["early"], season["race"]["standings"]["drivers"]);
    // Level on points before the last race.
    assert_eq!(season["early"][0]["points"], "369.5");
    assert_eq!(season["early"][1]["points"], "369.5");
    assert_eq!(season["early"][0]["driver"]["ref"], "max_verstappen");
    assert_eq!(season["none"], json!([]));
    assert_eq!(season["late"][0]["points"], "395.5");
}

#[tokio::test]
async fn points_taken_from_a_team_are_missing_in_its_standing() {
    let app = TestApp::bundled().await;
    let standings = |year: i32| {
        format!(
            "{{ season(year: {year}) {{ constructorStandings {{ position points constructor {{ ref }} }} }} }}"
        )
    };
    let data = app.data(&standings(2018)).await;
    let force_india = with(
        &data["season"]["constructorStandings"],
        "/constructor/ref",
        "force_india",
    );
    assert_eq!(
        (&force_india["position"], &force_india["points"]),
        (&json!(7), &json!("52"))
    );
    let data = app.data(&standings(2020)).await;
    let racing_point = with(
        &data["season"]["constructorStandings"],
        "/constructor/ref",
        "racing_point",
    );
    assert_eq!(
        (&racing_point["position"], &racing_point["points"]),
        (&json!(4), &json!("195"))
    );
}

#[tokio::test]
async fn pole_positions_are_the_official_ones() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ hamilton: driver(ref: "hamilton") { career { poles } seasons { season { year } poles } }
                 verstappen: driver(ref: "max_verstappen") { seasons { season { year } poles } } }"#,
        )
        .await;
    let poles = |driver: &str| -> Vec<(Value, Value)> {
        let seasons = &data[driver]["seasons"];
        each(seasons, "/season/year")
            .into_iter()
            .zip(each(seasons, "/poles"))
            .collect()
    };
    let expected = |list: [(i32, i32); 7]| list.map(|(year, poles)| (json!(year), json!(poles)));
    assert_eq!(
        poles("hamilton"),
        expected([
            (2018, 11),
            (2019, 5),
            (2020, 10),
            (2021, 5),
            (2022, 0),
            (2023, 1),
            (2024, 0)
        ])
    );
    assert_eq!(
        poles("verstappen"),
        expected([
            (2018, 0),
            (2019, 2),
            (2020, 1),
            (2021, 10),
            (2022, 7),
            (2023, 12),
            (2024, 8)
        ])
    );
    assert_eq!(data["hamilton"]["career"]["poles"], 32);
}

#[tokio::test]
async fn a_career_sums_up_what_its_seasons_and_results_say() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ driver(ref: "max_verstappen") {
                name code permanentNumber nationality
                career { starts wins podiums poles points championships bestFinish firstSeason lastSeason }
                seasons { starts wins podiums position points }
                wins: results(first: 0, filter: { positionTo: 1 }) { totalCount }
                podiums: results(first: 0, filter: { positionTo: 3 }) { totalCount } } }"#,
        )
        .await;
    let driver = &data["driver"];
    let career = &driver["career"];
    let sum = |field: &str| -> i64 {
        each(&driver["seasons"], field)
            .iter()
            .map(|value| value.as_i64().unwrap())
            .sum()
    };
    assert_eq!(career["wins"], 60);
    assert_eq!(career["wins"], sum("/wins"));
    assert_eq!(career["wins"], driver["wins"]["totalCount"]);
    assert_eq!(career["podiums"], sum("/podiums"));
    assert_eq!(career["podiums"], driver["podiums"]["totalCount"]);
    assert_eq!(career["starts"], sum("/starts"));
    assert_eq!(career["championships"], 4);
    assert_eq!(career["bestFinish"], 1);
    assert_eq!(
        (&career["firstSeason"], &career["lastSeason"]),
        (&json!(2018), &json!(2024))
    );
    assert_eq!(driver["code"], "VER");
    assert_eq!(driver["seasons"][6]["position"], 1);
    assert_eq!(driver["seasons"][6]["points"], "437");
}

#[tokio::test]
async fn a_team_knows_the_names_it_raced_under() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ rb: constructor(ref: "rb") { lineage { team firstSeason lastSeason constructor { ref } } }
                 toro_rosso: constructor(ref: "toro_rosso") { lineage { constructor { ref } } }
                 ferrari: constructor(ref: "ferrari") { lineage { team } } }"#,
        )
        .await;
    let names = ["toro_rosso", "alphatauri", "rb"];
    assert_eq!(texts(&data["rb"]["lineage"], "/constructor/ref"), names);
    assert_eq!(
        texts(&data["toro_rosso"]["lineage"], "/constructor/ref"),
        names
    );
    let now = json!({
        "team": "faenza", "firstSeason": 2024, "lastSeason": null, "constructor": { "ref": "rb" },
    });
    assert_eq!(data["rb"]["lineage"][2], now);
    assert_eq!(data["ferrari"]["lineage"], json!([]));
}

#[tokio::test]
async fn a_circuit_knows_its_races_and_record() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ circuit(ref: "monza") {
                id name locality country
                record { races firstSeason lastSeason }
                races(first: 20) { totalCount nodes { ref winner { driver { ref } } } } } }"#,
        )
        .await;
    let circuit = &data["circuit"];
    assert_eq!(circuit["id"], "Circuit:monza");
    assert_eq!(circuit["country"], "Italy");
    let record = json!({ "races": 7, "firstSeason": 2018, "lastSeason": 2024 });
    assert_eq!(circuit["record"], record);
    // Seven held and one to come.
    assert_eq!(circuit["races"]["totalCount"], 8);
    assert_eq!(circuit["races"]["nodes"][0]["ref"], "2025_italian");
    assert_eq!(circuit["races"]["nodes"][0]["winner"], Value::Null);
    assert_eq!(
        circuit["races"]["nodes"][5]["winner"]["driver"]["ref"],
        "gasly"
    );
}
