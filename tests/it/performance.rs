//! How drivers and constructors did in a season, what circuits are like, and who leads the field.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    json::{each, items, texts, with},
};

const ACHIEVED: &str =
    "races starts wins podiums poles points pointsPerRace averageGrid averageFinish
    positionsGained retirements retirementRate qualifyingGapToFastest form ratingChange";

#[track_caller]
fn near(value: &Value, expected: f64) {
    let found = value.as_f64().unwrap_or(f64::NAN);
    assert!((found - expected).abs() < 1e-3, "{value}, not {expected}");
}

fn numbers<const N: usize>(object: &Value, fields: [&str; N]) -> [i64; N] {
    fields.map(|field| {
        let value = &object[field];
        value
            .as_i64()
            .unwrap_or_else(|| panic!("{field} in {object:#}"))
    })
}

#[tokio::test]
async fn the_most_one_sided_season_is_told_as_it_was() {
    let app = TestApp::bundled().await;
    let data = app
        .data(&format!(
            r#"{{ driver(ref: "max_verstappen") {{ performance(season: 2023) {{
                   season {{ year }} {ACHIEVED}
                   teammates {{ teammate {{ ref }} races qualifyingAhead qualifyingBehind qualifyingGap
                     raceAhead raceBehind pointsFor pointsAgainst }} }} }} }}"#
        ))
        .await;
    let season = &data["driver"]["performance"];
    assert_eq!(season["season"]["year"], 2023);
    let fields = ["races", "starts", "wins", "podiums", "poles", "retirements"];
    assert_eq!(numbers(season, fields), [22, 22, 19, 21, 12, 0]);
    assert_eq!(season["points"], "575");
    near(&season["pointsPerRace"], 575.0 / 22.0);
    near(&season["averageFinish"], 28.0 / 22.0);
    near(&season["form"], 1.0);
    near(&season["retirementRate"], 0.0);
    let gap = season["qualifyingGapToFastest"].as_f64().unwrap();
    assert!((0.0..0.1).contains(&gap), "{gap}");
    assert!(season["ratingChange"].as_f64().unwrap() > 0.0);
    let perez = &season["teammates"][0];
    assert_eq!(perez["teammate"]["ref"], "perez");
    let fields = ["races", "qualifyingAhead", "qualifyingBehind"];
    assert_eq!(numbers(perez, fields), [22, 20, 2]);
    assert_eq!(numbers(perez, ["raceAhead", "raceBehind"]), [18, 2]);
    assert_eq!(
        (&perez["pointsFor"], &perez["pointsAgainst"]),
        (&json!("575"), &json!("285"))
    );
    assert!(perez["qualifyingGap"].as_f64().unwrap() < -0.3);
}

#[tokio::test]
async fn team_mates_are_compared_as_the_papers_had_it() {
    let app = TestApp::bundled().await;
    for (driver, season, teammate, ahead, behind) in [
        ("hamilton", 2024, "russell", 5, 19),
        ("norris", 2024, "piastri", 20, 4),
        ("alonso", 2023, "stroll", 19, 3),
        ("max_verstappen", 2024, "perez", 23, 1),
        ("leclerc", 2019, "vettel", 12, 9),
    ] {
        let query = format!(
            r#"{{ driver(ref: "{driver}") {{ performance(season: {season}) {{
                 teammates {{ teammate {{ ref }} qualifyingAhead qualifyingBehind }} }} }} }}"#
        );
        let data = app.data(&query).await;
        let teammates = &data["driver"]["performance"]["teammates"];
        let found = with(teammates, "/teammate/ref", teammate);
        let found = numbers(found, ["qualifyingAhead", "qualifyingBehind"]);
        assert_eq!(found, [ahead, behind], "{driver} {season}");
    }
}

#[tokio::test]
async fn a_driver_who_changed_teams_has_team_mates_of_both() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ driver(ref: "albon") { performance(season: 2019) {
                 races teammates { teammate { ref } races } } } }"#,
        )
        .await;
    let season = &data["driver"]["performance"];
    assert_eq!(season["races"], 21);
    let teammates = &season["teammates"];
    assert_eq!(
        texts(teammates, "/teammate/ref"),
        ["kvyat", "max_verstappen"]
    );
    assert_eq!(each(teammates, "/races"), [12, 9]);
}

