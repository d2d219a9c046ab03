//! Connections: every item once, in order, whichever way they are walked.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    json::{items, texts},
};

/// The lists that are walked, with the field that tells their items apart.
const LISTS: [(&str, &str); 9] = [
    ("drivers", "orderBy: WINS"),
    ("drivers", "orderBy: NAME, direction: DESC"),
    ("drivers", "orderBy: FIRST_SEASON, direction: ASC"),
    ("constructors", "orderBy: CHAMPIONSHIPS"),
    ("constructors", "orderBy: NAME"),
    ("circuits", "orderBy: COUNTRY"),
    ("circuits", "orderBy: RACES, direction: ASC"),
    ("races", "direction: ASC, filter: { seasonFrom: 2022 }"),
    ("races", "filter: { season: 2021 }"),
];

/// Walks a list to its end and gives the refs page by page.
async fn walk(app: &TestApp, field: &str, arguments: &str, forwards: bool) -> Vec<Vec<String>> {
    let (size, cursor_argument, cursor, more) = if forwards {
        ("first", "after", "endCursor", "hasNextPage")
    } else {
        ("last", "before", "startCursor", "hasPreviousPage")
    };
    let mut pages = Vec::new();
    let mut from = String::new();
    loop {
        let query = format!(
            "{{ list: {field}({arguments}, {size}: 7{from}) {{ nodes {{ ref }}
               pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }}"
        );
        let data = app.data(&query).await;
        let info = &data["list"]["pageInfo"];
        pages.push(texts(&data["list"]["nodes"], "/ref"));
        assert!(pages.len() < 30, "{field}({arguments}) never ends");
        if info[more] == false {
            return pages;
        }
        from = format!(r", {cursor_argument}: {}", info[cursor]);
    }
}

#[tokio::test]
async fn walking_a_list_gives_every_item_once_whichever_way() {
    let app = TestApp::bundled().await;
    for (field, arguments) in LISTS {
        let query = format!(
            "{{ list: {field}({arguments}, first: 100) {{ totalCount nodes {{ ref }} }} }}"
        );
        let whole = app.data(&query).await;
        let expected = texts(&whole["list"]["nodes"], "/ref");
        assert_eq!(
            whole["list"]["totalCount"],
            expected.len(),
            "{field}({arguments})"
        );
        let forwards = walk(&app, field, arguments, true).await;
        assert!(forwards.len() > 1, "{field}({arguments})");
        assert_eq!(forwards.concat(), expected, "{field}({arguments})");
        let mut backwards = walk(&app, field, arguments, false).await;
        backwards.reverse();
        assert_eq!(
            backwards.concat(),
            expected,
            "{field}({arguments}) backwards"
        );
    }
}

#[tokio::test]
async fn the_results_of_a_driver_can_be_walked_both_ways() {
    let app = TestApp::bundled().await;
    let page = |arguments: String| {
        format!(
            r#"{{ driver(ref: "piastri") {{ results({arguments}) {{ totalCount nodes {{ race {{ ref }} }}
                 pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }} }}"#
        )
    };
    let data = app.data(&page("first: 100".to_owned())).await;
    let whole = texts(&data["driver"]["results"]["nodes"], "/race/ref");
    assert_eq!(data["driver"]["results"]["totalCount"], whole.len());
    assert_eq!((whole.len(), whole[0].as_str()), (46, "2024_abu_dhabi"));
    for (size, at, cursor, more) in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ] {
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut from = String::new();
        loop {
            let data = app.data(&page(format!("{size}: 10{from}"))).await;
            let list = &data["driver"]["results"];
            found.push(texts(&list["nodes"], "/race/ref"));
            if list["pageInfo"][more] == false {
                break;
            }
            from = format!(", {at}: {}", list["pageInfo"][cursor]);
        }
        if size == "last" {
            found.reverse();
        }
        assert_eq!(found.concat(), whole, "{size}");
    }
}

#[tokio::test]
async fn a_limit_holds_for_each_parent_of_a_level() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            "{ drivers(first: 40) { nodes { ref
                 latest: results(first: 2) { totalCount pageInfo { hasNextPage } nodes { race { ref date } } }
                 oldest: results(last: 1) { nodes { race { ref } } } } } }",
        )
        .await;
    for driver in items(&data["drivers"]["nodes"]) {
        let total = driver["latest"]["totalCount"].as_u64().unwrap();
        let found = texts(&driver["latest"]["nodes"], "/race/date");
        assert_eq!(found.len() as u64, total.min(2), "{driver:#}");
        assert!(found.is_sorted_by(|a, b| a > b), "{driver:#}");
        assert_eq!(
            driver["latest"]["pageInfo"]["hasNextPage"],
            total > 2,
            "{driver:#}"
        );
    }
    let vettel = items(&data["drivers"]["nodes"])
        .iter()
        .find(|driver| driver["ref"] == "vettel")
        .unwrap();
    let latest = texts(&vettel["latest"]["nodes"], "/race/ref");
    assert_eq!(latest, ["2022_abu_dhabi", "2022_sao_paulo"]);
    assert_eq!(
        vettel["oldest"]["nodes"][0]["race"]["ref"],
        "2018_australian"
    );
}

