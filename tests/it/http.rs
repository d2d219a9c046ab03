//! GraphQL over HTTP: methods, content types, status codes, limits.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

const MODERN: &str = "application/graphql-response+json";

/// Posts a body as it is.
async fn post(app: &TestApp, kind: &str, accept: &str, body: String) -> Response {
    app.client
        .post(app.url("/graphql"))
        .header("content-type", kind)
        .header("accept", accept)
        .body(body)
        .send()
        .await
        .expect("the server answers")
}

async fn get(app: &TestApp, parameters: &[(&str, &str)]) -> Response {
    let mut url = reqwest::Url::parse(&app.url("/graphql")).expect("an address");
    url.query_pairs_mut().extend_pairs(parameters);
    app.client
        .get(url)
        .send()
        .await
        .expect("the server answers")
}

/// The answer's status and code of its first error.
async fn refusal(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let text = response.text().await.expect("a body");
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    for error in body["errors"].as_array().expect("errors") {
        assert!(error["extensions"]["code"].is_string(), "{body:#}");
        assert!(error["message"].is_string(), "{body:#}");
    }
    let code = body["errors"][0]["extensions"]["code"].as_str();
    (status, code.expect("a code").to_owned())
}

#[tokio::test]
async fn a_query_may_be_posted_or_be_in_the_address() {
    let app = TestApp::bundled().await;
    let query = "query Year($year: Int!) { season(year: $year) { year } }";
    let expected = json!({
        "data": { "season": { "year": 2024 } },
        "extensions": { "cost": { "requested": 1, "actual": 1 } },
    });
    let body = json!({
        "query": query, "variables": { "year": 2024 }, "operationName": "Year", "extensions": {},
    });
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        let posted = post(&app, kind, "application/json", body.to_string()).await;
        assert_eq!(posted.status(), 200);
        assert_eq!(
            posted.headers()["content-type"],
            "application/json; charset=utf-8"
        );
        assert_eq!(posted.json::<Value>().await.unwrap(), expected);
    }
    let got = get(
        &app,
        &[("query", query), ("variables", r#"{"year": 2024}"#)],
    )
    .await;
    assert_eq!(got.status(), 200);
    assert_eq!(got.json::<Value>().await.unwrap(), expected);
    let modern = post(&app, "application/json", MODERN, body.to_string()).await;
    assert_eq!(modern.status(), 200);
    assert_eq!(
        modern.headers()["content-type"],
        format!("{MODERN}; charset=utf-8")
    );
    assert_eq!(modern.json::<Value>().await.unwrap(), expected);
}

#[tokio::test]
async fn mutations_by_get_and_other_methods_are_refused() {
    let app = TestApp::empty().await;
    for parameters in [
        &[("query", "mutation { x }")][..],
        &[
            ("query", "mutation M { x } query Q { viewer { role } }"),
            ("operationName", "M"),
        ],
    ] {
        let response = get(&app, parameters).await;
        assert_eq!(response.headers()["allow"], "POST");
        assert_eq!(refusal(response).await.0, 405);
    }
    let document = "mutation M { x } query Q { viewer { role } }";
    let other = get(&app, &[("query", document), ("operationName", "Q")]).await;
    assert_ne!(other.status(), 405);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let response = app
            .client
            .request(method.clone(), app.url("/graphql"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 405, "{method}");
        let allowed = response.headers()["allow"].to_str().unwrap().to_owned();
        assert!(
            allowed.contains("GET") && allowed.contains("POST"),
            "{allowed}"
        );
    }
    assert_eq!(
        app.client
            .get(app.url("/nowhere"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn requests_that_are_none_are_refused_with_a_code() {
    let app = TestApp::empty().await;
    let query = r#"{"query": "{ viewer { role } }"}"#;
    for (kind, body, status) in [
        ("text/plain", query, 415),
        ("application/graphql", "{ viewer { role } }", 415),
        ("application/x-www-form-urlencoded", "query=x", 415),
        ("application/json", "{", 400),
        ("application/json", "", 400),
        ("application/json", "[]", 400),
        ("application/json", "\"query\"", 400),
        ("application/json", "{}", 400),
        ("application/json", r#"{"query": null}"#, 400),
        ("application/json", r#"{"query": 5}"#, 400),
        (
            "application/json",
            r#"{"query": "{ viewer { role } }", "variables": [1]}"#,
            400,
        ),
        (
            "application/json",
            r#"{"query": "{ viewer { role } }", "variables": "x"}"#,
            400,
        ),
        (
            "application/json",
            r#"{"query": "{ viewer { role } }", "operationName": 1}"#,
            400,
        ),
    ] {
        for accept in ["application/json", MODERN] {
            let found = refusal(post(&app, kind, accept, body.to_owned()).await).await;
            assert_eq!(
                found,
                (StatusCode::from_u16(status).unwrap(), "BAD_REQUEST".into()),
                "{body}"
            );
        }
    }
    for parameters in [
        &[][..],
        &[("variables", "{}")],
        &[("query", "{ viewer { role } }"), ("variables", "{")],
        &[("query", "{ viewer { role } }"), ("variables", "[]")],
    ] {
        let found = refusal(get(&app, parameters).await).await;
        assert_eq!(
            found,
            (StatusCode::BAD_REQUEST, "BAD_REQUEST".to_owned()),
            "{parameters:?}"
        );
    }
    let large = json!({ "query": format!("{{ viewer {{ role }} }} #{}", "x".repeat(300_000)) });
    let response = post(
        &app,
        "application/json",
        "application/json",
        large.to_string(),
    )
    .await;
    assert_eq!(
        refusal(response).await,
        (StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST".to_owned())
    );
}

#[tokio::test]
async fn documents_that_cannot_run_have_the_usual_codes() {
    let app = TestApp::empty().await;
    for (query, code) in [
        ("{ viewer { role }", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("query { a b c", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { role } } }", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { shoeSize } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ season { year } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ season(year: \"x\") { year } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ ...Missing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query A { viewer { role } } query A { viewer { role } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query A { viewer { role } } query B { viewer { role } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "fragment F on Viewer { ...F } { viewer { ...F } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("mutation { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let body = json!({ "query": query }).to_string();
        for (accept, status) in [(MODERN, 400), ("application/json", 200)] {
            let response = post(&app, "application/json", accept, body.clone()).await;
            let found = refusal(response).await;
            assert_eq!(
                found,
                (StatusCode::from_u16(status).unwrap(), code.to_owned()),
                "{query}"
            );
        }
    }
    // What failed while running is an answer all the same.
    let partly = r#"{ race(ref: "Driver:x") { name } viewer { role } }"#;
    for (query, status) in [
        (partly, 200),
        // Variables that do not fit are wrong from the start.
        ("query ($year: Int!) { season(year: $year) { year } }", 400),
    ] {
        let body = json!({ "query": query }).to_string();
        let response = post(&app, "application/json", MODERN, body).await;
        let (found, code) = refusal(response).await;
        assert_eq!((found.as_u16(), code.as_str()), (status, "BAD_USER_INPUT"));
    }
}
