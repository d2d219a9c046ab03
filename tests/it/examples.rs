//! The example queries that GraphiQL opens with.

use std::path::Path;

use serde_json::Value;

use crate::support::{Setup, TestApp};

/// All files with examples.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/src/http/examples");
    let files = std::fs::read_dir(folder).expect("the examples' folder");
    let mut examples: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("an example");
            (path.display().to_string(), text)
        })
        .collect();
    examples.sort();
    examples
}

#[tokio::test]
async fn every_example_runs_on_the_bundled_seasons() {
    let app = TestApp::bundled().await;
    assert!(examples().len() >= 5);
    for (file, query) in examples() {
        let answer = first_answer(&app, &query).await;
        assert_eq!(answer.get("errors"), None, "{file}: {answer:#}");
        let data = answer["data"].as_object().unwrap();
        assert!(
            !data.is_empty() && data.values().all(|root| !root.is_null()),
            "{file}: {answer:#}"
        );
    }
}

#[tokio::test]
async fn every_example_runs_without_any_data() {
    let app = TestApp::empty().await;
    for (file, query) in examples() {
        let answer = first_answer(&app, &query).await;
        assert_eq!(answer.get("errors"), None, "{file}: {answer:#}");
    }
}

/// The answer to a query, or the first of a subscription.
async fn first_answer(app: &TestApp, query: &str) -> Value {
    if !query.contains("\nsubscription ") {
        return app.answer(query).await;
    }
    let mut events = app.events(query).await;
    events.next().await.expect("a first event")
}

#[tokio::test]
async fn graphiql_opens_with_every_example() {
    let app = TestApp::empty().await;
    let page = app.client.get(app.url("/graphiql")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let page = page.text().await.unwrap();
    for (file, query) in examples() {
        let tab = serde_json::to_string(query.trim()).unwrap();
        assert!(page.contains(&tab), "{file} is no tab");
    }
}

#[tokio::test]
async fn graphiql_can_be_switched_off() {
    let app = TestApp::start(Setup {
        change: |config| config.server.graphiql = Some(false),
        ..Setup::default()
    })
    .await;
    let page = app.client.get(app.url("/graphiql")).send().await.unwrap();
    assert_eq!(page.status(), 404);
}