#[tokio::test]
async fn a_constructor_is_told_car_by_car() {
    let app = TestApp::bundled().await;
    let data = app
        .data(&format!(
            r#"{{ constructor(ref: "red_bull") {{ performance(season: 2023) {{ {ACHIEVED}
                 oneTwos doublePointsFinishes drivers {{ driver {{ ref }} races points share }} }} }}
               ferrari: constructor(ref: "ferrari") {{ performance(season: 2024) {{
                 drivers {{ driver {{ ref }} races points }} }} }} }}"#
        ))
        .await;
    let season = &data["constructor"]["performance"];
    let fields = ["races", "wins", "podiums", "poles", "oneTwos"];
    assert_eq!(numbers(season, fields), [22, 21, 30, 14, 6]);
    assert_eq!(season["points"], "860");
    assert_eq!(season["retirements"], 2);
    near(&season["retirementRate"], 2.0 / 44.0);
    let drivers = &season["drivers"];
    assert_eq!(texts(drivers, "/driver/ref"), ["max_verstappen", "perez"]);
    near(&drivers[0]["share"], 575.0 / 860.0);
    // Bearman stood in for Sainz once.
    let drivers = &data["ferrari"]["performance"]["drivers"];
    assert_eq!(
        texts(drivers, "/driver/ref"),
        ["leclerc", "sainz", "bearman"]
    );
    assert_eq!(each(drivers, "/races"), [24, 23, 1]);
    assert_eq!(texts(drivers, "/points"), ["356", "290", "6"]);
}

#[tokio::test]
async fn performance_says_what_the_seasons_of_a_career_say() {
    let app = TestApp::bundled().await;
    let totals = "starts wins podiums poles retirements";
    for root in ["drivers", "constructors"] {
        let query = format!(
            "{{ {root}(orderBy: STARTS, first: 100) {{ nodes {{ ref
                 seasons {{ season {{ year }} {totals} }}
                 p2018: performance(season: 2018) {{ {totals} }} p2021: performance(season: 2021) {{ {totals} }}
                 p2024: performance(season: 2024) {{ {totals} }} }} }} }}"
        );
        let data = app.data(&query).await;
        let mut compared = 0;
        for node in items(&data[root]["nodes"]) {
            for year in [2018, 2021, 2024] {
                let of_year = |season: &&Value| season["season"]["year"] == year;
                let mut expected = items(&node["seasons"]).iter().find(of_year).cloned();
                if let Some(Value::Object(fields)) = &mut expected {
                    fields.remove("season");
                    compared += 1;
                }
                let found = &node[format!("p{year}")];
                assert_eq!(*found, expected.unwrap_or(Value::Null), "{node:#}");
            }
        }
        assert!(compared >= 30, "{compared} seasons of {root}");
    }
}

#[tokio::test]
async fn who_did_not_race_in_a_season_has_no_performance_in_it() {
    let app = TestApp::bundled().await;
    let seasons = [1949, 2017, 2025, 3000, -1];
    for season in seasons {
        let query = format!(
            r#"{{ driver(ref: "norris") {{ performance(season: {season}) {{ wins }} }}
                 constructor(ref: "mclaren") {{ performance(season: {season}) {{ wins }} }}
                 driverRankings(season: {season}) {{ rank }} }}"#
        );
        let nothing = json!({
            "driver": { "performance": null }, "constructor": { "performance": null },
            "driverRankings": [],
        });
        assert_eq!(app.data(&query).await, nothing, "{season}");
    }
    let data = app
        .data(r#"{ driver(ref: "piastri") { performance(season: 2022) { wins } } }"#)
        .await;
    assert_eq!(data["driver"]["performance"], Value::Null);
}

