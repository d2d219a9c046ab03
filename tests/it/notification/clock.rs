//! What time brings about in a draft is told to its members.

use domain::{App, clock::Clock, draft};
use serde_json::{Value, json};

use super::join;
use crate::{
    account::{Person, data, register},
    support::{Setup, TestApp, json::texts},
};

/// The day before drafts for Imola open.
const SUNDAY: &str = "2024-05-12T12:00:00Z";

/// What somebody was told, the first first.
async fn told(app: &TestApp, person: &Person, field: &str) -> Vec<String> {
    let query = format!("{{ viewer {{ notifications {{ nodes {{ {field} }} }} }} }}");
    let told = data(app, &person.access, &query, json!({})).await;
    let nodes = &told["viewer"]["notifications"]["nodes"];
    let mut told = texts(nodes, &format!("/{field}"));
    told.reverse();
    told
}

/// Does what the clock does by some time.
async fn pass(app: &TestApp, until: &str) {
    let later = App {
        clock: Clock::standing(until.parse().unwrap()),
        ..app.app.clone()
    };
    Box::pin(draft::plan(&later)).await.unwrap();
    Box::pin(draft::run_clock(&later)).await.unwrap();
}

#[tokio::test]
async fn members_are_told_of_a_draft_from_its_opening_to_its_end() {
    let app = TestApp::start(Setup {
        now: SUNDAY.parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await;
    let [max, lando] = [register(&app, "Max").await, register(&app, "Lando").await];
    let query = "mutation { createLeague(name: \"Sunday club\", teamName: \"Founders\", settings: { pickClockSeconds: 3600 }) { inviteCode } }";
    let league: Value = data(&app, &max.access, query, json!({})).await;
    let code = league["createLeague"]["inviteCode"].as_str().unwrap();
    join(&app, &lando, code).await;
    pass(&app, SUNDAY).await;
    assert!(told(&app, &max, "kind").await.is_empty());
    // Monday, eight o'clock in New York.
    pass(&app, "2024-05-13T12:00:00Z").await;
    // Who begins is drawn by lot.
    let (first, second) = match told(&app, &max, "kind").await.len() {
        2 => (max, lando),
        _ => (lando, max),
    };
    let mut to_first = vec!["DRAFT_OPENED", "YOUR_TURN"];
    let mut to_second = vec!["DRAFT_OPENED"];
    assert_eq!(told(&app, &first, "kind").await, to_first);
    assert_eq!(told(&app, &second, "kind").await, to_second);
    pass(&app, "2024-05-13T12:49:59Z").await;
    assert_eq!(told(&app, &first, "kind").await, to_first);
    to_first.push("TIME_RUNS_OUT");
    for late in ["2024-05-13T12:50:00Z", "2024-05-13T12:55:00Z"] {
        pass(&app, late).await;
        assert_eq!(told(&app, &first, "kind").await, to_first, "{late}");
        assert_eq!(told(&app, &second, "kind").await, to_second, "{late}");
    }
    let messages = told(&app, &first, "message").await;
    assert_eq!(
        messages.last().unwrap(),
        "Your turn to pick for the 2024 Emilia Romagna Grand Prix in Sunday club is almost over. It ends on 13 May at 13:00 UTC."
    );
    pass(&app, "2024-05-13T13:00:00Z").await;
    to_second.push("YOUR_TURN");
    assert_eq!(told(&app, &first, "kind").await, to_first);
    assert_eq!(told(&app, &second, "kind").await, to_second);
    // All other turns pass at once.
    pass(&app, "2024-05-18T14:00:00Z").await;
    for (person, mut kinds) in [(&first, to_first), (&second, to_second)] {
        kinds.push("DRAFT_CLOSED");
        assert_eq!(told(&app, person, "kind").await, kinds);
    }
}
