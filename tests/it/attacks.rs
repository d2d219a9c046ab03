//! Attacks that the server must stand: the same verdict over every transport, before any
//! resolver runs, and the server goes on.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    Setup, TestApp,
    streams::{Events, Socket},
};

/// Ways for a request to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Post,
    Get,
    Batch,
    Persisted,
    Socket,
    Events,
}

const WAYS: [Way; 6] = [
    Way::Post,
    Way::Get,
    Way::Batch,
    Way::Persisted,
    Way::Socket,
    Way::Events,
];

async fn open() -> TestApp {
    TestApp::start(Setup {
        change: |config| {
            config.graphql.max_batch = 10;
            // The tests' own addresses must not be limited.
            config.graphql.max_body = 1 << 20;
            config.websocket.max_message = 1 << 20;
        },
        ..Setup::default()
    })
    .await
}

/// The errors that a request comes back with.
async fn errors(app: &TestApp, way: Way, request: &Value) -> Vec<Value> {
    let answer = match way {
        Way::Post => app.post(request).await,
        Way::Batch => app.post(&json!([request])).await[0].take(),
        Way::Persisted => {
            let mut request = request.clone();
            let query = request["query"].as_str().unwrap();
            let hash = hex::encode(Sha256::digest(query));
            request["extensions"] =
                json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
            app.post(&request).await
        }
        Way::Get => {
            let mut url = reqwest::Url::parse(&app.url("/graphql")).unwrap();
            url.query_pairs_mut()
                .append_pair("query", request["query"].as_str().unwrap())
                .append_pair("variables", &request["variables"].to_string());
            if url.as_str().len() > 60_000 {
                // More than the head of a request may hold: a test of connections sees to it.
                return Box::pin(errors(app, Way::Post, request)).await;
            }
            app.client
                .get(url)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap()
        }
        Way::Socket => {
            let mut socket = Socket::greeted(app).await;
            socket.subscribe_with("1", request.clone()).await;
            let message = socket.receive().await;
            match message["type"].as_str() {
                Some("error") => return message["payload"].as_array().unwrap().clone(),
                _ => message["payload"].clone(),
            }
        }
        Way::Events => {
            let response = app
                .client
                .post(app.url("/graphql"))
                .header("accept", "text/event-stream")
                .json(request)
                .send()
                .await
                .unwrap();
            Events::of(response).next().await.unwrap()
        }
    };
    answer["errors"].as_array().cloned().unwrap_or_default()
}

/// Code and reason of a refusal, the same over every transport, without a statement run.
async fn refusal(app: &TestApp, what: &str, query: &str) -> (String, String) {
    refusal_with(app, what, json!({ "query": query, "variables": {} })).await
}