#[tokio::test]
async fn circuits_are_as_fans_know_them() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "fragment All on CircuitInsights { races firstSeason lastSeason
               poleWinRate { value races } frontRowWinRate { value } averageWinnerGrid { value }
               positionsChanged { value races } gridCorrelation { value races } retirementRate { value races }
               safetyCarRate { value } topDrivers { wins driver { ref } }
               topConstructors { wins constructor { ref } }
               fastestLap { time driver { ref } race { ref } } }
             { monaco: circuit(ref: \"monaco\") { insights { ...All } }
               monza: circuit(ref: \"monza\") { insights { ...All } }
               zandvoort: circuit(ref: \"zandvoort\") { insights { poleWinRate { value races } } } }",
        )
        .await;
    let (monaco, monza) = (&data["monaco"]["insights"], &data["monza"]["insights"]);
    let fields = ["races", "firstSeason", "lastSeason"];
    assert_eq!(numbers(monaco, fields), [6, 2018, 2024]);
    near(&monaco["poleWinRate"]["value"], 4.0 / 6.0);
    near(&monaco["frontRowWinRate"]["value"], 5.0 / 6.0);
    near(&monaco["averageWinnerGrid"]["value"], 1.5);
    assert_eq!(monaco["poleWinRate"]["races"], 6);
    let lap = json!({
        "time": 72_909, "driver": { "ref": "hamilton" }, "race": { "ref": "2021_monaco" },
    });
    assert_eq!(monaco["fastestLap"], lap);
    let best = json!({ "wins": 4, "constructor": { "ref": "red_bull" } });
    assert_eq!(monaco["topConstructors"][0], best);
    let best = json!({ "wins": 2, "driver": { "ref": "max_verstappen" } });
    assert_eq!(monaco["topDrivers"][0], best);
    assert_eq!(items(&monaco["topDrivers"]).len(), 3);
    // Leclerc in 2019 alone.
    near(&monza["poleWinRate"]["value"], 1.0 / 7.0);
    near(&data["zandvoort"]["insights"]["poleWinRate"]["value"], 1.0);
    // Nobody passes in Monaco.
    let of = |circuit: &Value, field: &str| circuit[field]["value"].as_f64().unwrap();
    assert!(of(monaco, "gridCorrelation") > of(monza, "gridCorrelation"));
    assert!(of(monaco, "positionsChanged") < of(monza, "positionsChanged"));
    // The bundled seasons do not tell of safety cars.
    assert_eq!(monaco["safetyCarRate"], Value::Null);
}

#[tokio::test]
async fn insights_go_back_as_many_seasons_as_are_asked_for() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ circuit(ref: "red_bull_ring") {
                 one: insights(seasons: 1) { races firstSeason }
                 five: insights(seasons: 5) { races firstSeason }
                 ten: insights { races } all: insights(seasons: null) { races }
                 far: insights(seasons: 2147483647) { races } }
               never: circuit(ref: "vegas") { insights(seasons: 1) { races } } }"#,
        )
        .await;
    let circuit = &data["circuit"];
    assert_eq!(circuit["one"], json!({ "races": 1, "firstSeason": 2024 }));
    // Twice in 2020 and 2021.
    assert_eq!(circuit["five"], json!({ "races": 7, "firstSeason": 2020 }));
    for span in ["ten", "all", "far"] {
        assert_eq!(circuit[span]["races"], 9, "{span}");
    }
    for seasons in [0, -5] {
        let query = format!(
            r#"{{ circuit(ref: "monza") {{ name insights(seasons: {seasons}) {{ races }} }} }}"#
        );
        let answer = app.answer(&query).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "BAD_USER_INPUT", "{answer:#}");
        let circuit = &answer["data"]["circuit"];
        assert_eq!(circuit["insights"], Value::Null);
        assert!(circuit["name"].is_string());
    }
}

#[tokio::test]
async fn a_circuit_without_a_race_so_far_has_no_insights() {
    let app = TestApp::start(Setup {
        now: "2018-03-26T12:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await;
    let data = app
        .data(
            r#"{ raced: circuit(ref: "albert_park") { insights { races gridCorrelation { races } } }
                 planned: circuit(ref: "monza") { insights { races } } }"#,
        )
        .await;
    assert_eq!(data["raced"]["insights"]["races"], 1);
    assert_eq!(data["planned"], json!({ "insights": null }));
}

#[tokio::test]
async fn safety_cars_count_in_the_seasons_of_which_they_are_known() {
    use entities::{race, race_control};
    let app = TestApp::bundled().await;
    let monaco = race::Entity::find()
        .filter(race::Column::Reference.eq("2023_monaco"))
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap();
    race_control::ActiveModel {
        race_id: Set(monaco.id),
        kind: Set(race_control::Kind::SafetyCar),
        from_lap: Set(3),
        cause: Set("Accident".to_owned()),
        ..Default::default()
    }
    .insert(&app.app.db)
    .await
    .unwrap();
    let data = app
        .data(
            r#"{ monaco: circuit(ref: "monaco") { insights { safetyCarRate { value races } } }
                 monza: circuit(ref: "monza") { insights { safetyCarRate { value races } } }
                 sochi: circuit(ref: "sochi") { insights { safetyCarRate { value races } } } }"#,
        )
        .await;
    for (circuit, expected) in [
        ("monaco", json!({ "value": 1.0, "races": 1 })),
        ("monza", json!({ "value": 0.0, "races": 1 })),
        // Not raced in that season.
        ("sochi", Value::Null),
    ] {
        assert_eq!(
            data[circuit]["insights"]["safetyCarRate"], expected,
            "{circuit}"
        );
    }
}