#[tokio::test]
async fn a_page_of_nothing_is_empty_and_knows_that_there_is_more() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ drivers(first: 0) { totalCount nodes { ref } pageInfo { hasNextPage endCursor } }
                 driver(ref: "norris") { results(first: 0) { totalCount nodes { points } } }
                 races(filter: { season: 1949 }) { totalCount nodes { ref } pageInfo { hasNextPage } } }"#,
        )
        .await;
    let drivers = json!({
        "totalCount": 40, "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": null },
    });
    assert_eq!(data["drivers"], drivers);
    assert_eq!(
        data["driver"]["results"],
        json!({ "totalCount": 128, "nodes": [] })
    );
    let races = json!({ "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false } });
    assert_eq!(data["races"], races);
}

#[tokio::test]
async fn page_sizes_that_make_no_sense_are_refused() {
    let app = TestApp::bundled().await;
    for arguments in [
        "first: 101",
        "last: 101",
        "first: -1",
        "last: -1",
        "first: 5, last: 5",
        "first: 2147483647",
    ] {
        for list in [
            format!("drivers({arguments})"),
            format!("constructors({arguments})"),
            format!("circuits({arguments})"),
            format!("races({arguments})"),
        ] {
            let code = app
                .error_code(&format!("{{ {list} {{ totalCount }} }}"))
                .await;
            assert_eq!(code, "BAD_USER_INPUT", "{list}");
        }
        let nested =
            format!(r#"{{ driver(ref: "norris") {{ results({arguments}) {{ totalCount }} }} }}"#);
        assert_eq!(
            app.error_code(&nested).await,
            "BAD_USER_INPUT",
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_cursor_works_only_in_the_list_it_came_from() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ drivers(orderBy: WINS, first: 3) { pageInfo { endCursor } }
                 driver(ref: "norris") { results(first: 3) { pageInfo { endCursor } } } }"#,
        )
        .await;
    let cursor = text(&data["drivers"]["pageInfo"]["endCursor"]);
    let results = text(&data["driver"]["results"]["pageInfo"]["endCursor"]);
    let mut tampered = cursor.clone().into_bytes();
    let last = tampered.len() - 2;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    let truncated = &cursor[..cursor.len() - 4];
    for (what, list) in [
        (
            "its own list",
            format!(r#"drivers(orderBy: WINS, after: "{cursor}")"#),
        ),
        (
            "tampered",
            format!(r#"drivers(orderBy: WINS, after: "{tampered}")"#),
        ),
        (
            "truncated",
            format!(r#"drivers(orderBy: WINS, after: "{truncated}")"#),
        ),
        ("empty", r#"drivers(orderBy: WINS, after: "")"#.to_owned()),
        (
            "gibberish",
            r#"drivers(orderBy: WINS, before: "%%%")"#.to_owned(),
        ),
        (
            "other order",
            format!(r#"drivers(orderBy: POLES, after: "{cursor}")"#),
        ),
        (
            "other way",
            format!(r#"drivers(orderBy: WINS, direction: ASC, after: "{cursor}")"#),
        ),
        (
            "other filter",
            format!(r#"drivers(orderBy: WINS, filter: {{ season: 2024 }}, after: "{cursor}")"#),
        ),
        (
            "other list",
            format!(r#"constructors(orderBy: WINS, after: "{cursor}")"#),
        ),
        ("nested list", format!(r#"drivers(after: "{results}")"#)),
    ] {
        let answer = app
            .answer(&format!("{{ {list} {{ nodes {{ id }} }} }}"))
            .await;
        match what {
            "its own list" => assert_eq!(answer.get("errors"), None, "{answer:#}"),
            _ => assert_eq!(
                answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
                "{what}: {answer:#}"
            ),
        }
    }
    let other_driver = format!(
        r#"{{ driver(ref: "piastri") {{ results(first: 3, after: "{results}") {{ totalCount }} }} }}"#
    );
    assert_eq!(app.error_code(&other_driver).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_cursor_tells_nothing_and_differs_between_servers() {
    let app = TestApp::bundled().await;
    let other = TestApp::bundled().await;
    let query = "{ drivers(first: 1) { pageInfo { endCursor } } }";
    let here = app.data(query).await["drivers"]["pageInfo"]["endCursor"].take();
    let there = other.data(query).await["drivers"]["pageInfo"]["endCursor"].take();
    // Each database has a secret of its own.
    assert_ne!(here, there);
    let foreign = format!("{{ drivers(first: 1, after: {there}) {{ totalCount }} }}");
    assert_eq!(app.error_code(&foreign).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_range_between_two_cursors_is_what_lies_between() {
    let app = TestApp::bundled().await;
    let data = app
        .data("{ drivers(orderBy: WINS, first: 10) { edges { cursor node { ref } } } }")
        .await;
    let edges = &data["drivers"]["edges"];
    let refs = texts(edges, "/node/ref");
    let (after, before) = (&edges[1]["cursor"], &edges[8]["cursor"]);
    let between = format!(
        "{{ drivers(orderBy: WINS, first: 20, after: {after}, before: {before}) {{ nodes {{ ref }} }} }}"
    );
    let data = app.data(&between).await;
    assert_eq!(texts(&data["drivers"]["nodes"], "/ref"), refs[2..8]);
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
