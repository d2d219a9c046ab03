//! One SQL statement a level, however many parents the level above has.

use crate::support::{Setup, TestApp};

/// The bundled seasons; no answer is kept as a whole, and queries may be as large as it takes to
/// see that more costs no more.
async fn bundled() -> TestApp {
    TestApp::start(Setup {
        bundled: true,
        change: |config| {
            config.cache.answers_bytes = 0;
            config.graphql.max_cost = u64::MAX;
        },
        ..Setup::default()
    })
    .await
}

/// Runs a query twice and counts the statements of the second time, when what is kept in
/// memory between requests is there.
async fn assert_statements(app: &TestApp, query: &str, expected: usize) {
    app.data(query).await;
    let statements = app.statements_of(query).await;
    let number = statements.len();
    let list = statements.join("\n\n");
    assert_eq!(
        number, expected,
        "{number} statements, not {expected}, for {query}:\n{list}\n"
    );
}

#[tokio::test]
async fn what_hangs_on_races_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        ("name", 0),
        ("circuit { name }", 1),
        ("season { year }", 1),
        ("sessions { kind startsAt }", 1),
        (
            "results { position driver { name } constructor { name } }",
            3,
        ),
        ("results { gap revisions { points } race { name } }", 2),
        // An id names race, driver and constructor.
        ("results { id race { id } driver { id } }", 4),
        ("winner { driver { name } } results { position }", 2),
        ("sprint { gap points }", 1),
        ("qualifying { q1 driver { name } constructor { name } }", 3),
        ("qualifying { q1 } sprintQualifying { q1 }", 1),
        ("practice { bestLap driver { name } }", 1),
        (
            "practice1: practice(session: PRACTICE_1) { laps } practice { laps }",
            1,
        ),
        ("pitStops { lap driver { name } }", 1),
        ("raceControl { kind } weather { humidity }", 2),
        (
            "weatherForecast { chanceOfRain } sessions { weatherForecast { hours { humidity } } }",
            2,
        ),
        ("entries { driver { name } constructor { name } }", 3),
        (
            "entries { laps { time } stints { compound } pitStops { lap } }",
            4,
        ),
        ("standings { drivers { points driver { name } } }", 2),
        (
            "standings { drivers { published { points } } constructors { published { points } } }",
            4,
        ),
        ("season { races { results { driver { name } } } }", 4),
        (
            "season { driverStandings { driver { name } } constructorStandings { points } }",
            5,
        ),
        // What engines may know is in memory; a statement asks whether it has changed.
        ("forecastAvailable", 1),
        (
            "forecastAvailable forecast { stage } forecasts { stage }",
            1,
        ),
        (
            "forecast { entries { driver { name } constructor { name } } trainedThrough { name } }",
            4,
        ),
        (
            "forecasts { entries(first: 3) { driver { name } } evaluation { hit } race { name } }",
            3,
        ),
    ] {
        for first in [2, 24] {
            let query = format!(
                "{{ races(direction: ASC, first: {first}, filter: {{ season: 2024 }}) {{ nodes {{ {fields} }} }} }}"
            );
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn what_hangs_on_races_to_come_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        // No entries of their own, those of the latest race instead, found in memory.
        ("entries { provisional driver { name } }", 4),
        ("forecast { entries { driver { name } } }", 2),
        ("forecasts { engine { id } }", 1),
        ("results { points } qualifying { q1 } winner { points }", 2),
    ] {
        for first in [2, 24] {
            let query = format!(
                "{{ races(direction: ASC, first: {first}, filter: {{ season: 2025 }}) {{ nodes {{ {fields} }} }} }}"
            );
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn what_hangs_on_drivers_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        ("career { wins }", 0),
        (
            "results(first: 3) { nodes { race { circuit { name } } } }",
            3,
        ),
        (
            "results(first: 3) { nodes { constructor { name } gap } }",
            3,
        ),
        ("results(first: 3) { totalCount nodes { points } }", 2),
        (
            "a: results(first: 3) { nodes { points } } b: results(last: 3) { nodes { points } }",
            2,
        ),
        ("seasons { wins season { year } }", 2),
        ("eloHistory { after race { name } }", 2),
        // Results and qualifying, whatever is worked out from them.
        (
            "performance(season: 2024) { wins form qualifyingGapToFastest teammates { races } }",
            2,
        ),
        (
            "a: performance(season: 2024) { wins } b: performance(season: 2019) { form }",
            2,
        ),
        (
            "performance(season: 2024) { season { year } ratingChange teammates { teammate { name } } }",
            5,
        ),
    ] {
        for first in [2, 24] {
            let query = format!(
                "{{ drivers(orderBy: STARTS, first: {first}) {{ nodes {{ {fields} }} }} }}"
            );
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn what_hangs_on_constructors_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        ("lineage { constructor { name } }", 2),
        ("results(first: 3) { nodes { driver { name } } }", 2),
        ("seasons { position season { year } }", 2),
        ("eloHistory(season: 2024) { after race { name } }", 2),
        ("performance(season: 2024) { oneTwos drivers { share } }", 2),
        (
            "performance(season: 2024) { ratingChange drivers { driver { name } } }",
            4,
        ),
    ] {
        for first in [2, 16] {
            let query = format!(
                "{{ constructors(orderBy: WINS, first: {first}) {{ nodes {{ {fields} }} }} }}"
            );
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn what_hangs_on_circuits_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        (
            "races(first: 2) { nodes { winner { driver { name } } } }",
            3,
        ),
        ("races(first: 2) { totalCount nodes { name } }", 2),
        (
            "insights { races poleWinRate { value } topDrivers { wins } fastestLap { time } }",
            1,
        ),
        // The longest span is read, the shorter ones are parts of it.
        (
            "a: insights(seasons: 2) { races } b: insights(seasons: null) { races } c: insights { races }",
            1,
        ),
        (
            "insights { topDrivers { driver { name } } topConstructors { constructor { name } } fastestLap { race { name } } }",
            4,
        ),
        // Worked out in memory; a statement asks whether anything has changed.
        (
            "trackCoefficients { drivers { driver { ref } value } constructors { constructor { ref } value } }",
            3,
        ),
    ] {
        for first in [2, 24] {
            let query = format!("{{ circuits(first: {first}) {{ nodes {{ {fields} }} }} }}");
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn a_season_costs_a_statement_a_level() {
    let app = bundled().await;
    for (fields, levels) in [
        (
            "races { name winner { driver { name } constructor { name } } }",
            4,
        ),
        (
            "races { results { driver { name } constructor { name } } }",
            4,
        ),
        ("completed race(round: 3) { name } races { name }", 1),
        (
            "a: driverStandings(afterRound: 3) { driver { name } } b: driverStandings { points }",
            3,
        ),
    ] {
        for query in [
            format!("{{ season(year: 2024) {{ {fields} }} }}"),
            format!("{{ seasons {{ {fields} }} }}"),
        ] {
            assert_statements(&app, &query, 1 + levels).await;
        }
    }
}

#[tokio::test]
async fn a_ranking_costs_a_statement_a_table() {
    let app = bundled().await;
    // Results, qualifying, standings, and whether engines know of a change.
    for (query, statements) in [
        ("{ driverRankings(season: 2024) { rank rating points } }", 4),
        ("{ driverRankings { rank rating points } }", 5),
        (
            "{ driverRankings(season: 2024) { driver { name } constructor { name } } }",
            6,
        ),
        (
            "{ a: driverRankings(season: 2024, by: FORM) { rank } b: driverRankings(season: 2023, by: POINTS) { rank } }",
            4,
        ),
    ] {
        assert_statements(&app, query, statements).await;
    }
}

#[tokio::test]
async fn things_asked_for_by_name_are_read_together() {
    let app = bundled().await;
    for (query, statements) in [
        (
            r#"{ nodes(ids: ["Driver:norris", "Driver:piastri", "Driver:hamilton"]) { id } }"#,
            1,
        ),
        (
            r#"{ nodes(ids: ["Race:2024_monaco", "Race:2024_spanish", "Season:2024", "Season:2023"]) { id } }"#,
            2,
        ),
        (
            r#"{ nodes(ids: ["Circuit:monza", "Circuit:spa", "Constructor:rb", "Constructor:haas"]) { id } }"#,
            2,
        ),
        (
            r#"{ a: driver(ref: "norris") { name } b: driver(ref: "piastri") { name } }"#,
            1,
        ),
        (
            r#"{ a: race(ref: "2024_monaco") { name } b: race(ref: "2024_spanish") { name } }"#,
            1,
        ),
        (
            r#"{ nodes(ids: ["Result:2024_monaco/race/leclerc/ferrari/16", "Result:2024_monaco/race/norris/mclaren/4", "Result:2024_spanish/race/norris/mclaren/4"]) { id } }"#,
            // By ref and, for the ids in the answer, by row.
            7,
        ),
        (
            r"{ a: season(year: 2024) { year } b: season(year: 2023) { year } }",
            1,
        ),
    ] {
        assert_statements(&app, query, statements).await;
    }
}

#[tokio::test]
async fn what_needs_no_database_asks_none() {
    let app = bundled().await;
    for query in [
        "{ viewer { role } }",
        "{ engines { name stages } }",
        "{ __schema { types { name } } }",
    ] {
        assert_statements(&app, query, 0).await;
    }
}

#[tokio::test]
async fn what_is_asked_for_under_thirty_names_is_read_once() {
    let app = bundled().await;
    for field in [
        "nextRace { name }",
        "lastRace { name winner { points } }",
        "seasons { year }",
        "season(year: 2024) { races { name } }",
        "dataStatus { stale sources { source } }",
        "drivers(first: 5) { nodes { name } }",
        "drivers(first: 5) { totalCount pageInfo { hasNextPage } }",
        "constructors(last: 5, filter: { search: \"er\" }) { totalCount nodes { name } }",
        "circuits { totalCount nodes { races(first: 1) { totalCount nodes { name } } } }",
        "races(filter: { season: 2024 }) { totalCount nodes { name } }",
        "driver(ref: \"norris\") { results(first: 3) { totalCount nodes { points } } }",
        "race(ref: \"2024_monaco\") { forecastAvailable forecast { stage } }",
        "race(ref: \"2024_monaco\") { forecasts { stage } }",
        "nodes(ids: [\"Driver:norris\", \"Race:2024_monaco\"]) { id }",
        "driverRankings(by: FORM) { rank driver { name } }",
        "circuit(ref: \"monza\") { insights { races } }",
        "constructor(ref: \"rb\") { performance(season: 2024) { wins } }",
    ] {
        let once = format!("{{ {field} }}");
        app.data(&once).await;
        let once = app.statements_of(&once).await.len();
        assert!(once > 0, "{field} asks nothing");
        let aliases: Vec<String> = (0..30).map(|n| format!("a{n}: {field}")).collect();
        assert_statements(&app, &format!("{{ {} }}", aliases.join(" ")), once).await;
    }
}

#[tokio::test]
async fn pages_that_differ_are_not_taken_for_one() {
    let app = bundled().await;
    let query = "{
        a: drivers(first: 2) { nodes { name } }
        b: drivers(first: 3) { nodes { name } }
        c: drivers(last: 2) { nodes { name } }
        d: drivers(first: 2, filter: { search: \"verstappen\" }) { nodes { name } totalCount }
        e: drivers(first: 2, filter: { search: \"norris\" }) { nodes { name } totalCount }
    }";
    assert_statements(&app, query, 7).await;
    let data = app.data(query).await;
    assert_eq!(data["b"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(data["a"]["nodes"][0], data["b"]["nodes"][0]);
    assert_ne!(data["a"], data["c"]);
    assert_eq!(data["d"]["nodes"][0]["name"], "Max Verstappen");
    assert_eq!(data["e"]["nodes"][0]["name"], "Lando Norris");
}
