//! Filters of the lists.

use serde_json::json;

use crate::support::{
    TestApp,
    json::{each, items, texts},
};

/// The sorted refs that a filter of a list finds.
async fn found(app: &TestApp, list: &str, filter: &str) -> Vec<String> {
    let query = format!(
        "{{ list: {list}(first: 100, filter: {{ {filter} }}) {{ totalCount nodes {{ ref }} }} }}"
    );
    let data = app.data(&query).await;
    let mut refs = texts(&data["list"]["nodes"], "/ref");
    assert_eq!(data["list"]["totalCount"], refs.len(), "{list}: {filter}");
    refs.sort();
    refs
}

#[tokio::test]
async fn drivers_are_found_by_what_they_are_and_did() {
    let app = TestApp::bundled().await;
    for (filter, refs) in [
        (r#"search: "raikkonen""#, &["raikkonen"][..]),
        (r#"search: "Räikkönen""#, &["raikkonen"]),
        (r#"search: "PEREZ""#, &["perez"]),
        (r#"search: "  lando n ""#, &["norris"]),
        (r#"search: "schu""#, &["mick_schumacher"]),
        (r#"search: "%""#, &[]),
        (r#"search: "_""#, &[]),
        (r#"search: "\\""#, &[]),
        (r#"search: "n_rris""#, &[]),
        (r#"nationality: "Finnish""#, &["bottas", "raikkonen"]),
        (
            r#"season: 2018, constructor: "force_india""#,
            &["ocon", "perez"],
        ),
        (
            r#"season: 2024, constructor: "haas""#,
            &["bearman", "hulkenberg", "kevin_magnussen"],
        ),
        (
            r#"constructor: "racing_point""#,
            &["hulkenberg", "perez", "stroll"],
        ),
        (r#"season: 2024, code: "BEA""#, &["bearman"]),
        (r#"season: 2023, code: "BEA""#, &[]),
        ("winsFrom: 8", &["hamilton", "leclerc", "max_verstappen"]),
        (
            "polesFrom: 16",
            &["bottas", "hamilton", "leclerc", "max_verstappen"],
        ),
        ("podiumsFrom: 45", &["bottas", "hamilton", "max_verstappen"]),
        ("championshipsFrom: 4", &["max_verstappen"]),
        (
            r#"winsFrom: 1, nationality: "British", season: 2018"#,
            &["hamilton"],
        ),
        ("season: 1950", &[]),
    ] {
        assert_eq!(found(&app, "drivers", filter).await, refs, "{filter}");
    }
    assert_eq!(found(&app, "drivers", "season: 2024").await.len(), 24);
}

#[tokio::test]
async fn constructors_and_circuits_are_found() {
    let app = TestApp::bundled().await;
    for (list, filter, refs) in [
        ("constructors", r#"search: "mclaren""#, &["mclaren"][..]),
        ("constructors", r#"search: "RACING p""#, &["racing_point"]),
        (
            "constructors",
            r#"nationality: "Swiss""#,
            &["alfa", "sauber"],
        ),
        (
            "constructors",
            "winsFrom: 10",
            &["ferrari", "mercedes", "red_bull"],
        ),
        ("constructors", "polesFrom: 45", &["mercedes", "red_bull"]),
        (
            "constructors",
            "podiumsFrom: 100",
            &["ferrari", "mercedes", "red_bull"],
        ),
        (
            "constructors",
            "championshipsFrom: 2",
            &["mercedes", "red_bull"],
        ),
        ("constructors", r#"driver: "hamilton""#, &["mercedes"]),
        (
            "constructors",
            r#"driver: "gasly""#,
            &["alphatauri", "alpine", "red_bull", "toro_rosso"],
        ),
        (
            "constructors",
            r#"driver: "gasly", season: 2019"#,
            &["red_bull", "toro_rosso"],
        ),
        ("circuits", r#"search: "jose carlos pace""#, &["interlagos"]),
        ("circuits", r#"search: "NURBURG""#, &["nurburgring"]),
        ("circuits", r#"search: "nürburg""#, &["nurburgring"]),
        (
            "circuits",
            r#"search: "italy""#,
            &["imola", "monza", "mugello"],
        ),
        (
            "circuits",
            r#"country: "Italy", season: 2020"#,
            &["imola", "monza", "mugello"],
        ),
        ("circuits", r#"country: "Italy", season: 2018"#, &["monza"]),
        ("circuits", r#"country: "Atlantis""#, &[]),
    ] {
        assert_eq!(found(&app, list, filter).await, refs, "{list}: {filter}");
    }
    assert_eq!(found(&app, "constructors", "season: 2024").await.len(), 10);
}

#[tokio::test]
async fn races_are_found_by_name_place_day_and_winner() {
    let app = TestApp::bundled().await;
    for (filter, refs) in [
        (
            r#"search: "são paulo", seasonTo: 2022"#,
            &["2021_sao_paulo", "2022_sao_paulo"][..],
        ),
        (
            r#"search: "SAO PAULO GRAND PRIX", season: 2024"#,
            &["2024_sao_paulo"],
        ),
        (r#"search: "anniversary""#, &["2020_70th_anniversary"]),
        (
            r#"circuit: "silverstone", season: 2020"#,
            &["2020_70th_anniversary", "2020_british"],
        ),
        (
            r#"dateFrom: "2024-05-26", dateTo: "2024-06-09""#,
            &["2024_canadian", "2024_monaco"],
        ),
        (r#"dateTo: "2018-04-01""#, &["2018_australian"]),
        (r#"wonBy: "gasly""#, &["2020_italian"]),
        (r#"wonBy: "nobody""#, &[]),
        (r#"wonByConstructor: "alpine""#, &["2021_hungarian"]),
        (
            r#"wonBy: "perez", seasonFrom: 2021, seasonTo: 2022"#,
            &["2021_azerbaijan", "2022_monaco", "2022_singapore"],
        ),
        ("season: 2024, status: SCHEDULED", &[]),
    ] {
        assert_eq!(found(&app, "races", filter).await, refs, "{filter}");
    }
    assert_eq!(
        found(&app, "races", r#"wonBy: "max_verstappen""#)
            .await
            .len(),
        60
    );
    assert_eq!(found(&app, "races", "status: SCHEDULED").await.len(), 24);
}

#[tokio::test]
async fn results_are_found_by_all_their_conditions() {
    let app = TestApp::bundled().await;
    for (filter, count) in [
        ("positionTo: 1", 4),
        ("positionTo: 3", 27),
        ("positionFrom: 5, positionTo: 5", 22),
        ("pole: true", 6),
        ("pole: true, positionTo: 1", 3),
        ("season: 2022, positionTo: 1", 1),
        (r#"circuit: "monaco""#, 6),
        (r#"constructor: "ferrari", season: 2024"#, 23),
        (r#"constructor: "mclaren""#, 38),
        (r#"driver: "norris""#, 0),
        ("status: DID_NOT_START", 2),
        (r#"dateFrom: "2024-01-01""#, 23),
        (r#"dateFrom: "2024-05-26", dateTo: "2024-05-26""#, 1),
        ("season: 1999", 0),
    ] {
        let query = format!(
            r#"{{ driver(ref: "sainz") {{ results(first: 100, filter: {{ {filter} }}) {{ totalCount nodes {{ position }} }} }} }}"#
        );
        let results = app.data(&query).await["driver"]["results"].take();
        assert_eq!(results["totalCount"], count, "{filter}");
        assert_eq!(items(&results["nodes"]).len(), count, "{filter}");
    }
    let data = app
        .data(
            r#"{ constructor(ref: "mclaren") { results(first: 100, filter: { season: 2024, driver: "norris", positionTo: 1 }) {
                 nodes { position driver { ref } race { ref } } } } }"#,
        )
        .await;
    let wins = &data["constructor"]["results"]["nodes"];
    assert_eq!(
        texts(wins, "/race/ref"),
        [
            "2024_abu_dhabi",
            "2024_singapore",
            "2024_dutch",
            "2024_miami"
        ]
    );
    assert_eq!(each(wins, "/driver/ref"), vec![json!("norris"); 4]);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let app = TestApp::bundled().await;
    let long = "x".repeat(101);
    for list in [
        r#"drivers(filter: { code: "VER" })"#.to_owned(),
        r#"drivers(filter: { search: "" })"#.to_owned(),
        r#"drivers(filter: { search: "   " })"#.to_owned(),
        format!(r#"drivers(filter: {{ search: "{long}" }})"#),
        r#"constructors(filter: { search: "" })"#.to_owned(),
        r#"circuits(filter: { search: " " })"#.to_owned(),
        r#"races(filter: { search: "" })"#.to_owned(),
        r#"races(filter: { dateFrom: "2024-02-30" })"#.to_owned(),
    ] {
        let code = app
            .error_code(&format!("{{ {list} {{ totalCount }} }}"))
            .await;
        assert_eq!(code, "BAD_USER_INPUT", "{list}");
    }
    for list in [
        r"races(filter: { status: WON })",
        r"drivers(filter: { speed: 3 })",
    ] {
        let code = app
            .error_code(&format!("{{ {list} {{ totalCount }} }}"))
            .await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{list}");
    }
}

#[tokio::test]
async fn text_that_looks_like_sql_is_only_text() {
    let app = TestApp::bundled().await;
    for text in [
        "'; DROP TABLE driver; --",
        "' OR '1'='1",
        "x') OR 1=1 --",
        "\" OR \"\"=\"",
        "$1",
        "?",
        "\u{0}",
        "a\nb\tc",
        "🏎",
    ] {
        let query = "query ($text: String!) {
            a: drivers(filter: { search: $text }) { totalCount }
            b: drivers(filter: { nationality: $text }) { totalCount }
            c: drivers(filter: { constructor: $text }) { totalCount }
            d: races(filter: { wonBy: $text }) { totalCount }
            e: circuits(filter: { country: $text }) { totalCount }
            driver(ref: $text) { name } race(ref: $text) { name } }";
        let answer = app.answer_with(query, json!({ "text": text })).await;
        for error in answer["errors"].as_array().into_iter().flatten() {
            assert_eq!(
                error["extensions"]["code"], "BAD_USER_INPUT",
                "{text:?}: {answer:#}"
            );
        }
        if answer.get("errors").is_none() {
            for list in ["a", "b", "c", "d", "e"] {
                assert_eq!(
                    answer["data"][list]["totalCount"], 0,
                    "{text:?}: {answer:#}"
                );
            }
            assert_eq!(answer["data"]["driver"], json!(null), "{text:?}");
            assert_eq!(answer["data"]["race"], json!(null), "{text:?}");
        }
    }
    assert_eq!(
        app.data("{ drivers { totalCount } }").await["drivers"]["totalCount"],
        40
    );
}