async fn refusal_with(app: &TestApp, what: &str, request: Value) -> (String, String) {
    let mut verdict = None;
    for way in WAYS {
        let (statements, started) = (app.statement_count(), Instant::now());
        let errors = errors(app, way, &request).await;
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "{what} {way:?} took {:?}",
            started.elapsed()
        );
        assert_eq!(
            app.statement_count(),
            statements,
            "{what} {way:?} reached the database"
        );
        assert_eq!(errors.len(), 1, "{what} {way:?}: {errors:#?}");
        let text = |name: &str| {
            errors[0]["extensions"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let found = (text("code"), text("reason"));
        let message = errors[0]["message"].as_str().unwrap_or_default();
        assert!(
            !message.is_empty() && message.len() < 300,
            "{what}: {message}"
        );
        let verdict = verdict.get_or_insert_with(|| found.clone());
        assert_eq!(*verdict, found, "{what} {way:?}");
    }
    app.data("{ viewer { role } }").await;
    verdict.unwrap()
}

fn invalid(reason: &str) -> (String, String) {
    ("GRAPHQL_VALIDATION_FAILED".to_owned(), reason.to_owned())
}

fn bomb(spreads: usize, levels: usize) -> String {
    let fragments = (0..levels)
        .map(|level| {
            let spread = format!("...F{} ", level + 1).repeat(spreads);
            format!("fragment F{level} on Season {{ {spread} }} ")
        })
        .collect::<Vec<_>>()
        .concat();
    format!("{{ seasons {{ ...F0 }} }} {fragments} fragment F{levels} on Season {{ year }}")
}

#[tokio::test]
async fn bombs_and_circles_of_fragments_are_refused() {
    let app = open().await;
    for (spreads, levels) in [(10, 10), (8, 20), (2, 100)] {
        let query = bomb(spreads, levels);
        let found = refusal(&app, "bomb", &query).await;
        assert!(
            ["TOO_MANY_FIELDS", "TOO_DEEP"].contains(&found.1.as_str()),
            "{found:?}"
        );
    }
    let depths = "{ seasons { ...A races { season { ...A races { season { ...A } } } } } }
        fragment A on Season { races { season { races { season { races { season { races { season { races { name } } } } } } } } } }";
    assert_eq!(refusal(&app, "depths", depths).await, invalid("TOO_DEEP"));
    for length in [1, 3, 50] {
        let circle = (0..length)
            .map(|at| {
                format!(
                    "fragment F{at} on Season {{ races {{ season {{ ...F{} }} }} }} ",
                    (at + 1) % length
                )
            })
            .collect::<Vec<_>>()
            .concat();
        let query = format!("{{ seasons {{ ...F0 }} }} {circle}");
        let found = refusal(&app, "circle", &query).await;
        assert!(
            found == invalid("") || found == invalid("TOO_DEEP"),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn what_nests_without_end_is_refused() {
    let app = open().await;
    let nest = |open: &str, close: &str, times: usize| {
        format!("{}{}", open.repeat(times), close.repeat(times))
    };
    for (what, query) in [
        ("braces", format!("{{ viewer {}", "{ a ".repeat(10_000))),
        (
            "lists",
            format!("{{ nodes(ids: {}) {{ id }} }}", nest("[", "]", 100_000)),
        ),
        (
            "objects",
            format!(
                "{{ drivers(filter: {}) {{ totalCount }} }}",
                nest("{a:", "}", 20_000)
            ),
        ),
        (
            "types",
            format!(
                "query ($a: {}Int{}) {{ viewer {{ role }} }}",
                "[".repeat(50_000),
                "]".repeat(50_000)
            ),
        ),
    ] {
        assert_eq!(
            refusal(&app, what, &query).await,
            invalid("TOO_MANY_TOKENS"),
            "{what}"
        );
    }
    for (what, query) in [
        ("few braces", format!("{{ viewer {}", "{ a ".repeat(500))),
        (
            "few lists",
            format!("{{ nodes(ids: {}) {{ id }} }}", nest("[", "]", 500)),
        ),
    ] {
        assert_eq!(
            refusal(&app, what, &query).await,
            invalid("TOO_DEEP"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn aliases_repeated_fields_and_directives_are_limited() {
    let app = open().await;
    let aliases = |count: usize| {
        (0..count)
            .map(|n| format!("a{n}: viewer {{ role }} "))
            .collect::<Vec<_>>()
            .concat()
    };
    for (what, query, reason) in [
        (
            "101 aliases",
            format!("{{ {} }}", aliases(101)),
            "TOO_MANY_ALIASES",
        ),
        (
            "1,000 aliases",
            format!("{{ {} }}", aliases(1000)),
            "TOO_MANY_TOKENS",
        ),
        (
            "logins",
            format!(
                "mutation {{ {} }}",
                (0..100)
                    .map(|n| format!("a{n}: login(name: \"a\", password: \"b\") {{ token }} "))
                    .collect::<Vec<_>>()
                    .concat()
            ),
            "TOO_MANY_ALIASES",
        ),
        (
            "a field 1,000 times",
            format!("{{ {} }}", "viewer { role } ".repeat(900)),
            "TOO_MANY_ROOT_FIELDS",
        ),
        (
            "a field 1,000 times deeper",
            format!("{{ viewer {{ {} }} }}", "role ".repeat(2500)),
            "TOO_MANY_FIELDS",
        ),
        (
            "a mutation twice",
            "mutation { login { token } login { token } }".to_owned(),
            "DUPLICATE_MUTATION",
        ),
        (
            "a mutation twice by alias",
            "mutation { a: login { token } b: login { token } }".to_owned(),
            "DUPLICATE_MUTATION",
        ),
        (
            "10,000 directives",
            format!(
                "{{ viewer {} {{ role }} }}",
                "@include(if: true) ".repeat(10_000)
            ),
            "TOO_MANY_TOKENS",
        ),
        (
            "51 directives",
            format!(
                "{{ viewer {} {{ role }} }}",
                "@include(if: true) ".repeat(51)
            ),
            "TOO_MANY_DIRECTIVES",
        ),
        (
            "a directive on many fields",
            format!("{{ viewer {{ {} }} }}", "role @a ".repeat(900)),
            "TOO_MANY_DIRECTIVES",
        ),
    ] {
        if what.contains("login") || what.contains("mutation") {
            // Mutations do not go by GET at all.
            let url = reqwest::Url::parse_with_params(
                &app.url("/graphql"),
                [("query", "mutation { login { token } }")],
            )
            .unwrap();
            assert_eq!(app.client.get(url).send().await.unwrap().status(), 405);
        }
        assert_eq!(refusal(&app, what, &query).await, invalid(reason), "{what}");
    }
}

#[tokio::test]
async fn arrays_of_operations_are_off_or_short_and_each_is_charged() {
    let off = TestApp::empty().await;
    let one = json!({ "query": "{ viewer { role } }" });
    let answer = off
        .client
        .post(off.url("/graphql"))
        .json(&json!([one]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let app = open().await;
    for (count, status) in [(0, 400), (10, 200), (11, 400), (1000, 400)] {
        let batch = Value::from(vec![one.clone(); count]);
        let response = app
            .client
            .post(app.url("/graphql"))
            .json(&batch)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{count}");
    }
    let mixed = json!([one, { "query": "{ nope }" }, {}, { "query": "subscription { dataStatusChanged { sequence } }" }]);
    let answers = app.post(&mixed).await;
    assert_eq!(answers[0]["data"]["viewer"]["role"], "GUEST");
    for broken in 1..4 {
        assert!(
            answers[broken]["errors"][0]["extensions"]["code"].is_string(),
            "{answers:#}"
        );
    }
    let limited = TestApp::start(Setup {
        change: |config| {
            config.graphql.max_batch = 10;
            config.rate_limit.enabled = true;
            config.rate_limit.requests_per_minute = 15.try_into().unwrap();
        },
        ..Setup::default()
    })
    .await;
    let ten = Value::from(vec![one; 10]);
    let send = || {
        limited
            .client
            .post(limited.url("/graphql"))
            .json(&ten)
            .send()
    };
    assert_eq!(send().await.unwrap().status(), 200);
    assert_eq!(send().await.unwrap().status(), 429);
}

#[tokio::test]
async fn pages_are_capped_and_costs_saturate() {
    let app = TestApp::bundled().await;
    for first in ["2147483647", "-1", "101"] {
        let query = format!("{{ drivers(first: {first}) {{ nodes {{ name }} }} }}");
        assert_eq!(app.error_code(&query).await, "BAD_USER_INPUT", "{first}");
    }
    let nested = "{ drivers(first: 2147483647) { nodes { results(first: 2147483647) { nodes { race { results { driver { results(first: 2147483647) { nodes { points } } } } } } } } } }";
    assert_eq!(
        refusal(&open().await, "nested pages", nested).await,
        invalid("TOO_COSTLY")
    );
    // By a variable, behind a fragment with the name of the introspection, behind an interface.
    let variable = "query ($n: Int = 2147483647) { drivers(first: $n) { nodes { results(first: $n) { nodes { race { results { driver { name } } } } } } } }";
    let open = open().await;
    assert_eq!(
        refusal(&open, "variable", variable).await,
        invalid("TOO_COSTLY")
    );
    let disguised = "{ ...__schema } fragment __schema on Query { seasons { races { results { driver { results { nodes { points } } } } } } }";
    assert_eq!(
        refusal(&open, "disguise", disguised).await,
        invalid("TOO_COSTLY")
    );
    let node = "{ node(id: \"Driver:norris\") { ... on Driver { results(first: 100) { nodes { race { results { driver { results(first: 100) { nodes { points } } } } } } } } } }";
    assert_eq!(
        refusal(&open, "interface", node).await,
        invalid("TOO_COSTLY")
    );
}

#[tokio::test]
async fn forged_cursors_and_ids_are_refused_and_sql_in_texts_is_only_text() {
    let app = TestApp::start(Setup {
        bundled: true,
        change: |config| config.graphql.max_batch = 10,
        ..Setup::default()
    })
    .await;
    let page = "{ drivers(first: 2) { edges { cursor } } }";
    let cursor = app.data(page).await["drivers"]["edges"][1]["cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let (truncated, turned) = (&cursor[..cursor.len() - 4], cursor.replace(['a', 'b'], "c"));
    let after = "query ($c: String) { drivers(first: 2, after: $c) { edges { cursor } } }";
    let foreign = "query ($c: String) { circuits(first: 2, after: $c) { edges { cursor } } }";
    let node = "query ($c: ID!) { node(id: $c) { id } }";
    for (query, text) in [
        (after, truncated),
        (after, &turned),
        (after, "'; DROP TABLE driver; --"),
        (foreign, cursor),
        (node, "Driver"),
        (node, "League:1' OR '1'='1"),
    ] {
        let request = json!({ "query": query, "variables": { "c": text } });
        for way in WAYS {
            let errors = errors(&app, way, &request).await;
            assert_eq!(errors.len(), 1, "{text} {way:?}");
            let code = &errors[0]["extensions"]["code"];
            assert_eq!(code, "BAD_USER_INPUT", "{text} {way:?}");
        }
    }
    let search = "query ($c: String) { drivers(filter: { search: $c }) { totalCount } }";
    for text in ["%", "_", "\\", "' OR 1=1 --", "\"; DROP TABLE driver; --"] {
        let request = json!({ "query": search, "variables": { "c": text } });
        for way in WAYS {
            let errors = errors(&app, way, &request).await;
            assert!(
                errors
                    .iter()
                    .all(|error| error["extensions"]["code"] == "BAD_USER_INPUT"),
                "{text} {way:?}: {errors:#?}"
            );
        }
        let answer = app.post(&request).await;
        let found = answer["data"]["drivers"]["totalCount"]
            .as_i64()
            .unwrap_or(0);
        assert_eq!(found, 0, "{text}: {answer:#}");
    }
    assert!(
        app.data("{ drivers { totalCount } }").await["drivers"]["totalCount"].as_i64() > Some(30)
    );
}

#[tokio::test]
async fn a_costly_field_under_many_aliases_is_charged_for_each_and_read_once() {
    let app = TestApp::bundled().await;
    let one = "{ race(ref: \"2024_monaco\") { results { points } } }";
    let many = (0..30)
        .map(|n| format!("a{n}: race(ref: \"2024_monaco\") {{ results {{ points }} }} "))
        .collect::<Vec<_>>()
        .concat();
    let many = format!("{{ {many} }}");
    let statements = app.statements_of(one).await.len();
    assert!(statements > 0);
    assert_eq!(app.statements_of(&many).await.len(), statements);
    let cost = |answer: &Value| answer["extensions"]["cost"].clone();
    let (one, many) = (app.answer(one).await, app.answer(&many).await);
    assert_eq!(cost(&one), json!({ "requested": 26, "actual": 21 }));
    assert_eq!(
        cost(&many),
        json!({ "requested": 26 * 30, "actual": 21 * 30 })
    );
}

#[tokio::test]
async fn production_shows_neither_the_schema_nor_similar_names_nor_graphiql() {
    let production = |config: &mut domain::config::Config| {
        config.server.mode = domain::config::Mode::Production;
        config.auth.admin_token = "pole-position".into();
        config.graphql.max_batch = 10;
    };
    let app = TestApp::start(Setup {
        change: production,
        ..Setup::default()
    })
    .await;
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Race\") { name } }",
        "{ ...F } fragment F on Query { a: __schema { types { name } } }",
    ] {
        assert_eq!(
            refusal(&app, query, query).await,
            invalid("INTROSPECTION_DISABLED")
        );
    }
    assert_eq!(app.data("{ __typename }").await["__typename"], "Query");
    for way in WAYS {
        let misspelt = json!({ "query": "{ viewr { role } }", "variables": {} });
        let errors = errors(&app, way, &misspelt).await;
        let text = Value::from(errors).to_string();
        assert!(
            text.contains("viewr") && !text.contains("mean") && !text.contains("viewer"),
            "{text}"
        );
    }
    let page = |token: Option<&'static str>| {
        let mut request = app.client.get(app.url("/graphiql"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send()
    };
    assert_eq!(page(None).await.unwrap().status(), 404);
    assert_eq!(page(Some("pole-position")).await.unwrap().status(), 200);
    let admin = app
        .client
        .post(app.url("/graphql"))
        .bearer_auth("pole-position");
    let answer: Value = admin
        .json(&json!({ "query": "{ __schema { queryType { name } } a: viewr }" }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(answer.to_string().contains("Did you mean"), "{answer:#}");
    let development = TestApp::empty().await;
    let answer = development.answer("{ viewr { role } }").await;
    assert!(answer.to_string().contains("viewer"), "{answer:#}");
}

#[tokio::test]
async fn what_a_form_of_another_page_can_send_is_not_executed() {
    let app = TestApp::empty().await;
    let query = r#"{"query":"{ viewer { role } }"}"#;
    for kind in [
        Some("text/plain"),
        Some("text/plain; charset=application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        None,
    ] {
        let mut request = app.client.post(app.url("/graphql")).body(query);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 415, "{kind:?}");
        assert!(!response.text().await.unwrap().contains("GUEST"));
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_json_in_utf8_are_refused_before_parsing() {
    let app = TestApp::empty().await;
    let post = |kind: &str, encoding: Option<&str>, body: Vec<u8>| {
        let mut request = app
            .client
            .post(app.url("/graphql"))
            .header("content-type", kind)
            .body(body);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.send()
    };
    let json = "application/json";
    let text = |variables: &str| {
        format!(r#"{{"query":"query ($a: [Int]) {{ viewer {{ role }} }}","variables":{{"a":{variables}}}}}"#).into_bytes()
    };
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    for (what, kind, encoding, body, status) in [
        (
            "1 MB string",
            json,
            None,
            text(&format!("\"{}\"", "x".repeat(1 << 20))),
            413,
        ),
        (
            "a million elements",
            json,
            None,
            text(&format!("[{}1]", "1,".repeat(1_000_000))),
            413,
        ),
        ("gzip", json, Some("gzip"), vec![0x1f, 0x8b, 8, 0, 0], 415),
        ("128 deep", json, None, text(&deep), 400),
        (
            "invalid UTF-8",
            json,
            None,
            b"{\"query\":\"{ viewer { role } }\xff\"}".to_vec(),
            400,
        ),
        (
            "foreign charset",
            "application/json; charset=utf-16",
            None,
            text("1"),
            415,
        ),
        (
            "duplicate keys",
            json,
            None,
            br#"{"query":"{ a }","query":"{ b }"}"#.to_vec(),
            400,
        ),
        (
            "wrong types",
            json,
            None,
            br#"{"query":["{ viewer { role } }"]}"#.to_vec(),
            400,
        ),
        (
            "a bare NUL",
            json,
            None,
            b"{\"query\":\"{ viewer { role } }\0\"}".to_vec(),
            400,
        ),
    ] {
        let response = post(kind, encoding, body).await.unwrap();
        assert_eq!(response.status(), status, "{what}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{what}");
        assert_eq!(answer.get("data"), None, "{what}");
    }
    // 100 MB are not even read to their end.
    let chunks =
        futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    let huge = app
        .client
        .post(app.url("/graphql"))
        .header("content-type", json)
        .body(reqwest::Body::wrap_stream(chunks));
    // The server may have closed before the client was done sending.
    if let Ok(response) = huge.send().await {
        assert_eq!(response.status(), 413);
    }
    let nul = app
        .answer_with(
            "query ($s: String) { drivers(filter: { search: $s }) { totalCount } }",
            json!({ "s": "a\0b" }),
        )
        .await;
    let code = &nul["errors"][0]["extensions"]["code"];
    assert!(code.is_null() || code == "BAD_USER_INPUT", "{nul:#}");
    app.data("{ viewer { role } }").await;
}

#[tokio::test]
async fn one_viewers_answer_is_never_anothers_and_errors_are_not_kept() {
    let app = TestApp::start(Setup {
        bundled: true,
        change: |config| config.auth.admin_token = "pole-position".into(),
        ..Setup::default()
    })
    .await;
    let query = "{ viewer { role } lastRace { name } }";
    let ask = |token: Option<&'static str>| {
        let url =
            reqwest::Url::parse_with_params(&app.url("/graphql"), [("query", query)]).unwrap();
        let mut request = app.client.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        async move {
            let response = request.send().await.unwrap();
            let cache = response.headers()["cache-control"]
                .to_str()
                .unwrap()
                .to_owned();
            let answer: Value = response.json().await.unwrap();
            (
                answer["data"]["viewer"]["role"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                cache,
            )
        }
    };
    let both = join_all((0..40).map(|n| ask((n % 2 == 0).then_some("pole-position")))).await;
    for (n, (role, cache)) in both.iter().enumerate() {
        let (expected, kept) = if n % 2 == 0 {
            ("ADMIN", "private, no-store")
        } else {
            ("GUEST", "no-cache")
        };
        assert_eq!((role.as_str(), cache.as_str()), (expected, kept));
    }
    // An error is gone with its cause.
    let driver = "{ driver(ref: \"norris\") { name } }";
    app.app
        .db
        .execute_unprepared("ALTER TABLE driver RENAME TO elsewhere")
        .await
        .unwrap();
    assert_eq!(app.error_code(driver).await, "INTERNAL_SERVER_ERROR");
    app.app
        .db
        .execute_unprepared("ALTER TABLE elsewhere RENAME TO driver")
        .await
        .unwrap();
    assert_eq!(app.data(driver).await["driver"]["name"], "Lando Norris");
}

#[tokio::test]
async fn errors_inside_show_an_id_and_nothing_else() {
    let app = TestApp::bundled().await;
    app.app
        .db
        .execute_unprepared("ALTER TABLE race RENAME TO elsewhere")
        .await
        .unwrap();
    let request = json!({ "query": "{ race(ref: \"2024_monaco\") { name } }", "variables": {} });
    for way in [Way::Post, Way::Get, Way::Socket, Way::Events] {
        let errors = errors(&app, way, &request).await;
        assert_eq!(errors[0]["extensions"]["code"], "INTERNAL_SERVER_ERROR");
        let id = errors[0]["extensions"]["requestId"].as_str().unwrap();
        assert_eq!(id.len(), 36, "{id}");
        let text = Value::from(errors.clone()).to_string();
        for leak in ["table", "SELECT", "sqlx", "relation", "elsewhere"] {
            assert!(!text.contains(leak), "{text}");
        }
    }
    for bad in ["2024-13-45", "yesterday", ""] {
        let query = format!("{{ races(filter: {{ dateFrom: \"{bad}\" }}) {{ totalCount }} }}");
        let code = app.error_code(&query).await;
        assert!(
            ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()),
            "{code}"
        );
    }
}

#[tokio::test]
async fn clients_that_leave_in_mid_query_harm_nobody() {
    let app = TestApp::bundled().await;
    let heavy = "{ season(year: 2024) { races { name results { position driver { name } constructor { name } } } } }";
    for round in 0..60_u64 {
        let number = round;
        let query = format!("query Q{number} {heavy}");
        let sending = app
            .client
            .post(app.url("/graphql"))
            .json(&json!({ "query": query }))
            .send();
        // Left at any point of it.
        drop(tokio::time::timeout(Duration::from_millis(round % 20), sending).await);
    }
    let answer = app.data("{ seasons { races { name } } }").await;
    assert!(answer["seasons"].as_array().unwrap().len() >= 7);
    // Who waits for the same answer gets it though the first to ask has left.
    let same = json!({ "query": format!("query Same {heavy}") });
    let ask = || app.client.post(app.url("/graphql")).json(&same).send();
    let leaving = tokio::time::timeout(Duration::from_millis(3), ask());
    let (left, stayed) = tokio::join!(leaving, ask());
    drop(left);
    assert_eq!(
        stayed.unwrap().json::<Value>().await.unwrap().get("errors"),
        None
    );
}
