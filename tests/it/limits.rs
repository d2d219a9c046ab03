//! Queries that would cost too much are refused before they cost anything.

use std::time::{Duration, Instant};

use crate::support::TestApp;

#[tokio::test]
async fn queries_too_deep_or_too_wide_are_refused_before_they_cost_anything() {
    let app = TestApp::empty().await;
    let deep = format!(
        "{{ lastRace {}{{ name }}{} }}",
        "{ season { races ".repeat(10),
        "} }".repeat(10)
    );
    let wide: String = (0..1100)
        .map(|number| ["a", &number.to_string(), ": viewer { role } "].concat())
        .collect();
    let brackets = format!("{{ viewer {}", "{ a ".repeat(20_000));
    // Each fragment spreads the next one twice.
    let twice = |number: i32| {
        format!(
            "fragment F{number} on Season {{ races {{ season {{ ...F{0} ...F{0} }} }} }}",
            number + 1
        )
    };
    let bomb = format!(
        "{{ seasons {{ ...F0 }} }} {} fragment F25 on Season {{ year }}",
        (0..25).map(twice).collect::<String>()
    );
    let flat = |number: i32| {
        format!(
            "fragment F{number} on Season {{ ...F{0} ...F{0} }}",
            number + 1
        )
    };
    let flat_bomb = format!(
        "{{ seasons {{ ...F0 }} }} {} fragment F25 on Season {{ year }}",
        (0..25).map(flat).collect::<String>()
    );
    let lists = format!(
        "{{ nodes(ids: {}{}) {{ id }} }}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let kinds = format!(
        "query ($a: {}ID{}) {{ viewer {{ role }} }}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    for (what, query) in [
        ("lists", lists),
        ("kinds", kinds),
        ("deep", deep),
        ("wide", format!("{{ {wide} }}")),
        ("brackets", brackets),
        ("bomb", bomb),
        ("flat bomb", flat_bomb),
    ] {
        let (before, start) = (app.statement_count(), Instant::now());
        let answer = tokio::time::timeout(Duration::from_secs(20), app.answer(&query)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{what}: still busy"));
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{what}: {:?}",
            start.elapsed()
        );
        let code = answer["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default();
        assert!(code.starts_with("GRAPHQL_"), "{what}: {answer:#}");
        assert_eq!(app.statement_count(), before, "{what}");
    }
    // Still there.
    app.data("{ viewer { role } }").await;
}
