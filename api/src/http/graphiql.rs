//! GraphiQL with example queries as tabs.

use axum::response::Html;

/// Named examples, each a tab.
pub const EXAMPLES: [(&str, &str); 5] = [
    ("Season overview", include_str!("examples/season.graphql")),
    ("Driver career", include_str!("examples/driver.graphql")),
    ("Race page", include_str!("examples/race.graphql")),
    ("Title fight", include_str!("examples/title_fight.graphql")),
    ("Forecast", include_str!("examples/forecast.graphql")),
];

/// The page; its scripts come from a CDN.
pub(super) async fn page() -> Html<String> {
    let tabs: Vec<_> = EXAMPLES
        .iter()
        .map(|(_, query)| serde_json::json!({ "query": query.trim() }))
        .collect();
    let tabs = serde_json::Value::from(tabs).to_string();
    // `</` would end the script element that the examples stand in.
    Html(include_str!("graphiql.html").replace("/*EXAMPLES*/[]", &tabs.replace("</", "<\\/")))
}
