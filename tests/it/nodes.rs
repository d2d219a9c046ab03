//! Typed ids and the roots that resolve them.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    json::{each, texts},
};

const IDS: [(&str, &str); 5] = [
    ("Season:2024", "Season"),
    ("Race:2024_monaco", "Race"),
    ("Circuit:monza", "Circuit"),
    ("Driver:max_verstappen", "Driver"),
    ("Constructor:red_bull", "Constructor"),
];

#[tokio::test]
async fn every_kind_of_id_resolves_to_its_type() {
    let app = TestApp::bundled().await;
    for (id, kind) in IDS {
        let data = app
            .data(&format!(r#"{{ node(id: "{id}") {{ __typename id }} }}"#))
            .await;
        assert_eq!(data["node"], json!({ "__typename": kind, "id": id }));
    }
}

#[tokio::test]
async fn nodes_come_in_the_order_asked_with_null_for_the_unknown() {
    let app = TestApp::bundled().await;
    let ids = [
        "Driver:norris",
        "Race:2024_monaco",
        "Driver:nobody",
        "Season:1949",
        "Driver:norris",
        "Constructor:rb",
    ];
    let data = app
        .answer_with(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Driver { name } } }",
            json!({ "ids": ids }),
        )
        .await;
    assert_eq!(data.get("errors"), None, "{data:#}");
    let expected = json!([
        { "id": "Driver:norris", "name": "Lando Norris" },
        { "id": "Race:2024_monaco" },
        null,
        null,
        { "id": "Driver:norris", "name": "Lando Norris" },
        { "id": "Constructor:rb" },
    ]);
    assert_eq!(data["data"]["nodes"], expected);
}

#[tokio::test]
async fn an_unknown_id_is_null_and_a_wrong_one_refused() {
    let app = TestApp::bundled().await;
    for id in [
        "Driver:nobody",
        "Race:2024_atlantis",
        "Season:1949",
        "Circuit:",
        "Constructor:x y",
    ] {
        let data = app
            .data(&format!(r#"{{ node(id: "{id}") {{ id }} }}"#))
            .await;
        assert_eq!(data["node"], Value::Null, "{id}");
    }
    for id in [
        "",
        "gibberish",
        "Team:ferrari",
        "driver:norris",
        "Season:x",
        "Season:99999999999",
        ":",
    ] {
        for query in [
            format!(r#"{{ node(id: "{id}") {{ id }} }}"#),
            format!(r#"{{ nodes(ids: ["Driver:norris", "{id}"]) {{ id }} }}"#),
        ] {
            assert_eq!(app.error_code(&query).await, "BAD_USER_INPUT", "{query}");
        }
    }
}

#[tokio::test]
async fn too_many_ids_are_refused() {
    let app = TestApp::bundled().await;
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let many = json!({ "ids": vec!["Driver:norris"; 101] });
    let answer = app.answer_with(query, many).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{answer:#}"
    );
    let few = json!({ "ids": vec!["Driver:norris"; 100] });
    let answer = app.answer_with(query, few).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    let none = app.answer_with(query, json!({ "ids": [] })).await;
    assert_eq!(none["data"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_root_takes_a_ref_or_an_id_of_its_own_kind() {
    let app = TestApp::bundled().await;
    for (root, reference, id) in [
        ("race", "2024_monaco", "Race:2024_monaco"),
        ("driver", "norris", "Driver:norris"),
        ("constructor", "rb", "Constructor:rb"),
        ("circuit", "monza", "Circuit:monza"),
    ] {
        for argument in [reference, id] {
            let data = app
                .data(&format!(
                    r#"{{ it: {root}(ref: "{argument}") {{ id ref }} }}"#
                ))
                .await;
            assert_eq!(data["it"], json!({ "id": id, "ref": reference }));
        }
        let wrong = if root == "driver" {
            "Race:2024_monaco"
        } else {
            "Driver:norris"
        };
        let code = app
            .error_code(&format!(r#"{{ it: {root}(ref: "{wrong}") {{ id }} }}"#))
            .await;
        assert_eq!(code, "BAD_USER_INPUT", "{root}");
    }
}

#[tokio::test]
async fn ids_of_all_lists_lead_back_to_their_things() {
    let app = TestApp::bundled().await;
    for list in [
        "seasons { id }",
        "drivers(first: 100) { nodes { id } }",
        "constructors(first: 100) { nodes { id } }",
        "circuits(first: 100) { nodes { id } }",
        "races(first: 100) { nodes { id } }",
        "races(last: 100) { nodes { id } }",
    ] {
        let data = app.data(&format!("{{ list: {list} }}")).await;
        let list = data["list"].get("nodes").unwrap_or(&data["list"]);
        let ids = texts(list, "/id");
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
        let answer = app.answer_with(query, json!({ "ids": ids })).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        assert_eq!(texts(&answer["data"]["nodes"], "/id"), ids);
        let kind = ids[0].split(':').next().unwrap();
        let kinds = each(&answer["data"]["nodes"], "/__typename");
        assert_eq!(kinds, vec![json!(kind); ids.len()]);
    }
}
