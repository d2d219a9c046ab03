//! Typed ids and the roots that resolve them.

use domain::import::{ergast::Ergast, import};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    dump::Dump,
    json::{each, texts},
};

const IDS: [(&str, &str); 7] = [
    ("Season:2024", "Season"),
    ("Race:2024_monaco", "Race"),
    ("Circuit:monza", "Circuit"),
    ("Driver:max_verstappen", "Driver"),
    ("Constructor:red_bull", "Constructor"),
    ("Result:2024_monaco/race/leclerc/ferrari/16", "Result"),
    ("Result:2024_chinese/sprint/norris/mclaren/4", "Result"),
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
        "Result:2024_atlantis/race/leclerc/ferrari/16",
        "Result:2024_monaco/race/nobody/ferrari/16",
        "Result:2024_monaco/race/leclerc/mclaren/16",
        "Result:2024_monaco/race/leclerc/ferrari/17",
        "Result:2024_monaco/race/leclerc/ferrari",
        "Result:2024_monaco/sprint/leclerc/ferrari/16",
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
        "Result:",
        "Result:2024_monaco",
        "Result:2024_monaco/race/leclerc",
        "Result:2024_monaco/qualifying/leclerc/ferrari/16",
        "Result:2024_monaco/race/leclerc/ferrari/",
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
        lead_back(&app, list).await;
    }
}

/// Asks for all things of a list by their ids; gives the ids.
async fn lead_back(app: &TestApp, list: &Value) -> Vec<String> {
    let ids = texts(list, "/id");
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
    let answer = app.answer_with(query, json!({ "ids": ids })).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    assert_eq!(texts(&answer["data"]["nodes"], "/id"), ids);
    let kind = ids[0].split(':').next().unwrap();
    let kinds = each(&answer["data"]["nodes"], "/__typename");
    assert_eq!(kinds, vec![json!(kind); ids.len()]);
    ids
}

#[tokio::test]
async fn results_lead_back_to_themselves_whatever_list_they_are_in() {
    let app = TestApp::bundled().await;
    let data = app
        .data(
            r#"{ race(ref: "2024_chinese") { winner { id } results { id } sprint { id } }
                 driver(ref: "norris") { results(first: 100) { nodes { id } } } }"#,
        )
        .await;
    let results = lead_back(&app, &data["race"]["results"]).await;
    let sprint = lead_back(&app, &data["race"]["sprint"]).await;
    lead_back(&app, &data["driver"]["results"]["nodes"]).await;
    let winner = "Result:2024_chinese/race/max_verstappen/red_bull/1";
    assert_eq!(data["race"]["winner"]["id"], winner);
    assert_eq!(results[0], winner);
    assert_eq!(
        sprint[0],
        "Result:2024_chinese/sprint/max_verstappen/red_bull/1"
    );
    assert!(sprint.iter().all(|id| !results.contains(id)));
    let data = app
        .data(&format!(
            r#"{{ node(id: "{}") {{ ... on Result {{ position gap race {{ id }} driver {{ id }} }} }} }}"#,
            results[1]
        ))
        .await;
    assert_eq!(data["node"]["position"], 2);
    assert_eq!(data["node"]["race"]["id"], "Race:2024_chinese");
    assert_ne!(data["node"]["gap"], 0);
}

#[tokio::test]
async fn a_driver_of_two_cars_has_two_results_in_a_race() {
    let app = TestApp::empty().await;
    let first = "\n1,1,1,1,11,1,1,1,1,25,5,\\N,5401500,3,1,1:30.100,200.5,1\n";
    // Adler ends the race in Borg's car; nobody wrote down the number of Cruz's second one.
    let dump = Dump::new().with(
        "results.csv",
        first,
        &format!(
            "{first}{}{}",
            "25,1,1,1,12,2,\\N,R,7,0,4,\\N,\\N,3,7,1:30.700,200.5,5\n",
            "26,1,3,2,\\N,3,\\N,R,8,0,4,\\N,\\N,3,7,1:30.700,200.5,5\n",
        ),
    );
    let dump = dump.write();
    let source = Ergast::open(&dump.path()).unwrap();
    import(&app.app, source, |_| {}).await.unwrap();
    let data = app
        .data(r#"{ race(ref: "2030_welsh") { results { id } } }"#)
        .await;
    let ids = lead_back(&app, &data["race"]["results"]).await;
    assert_eq!(ids.len(), 8);
    for id in [
        "Result:2030_welsh/race/adler/north/11",
        "Result:2030_welsh/race/adler/north/12",
        "Result:2030_welsh/race/borg/north/12",
        "Result:2030_welsh/race/cruz/south/13",
        "Result:2030_welsh/race/cruz/south",
    ] {
        assert!(ids.iter().any(|found| found == id), "{id} in {ids:#?}");
    }
}