#[tokio::test]
async fn who_is_better_at_a_circuit_is_drawn_to_zero_by_how_little_was_seen() {
    let app = TestApp::start(Setup {
        bundled: true,
        change: |config| config.graphql.max_cost = u64::MAX,
        ..Setup::default()
    })
    .await;
    let data = app
        .data(
            "fragment All on TrackCoefficients {
               drivers(first: 100) { driver { ref } value low high visits places }
               constructors(first: 100) { constructor { ref } value low high visits places } }
             { circuits(first: 100) { nodes { ref trackCoefficients { ...All }
                 everybody: trackCoefficients(active: false) { ...All } } } }",
        )
        .await;
    let mut widths: Vec<(u64, f64)> = Vec::new();
    let mut seen = 0;
    for circuit in items(&data["circuits"]["nodes"]) {
        for coefficients in [&circuit["trackCoefficients"], &circuit["everybody"]] {
            if coefficients.is_null() {
                continue;
            }
            seen += 1;
            for of in ["drivers", "constructors"] {
                let rows = items(&coefficients[of]);
                let of_row = |row: &Value, field: &str| row[field].as_f64().unwrap();
                for (row, next) in rows.iter().zip(rows.iter().skip(1)) {
                    assert!(of_row(row, "value") >= of_row(next, "value"), "{circuit:#}");
                }
                for row in rows {
                    let (low, value, high) = (
                        of_row(row, "low"),
                        of_row(row, "value"),
                        of_row(row, "high"),
                    );
                    assert!(low < value && value < high, "{row:#}");
                    near(&row["places"], value * 19.0);
                    let visits = row["visits"].as_u64().unwrap();
                    assert!(visits > 0, "{row:#}");
                    // No finish is further from the usual than from first to last.
                    let most = f64::from(u32::try_from(visits).unwrap()) / 18.0;
                    assert!(value.abs() < most.min(0.3), "{row:#}");
                    widths.push((visits, high - low));
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
    // The more was seen, the surer.
    widths.sort_by_key(|(visits, _)| *visits);
    for pair in widths.windows(2) {
        let surer = pair[1].1 < pair[0].1 - 1e-9;
        assert_eq!(surer, pair[1].0 > pair[0].0, "{pair:?}");
    }
}

#[tokio::test]
async fn coefficients_are_those_of_the_latest_season_unless_all_are_asked_for() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ monza: circuit(ref: "monza") {
                 trackCoefficients { drivers(first: 100) { driver { ref } } constructors { constructor { ref } visits } }
                 all: trackCoefficients(active: false) { drivers(first: 100) { driver { ref } }
                   constructors(first: 100) { constructor { ref } } }
                 three: trackCoefficients { drivers(first: 3) { visits } constructors(first: 0) { visits } } }
               hockenheim: circuit(ref: "hockenheimring") { trackCoefficients { drivers { driver { ref } } } } }"#,
        )
        .await;
    let monza = &data["monza"];
    let (active, all) = (&monza["trackCoefficients"], &monza["all"]);
    let drivers = texts(&active["drivers"], "/driver/ref");
    let holds = |refs: &[String], name: &str| refs.iter().any(|one| one == name);
    assert!(holds(&drivers, "norris") && holds(&drivers, "colapinto"));
    // Raced in 2024, though never in Monza or never after 2021.
    for absent in ["bearman", "doohan", "vettel", "raikkonen"] {
        assert!(!holds(&drivers, absent), "{absent}");
    }
    let everybody = texts(&all["drivers"], "/driver/ref");
    assert!(holds(&everybody, "vettel") && everybody.len() > drivers.len());
    // Ten teams, by their latest names, with what they did under earlier ones.
    let mut teams = texts(&active["constructors"], "/constructor/ref");
    teams.sort_unstable();
    let expected = [
        "alpine",
        "aston_martin",
        "ferrari",
        "haas",
        "mclaren",
        "mercedes",
        "rb",
        "red_bull",
        "sauber",
        "williams",
    ];
    assert_eq!(teams, expected);
    assert_eq!(texts(&all["constructors"], "/constructor/ref").len(), 10);
    let rb = with(&active["constructors"], "/constructor/ref", "rb");
    assert!(rb["visits"].as_u64() > Some(3), "{rb:#}");
    assert_eq!(items(&monza["three"]["drivers"]).len(), 3);
    assert_eq!(monza["three"]["constructors"], json!([]));
    let hockenheim = &data["hockenheim"]["trackCoefficients"]["drivers"];
    assert!(holds(&texts(hockenheim, "/driver/ref"), "max_verstappen"));
    let query =
        r#"{ circuit(ref: "monza") { trackCoefficients { drivers(first: -1) { visits } } } }"#;
    assert_eq!(app.error_code(query).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_circuit_without_a_race_so_far_has_no_coefficients() {
    let app = TestApp::empty().await;
    let query = "{ circuits { nodes { trackCoefficients { drivers { value } } } } }";
    assert_eq!(
        app.data(query).await,
        json!({ "circuits": { "nodes": [] } })
    );
    let app = TestApp::start(Setup {
        now: "2018-03-26T12:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await;
    let data = app
        .data(
            r#"{ raced: circuit(ref: "albert_park") { trackCoefficients { drivers { visits } } }
                 planned: circuit(ref: "monza") { trackCoefficients { drivers { visits } } } }"#,
        )
        .await;
    let drivers = &data["raced"]["trackCoefficients"]["drivers"];
    assert_eq!(items(drivers).len(), 15);
    assert_eq!(data["planned"], json!({ "trackCoefficients": null }));
}

#[tokio::test]
async fn drivers_are_ranked_by_rating_points_or_form() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ driverRankings { rank rating ratingDeviation ratingChange form points
                 driver { ref eloHistory(season: 2024) { after before } } constructor { ref } }
               points: driverRankings(season: 2021, by: POINTS, first: 3) { rank points driver { ref } }
               form: driverRankings(season: 2024, by: FORM) { rank form driver { ref } }
               none: driverRankings(first: 0) { rank } }",
        )
        .await;
    let ranking = items(&data["driverRankings"]);
    assert_eq!(ranking.len(), 24);
    assert_eq!(ranking[0]["driver"]["ref"], "max_verstappen");
    assert_eq!(ranking[0]["points"], "437");
    for (row, next) in ranking.iter().zip(&ranking[1..]) {
        assert!(row["rating"].as_f64() >= next["rating"].as_f64());
    }
    for row in ranking {
        let history = items(&row["driver"]["eloHistory"]);
        let recent = &history[history.len().saturating_sub(5)..];
        let latest = history.last().unwrap()["after"].as_f64().unwrap();
        near(&row["rating"], latest);
        near(
            &row["ratingChange"],
            latest - recent[0]["before"].as_f64().unwrap(),
        );
    }
    // Raced for two teams in that season, for Haas at the end.
    let bearman = with(&data["driverRankings"], "/driver/ref", "bearman");
    assert_eq!(bearman["constructor"]["ref"], "haas");
    let table = [
        json!({ "rank": 1, "points": "395.5", "driver": { "ref": "max_verstappen" } }),
        json!({ "rank": 2, "points": "387.5", "driver": { "ref": "hamilton" } }),
        json!({ "rank": 3, "points": "226", "driver": { "ref": "bottas" } }),
    ];
    assert_eq!(items(&data["points"]), table);
    let form: Vec<_> = items(&data["form"])[..4]
        .iter()
        .map(|row| (row["rank"].as_i64(), row["driver"]["ref"].as_str()))
        .collect();
    let expected = [
        (1, "leclerc"),
        (2, "max_verstappen"),
        (2, "russell"),
        (4, "norris"),
    ];
    assert_eq!(
        form,
        expected.map(|(rank, driver)| (Some(rank), Some(driver)))
    );
    assert_eq!(data["none"], json!([]));
    let code = app
        .error_code("{ driverRankings(first: -1) { rank } }")
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
}

#[tokio::test]
async fn without_a_race_there_is_no_ranking() {
    let app = TestApp::empty().await;
    let data = app.data("{ driverRankings { rank } }").await;
    assert_eq!(data["driverRankings"], json!([]));
}
