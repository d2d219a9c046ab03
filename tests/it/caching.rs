//! What may be kept, by whom and for how long: hints, conditional requests, answers held in
//! the process and dropped by events, persisted and trusted documents, compression, CORS.

use std::{io::Write, sync::OnceLock, time::Duration};

use domain::config::Config;
use reqwest::{Response, StatusCode};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Setup, TestApp};

const RACES: &str = "{ season(year: 2024) { races { name } } }";

async fn with(change: fn(&mut Config)) -> TestApp {
    TestApp::start(Setup {
        bundled: true,
        change,
        ..Setup::default()
    })
    .await
}

async fn get(app: &TestApp, query: &str, headers: &[(&str, &str)]) -> Response {
    let url = reqwest::Url::parse_with_params(&app.url("/graphql"), [("query", query)]).unwrap();
    let mut request = app.client.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn public_answers_by_get_may_be_kept_as_long_as_their_shortest_lived_field() {
    let app = with(|_| ()).await;
    for (query, cache) in [
        (
            "{ circuit(ref: \"monza\") { name } }",
            "public, max-age=3600, stale-while-revalidate=30",
        ),
        (RACES, "public, max-age=60, stale-while-revalidate=30"),
        (
            "{ dataStatus { stale } circuit(ref: \"monza\") { name } }",
            "public, max-age=5, stale-while-revalidate=30",
        ),
        ("{ viewer { role } }", "no-cache"),
        (
            "{ viewer { role } circuit(ref: \"monza\") { name } }",
            "no-cache",
        ),
        // An error is not kept.
        (
            "{ driver(ref: \"Race:x\") { name } circuit(ref: \"monza\") { name } }",
            "no-cache",
        ),
        ("{ nope }", "no-store"),
    ] {
        let response = get(&app, query, &[]).await;
        assert_eq!(header(&response, "cache-control"), cache, "{query}");
        assert_eq!(
            response.headers().contains_key("etag"),
            cache.starts_with("public"),
            "{query}"
        );
        if cache != "no-store" {
            for part in ["accept", "accept-encoding", "authorization", "origin"] {
                assert!(header(&response, "vary").contains(part), "{query}");
            }
        }
    }
    let posted = app
        .client
        .post(app.url("/graphql"))
        .json(&json!({ "query": RACES }));
    assert_eq!(
        header(&posted.send().await.unwrap(), "cache-control"),
        "private, no-store"
    );
}

#[tokio::test]
async fn an_administrators_answers_are_kept_by_nobody() {
    let app = with(|config| config.auth.admin_token = "pole-position".into()).await;
    let response = get(&app, RACES, &[("authorization", "Bearer pole-position")]).await;
    assert_eq!(header(&response, "cache-control"), "private, no-store");
    assert!(!response.headers().contains_key("etag"));
}

#[tokio::test]
async fn who_has_the_answer_already_is_told_so_until_it_changes() {
    let app = with(|_| ()).await;
    let first = get(&app, RACES, &[]).await;
    let etag = header(&first, "etag").to_owned();
    assert!(etag.starts_with("W/\""), "{etag}");
    let strong = etag.trim_start_matches("W/").to_owned();
    let listed = format!("\"other\", {etag}");
    for known in [etag.as_str(), &strong, &listed, "*"] {
        let again = get(&app, RACES, &[("if-none-match", known)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(header(&again, "etag"), etag);
        assert!(header(&again, "cache-control").starts_with("public"));
        assert_eq!(again.text().await.unwrap(), "");
    }
    let other = get(&app, RACES, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status(), 200);
    rename_monaco(&app).await;
    let changed = get(&app, RACES, &[("if-none-match", &etag)]).await;
    assert_eq!(changed.status(), 200);
    assert_ne!(header(&changed, "etag"), etag);
}

/// A change of the data with its event, as an import makes it.
async fn rename_monaco(app: &TestApp) {
    let transaction = app.app.db.begin().await.unwrap();
    let sql = "UPDATE race SET name = 'Renamed' WHERE reference = '2024_monaco'";
    transaction.execute_unprepared(sql).await.unwrap();
    let (stream, now) = (domain::event::DATA, app.app.clock.now());
    domain::event::append(
        &transaction,
        stream,
        "race_imported",
        "Race:2024_monaco",
        now,
    )
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    app.app.bus.committed();
}

#[tokio::test]
async fn hot_answers_cost_no_statement_until_an_event_drops_them() {
    let app = with(|_| ()).await;
    let name = r#"{ race(ref: "2024_monaco") { name } }"#;
    assert!(!app.statements_of(name).await.is_empty());
    assert!(app.statements_of(name).await.is_empty());
    // Whatever the transport.
    let mut socket = crate::support::streams::Socket::greeted(&app).await;
    let before = app.statement_count();
    socket.subscribe("1", name).await;
    assert_eq!(
        socket.receive().await["payload"]["data"]["race"]["name"],
        "Monaco Grand Prix"
    );
    assert_eq!(get(&app, name, &[]).await.status(), 200);
    assert_eq!(app.statement_count(), before);
    rename_monaco(&app).await;
    assert_eq!(app.data(name).await["race"]["name"], "Renamed");
    // Another operation or other variables are another question.
    let by_variable = "query ($ref: String!) { race(ref: $ref) { name } }";
    for (reference, name) in [
        ("2024_monaco", "Renamed"),
        ("2024_italian", "Italian Grand Prix"),
    ] {
        let answer = app
            .answer_with(by_variable, json!({ "ref": reference }))
            .await;
        assert_eq!(answer["data"]["race"]["name"], name);
    }
}

#[tokio::test]
async fn what_another_process_commits_drops_answers_too() {
    let app = with(|_| ()).await;
    let name = r#"{ race(ref: "2024_monaco") { name } }"#;
    assert_eq!(app.data(name).await["race"]["name"], "Monaco Grand Prix");
    // Through connections of its own, as another process has them.
    let db = domain::database::open(&app.app.config.database)
        .await
        .unwrap();
    let clock = domain::clock::Clock::standing(app.app.clock.now());
    let config = (*app.app.config).clone();
    let other = domain::App::assemble(config, db, clock).await.unwrap();
    let transaction = other.db.begin().await.unwrap();
    transaction
        .execute_unprepared("UPDATE race SET name = 'Renamed' WHERE reference = '2024_monaco'")
        .await
        .unwrap();
    let now = other.clock.now();
    domain::event::append(&transaction, domain::event::DATA, "race_imported", "x", now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for _ in 0..200 {
        if app.data(name).await["race"]["name"] == "Renamed" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the old answer was kept");
}

/// A question, and a setting by which answers of its class are kept for three seconds.
type Brief = (&'static str, fn(&mut Config));

/// One of each class.
const OF_EACH_CLASS: [Brief; 3] = [
    ("{ circuit(ref: \"monza\") { name } }", |config| {
        config.cache.ttl.r#static = 3;
    }),
    ("{ seasons { year } }", |config| {
        config.cache.ttl.results = 3;
    }),
    ("{ dataStatus { stale } }", |config| {
        config.cache.ttl.live = 3;
    }),
];

#[tokio::test]
async fn without_an_event_an_answer_is_kept_for_the_time_of_its_class() {
    let checks = OF_EACH_CLASS.map(|(short, change)| async move {
        let app = TestApp::start(Setup {
            change,
            ..Setup::default()
        })
        .await;
        for (query, _) in OF_EACH_CLASS {
            assert!(!app.statements_of(query).await.is_empty(), "{query}");
            assert!(app.statements_of(query).await.is_empty(), "{query}");
        }
        tokio::time::sleep(Duration::from_millis(3300)).await;
        for (query, _) in OF_EACH_CLASS {
            let asked_again = !app.statements_of(query).await.is_empty();
            assert_eq!(asked_again, query == short, "{query} beside {short}");
        }
    });
    futures::future::join_all(checks).await;
}

#[tokio::test]
async fn the_same_question_asked_by_many_at_once_is_answered_once() {
    let app = with(|_| ()).await;
    let query = "{ season(year: 2023) { races { results { driver { name } } } } }";
    let before = app.statement_count();
    let asked = futures::future::join_all((0..32).map(|_| app.data(query))).await;
    let statements = app.statement_count() - before;
    assert!(asked.iter().all(|answer| *answer == asked[0]));
    let alone = app
        .statements_of("{ season(year: 2022) { races { results { driver { name } } } } }")
        .await
        .len();
    assert_eq!(statements, alone);
}

#[tokio::test]
async fn a_document_may_be_named_by_its_hash_once_it_was_sent() {
    let app = with(|_| ()).await;
    let hash = |query: &str| hex::encode(Sha256::digest(query));
    let named = |hash: &str| json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    let unknown = app.post(&named(&hash(RACES))).await;
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(
        unknown["errors"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let mut both = named(&hash(RACES));
    both["query"] = RACES.into();
    assert_eq!(app.post(&both).await.get("errors"), None);
    let known = app.post(&named(&hash(RACES))).await;
    assert_eq!(
        known["data"]["season"]["races"].as_array().unwrap().len(),
        24
    );
    let id = json!({ "documentId": format!("sha256:{}", hash(RACES)) });
    assert_eq!(app.post(&id).await["data"], known["data"]);
    // By GET, where caches are.
    let extensions = named(&hash(RACES))["extensions"].to_string();
    let url = reqwest::Url::parse_with_params(&app.url("/graphql"), [("extensions", &extensions)])
        .unwrap();
    let got: Value = app
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(got["data"], known["data"]);
    // A hash of something else is refused and does not name it from then on.
    let mut wrong = named(&hash("{ viewer { role } }"));
    wrong["query"] = RACES.into();
    let response = app
        .client
        .post(app.url("/graphql"))
        .json(&wrong)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    assert!(app.post(&named(&hash("{ viewer { role } }"))).await["errors"].is_array());
    // What is not valid is not kept.
    let mut invalid = named(&hash("{ nope }"));
    invalid["query"] = "{ nope }".into();
    assert!(app.post(&invalid).await["errors"].is_array());
    let after = app.post(&named(&hash("{ nope }"))).await;
    assert_eq!(
        after["errors"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
    for broken in [
        json!({ "version": 2, "sha256Hash": hash(RACES) }),
        json!({ "version": 1, "sha256Hash": "zz" }),
        json!(5),
    ] {
        let body = json!({ "extensions": { "persistedQuery": broken } });
        let response = app
            .client
            .post(app.url("/graphql"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{broken}");
    }
}

#[tokio::test]
async fn documents_are_bounded_by_bytes() {
    let app = with(|config| config.cache.documents_bytes = 20_000).await;
    let text = |number: u32| format!("query Q{number} {{ viewer {{ role }} }}");
    for number in 0..400 {
        app.data(&text(number)).await;
    }
    let mut known = 0;
    for number in 0..400 {
        let hash = hex::encode(Sha256::digest(text(number)));
        let answer = app.post(&json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })).await;
        known += u32::from(answer.get("errors").is_none());
    }
    assert!(known < 100, "{known} of 400 are kept in 20 kB");
}

/// The file of the test below: a function pointer takes nothing along.
static PATH: OnceLock<String> = OnceLock::new();

#[tokio::test]
async fn with_a_list_of_trusted_documents_nothing_else_is_executed() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{}", json!({ "races": RACES })).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    PATH.set(path).unwrap();
    let app = with(|config| {
        config.graphql.trusted_documents = PATH.get().unwrap().clone();
    })
    .await;
    let hash = hex::encode(Sha256::digest(RACES));
    for request in [
        json!({ "query": RACES }),
        json!({ "documentId": "races" }),
        json!({ "documentId": hash }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
    ] {
        let answer = app.post(&request).await;
        assert!(
            answer["data"]["season"].is_object(),
            "{request}: {answer:#}"
        );
    }
    for request in [
        json!({ "query": "{ viewer { role } }" }),
        json!({ "query": "{ nope" }),
        json!({ "documentId": "other" }),
    ] {
        let answer = app.post(&request).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND",
            "{request}"
        );
    }
}

#[tokio::test]
async fn answers_are_compressed_for_clients_that_take_it() {
    let app = with(|_| ()).await;
    let large = "{ season(year: 2024) { races { id name date circuit { name country } } } }";
    let plain = get(&app, large, &[("accept-encoding", "identity")]).await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let etag = header(&plain, "etag").to_owned();
    let plain = plain.bytes().await.unwrap();
    assert!(plain.starts_with(b"{\"data\":{\"season\":"));
    for encoding in ["gzip", "br", "zstd"] {
        let response = get(&app, large, &[("accept-encoding", encoding)]).await;
        assert_eq!(header(&response, "content-encoding"), encoding);
        assert_eq!(header(&response, "etag"), etag);
        assert!(response.bytes().await.unwrap().len() * 2 < plain.len());
    }
    // What fits into a packet is not worth it.
    let small = get(&app, "{ __typename }", &[("accept-encoding", "gzip, br")]).await;
    assert!(!small.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_others_may_not() {
    let app = with(|config| config.cors.origins = vec!["https://app.example".into()]).await;
    let ask_first = |origin: &'static str| {
        app.client
            .request(reqwest::Method::OPTIONS, app.url("/graphql"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,authorization",
            )
            .send()
    };
    let allowed = ask_first("https://app.example").await.unwrap();
    assert_eq!(
        header(&allowed, "access-control-allow-origin"),
        "https://app.example"
    );
    assert!(header(&allowed, "access-control-allow-headers").contains("authorization"));
    let refused = ask_first("https://evil.example").await.unwrap();
    assert_eq!(header(&refused, "access-control-allow-origin"), "");
    let answer = get(&app, RACES, &[("origin", "https://app.example")]).await;
    assert_eq!(
        header(&answer, "access-control-allow-origin"),
        "https://app.example"
    );
    assert!(header(&answer, "access-control-expose-headers").contains("ratelimit-remaining"));
    let closed = with(|_| ()).await;
    let answer = get(&closed, RACES, &[("origin", "https://app.example")]).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), "");
}
