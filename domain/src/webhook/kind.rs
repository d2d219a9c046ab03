//! What webhooks can be told of, and which events that is. A new type is a variant and a row.

use entities::event::Model as Event;
use serde_json::{Value, json};

use crate::event;

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A race was added, or something about it changed.
    RaceUpdated,
    /// A race or its sprint has got results, or other ones than before.
    ResultsPublished,
    /// The standings of a season were computed anew, since results changed.
    StandingsChanged,
    /// An engine has said something new before a race.
    ForecastPublished,
    /// A user was told something.
    Notification,
}

/// A row of the table.
struct Row {
    kind: Kind,
    name: &'static str,
    stream: &'static str,
    /// Kind of the event.
    event: &'static str,
    /// A GraphQL query for what the event is about, from the ref in its subject.
    query: fn(&str) -> String,
}

const TABLE: [Row; 5] = [
    Row {
        kind: Kind::RaceUpdated,
        name: "race.updated",
        stream: event::DATA,
        event: event::RACE_IMPORTED,
        query: |race| format!("{{race(ref:{}){{name date status}}}}", text(race)),
    },
    Row {
        kind: Kind::ResultsPublished,
        name: "results.published",
        stream: event::DATA,
        event: event::RESULTS_PUBLISHED,
        query: |race| {
            format!(
                "{{race(ref:{}){{name results{{position positionText points driver{{name}}}}}}}}",
                text(race)
            )
        },
    },
    Row {
        kind: Kind::StandingsChanged,
        name: "standings.changed",
        stream: event::DATA,
        event: event::STANDINGS_COMPUTED,
        query: |season| {
            let year = season.parse().unwrap_or(0_i32);
            format!("{{season(year:{year}){{driverStandings{{position points driver{{name}}}}}}}}")
        },
    },
    Row {
        kind: Kind::ForecastPublished,
        name: "forecast.published",
        stream: event::FORECAST,
        event: event::FORECAST_PUBLISHED,
        query: forecast,
    },
    Row {
        kind: Kind::Notification,
        name: "notification",
        stream: event::NOTIFICATION,
        event: event::NOTIFIED,
        // For who bears an access token of the user.
        query: |_| {
            "{viewer{unreadNotifications notifications(first:1){nodes{kind message}}}}".to_owned()
        },
    },
];

/// Asks for what `2024_monaco/elo/POST_QUALIFYING/RACE` names.
fn forecast(reference: &str) -> String {
    let mut parts = reference.split('/');
    let mut part = || parts.next().unwrap_or_default();
    let (race, engine) = (text(part()), part().to_ascii_uppercase());
    let (stage, target) = (part(), part());
    let field = if target == "QUALIFYING" {
        "qualifyingForecast"
    } else {
        "forecast"
    };
    format!(
        "{{race(ref:{race}){{name {field}(engine:{engine},stage:{stage}){{generatedAt entries{{driver{{name}} winProbability{{value}}}}}}}}}}"
    )
}

/// A string of JSON is one of GraphQL.
fn text(reference: &str) -> Value {
    Value::from(reference)
}

impl Kind {
    /// As it stands in the body and the database (`results.published`).
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The type of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.name == name)?;
        Some(row.kind)
    }

    /// What an event is to webhooks; none when they are not told of it.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let row = TABLE
            .iter()
            .find(|row| row.stream == event.stream && row.event == event.kind)?;
        Some(row.kind)
    }

    /// Streams that any of them is in, each once.
    #[must_use]
    pub fn streams() -> Vec<&'static str> {
        let mut streams: Vec<_> = TABLE.iter().map(|row| row.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// The body that tells of an event: type, time and ids, and where to look when it is known
    /// under which address this server is reached.
    #[must_use]
    pub fn body(self, event: &Event, public_url: &str) -> Value {
        let mut data = json!({ "id": event.subject });
        let reference = event.subject.split_once(':');
        if let (Some((_, reference)), Some(url)) = (reference, query_url(public_url)) {
            let mut url = url;
            url.query_pairs_mut()
                .append_pair("query", &(self.row().query)(reference));
            data["url"] = url.to_string().into();
        }
        super::rules::body(self.name(), event.created_at, data)
    }

    fn row(self) -> &'static Row {
        let row = TABLE.iter().find(|row| row.kind == self);
        row.expect("a test finds every type in the table")
    }
}

/// Where queries are sent, when the address of this server is set.
fn query_url(public_url: &str) -> Option<url::Url> {
    url::Url::parse(&format!("{}/graphql", public_url.trim_end_matches('/'))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 5] = [
        Kind::RaceUpdated,
        Kind::ResultsPublished,
        Kind::StandingsChanged,
        Kind::ForecastPublished,
        Kind::Notification,
    ];

    fn event(stream: &str, kind: &str, subject: &str) -> Event {
        Event {
            stream: stream.to_owned(),
            sequence: 7,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            created_at: "2024-05-26T15:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn every_type_is_found_by_its_name_and_by_its_event() {
        assert_eq!(TABLE.len(), KINDS.len());
        for kind in KINDS {
            let row = kind.row();
            assert_eq!(Kind::named(row.name), Some(kind));
            assert_eq!(Kind::of(&event(row.stream, row.event, "x")), Some(kind));
            assert!(Kind::streams().contains(&row.stream));
        }
        assert_eq!(Kind::named("race"), None);
    }

    #[test]
    fn an_event_of_the_same_name_in_another_stream_is_another() {
        assert_eq!(Kind::of(&event("model", "race_imported", "x")), None);
        assert_eq!(Kind::of(&event("data", "import_finished", "x")), None);
    }

    #[test]
    fn a_body_has_the_type_the_time_and_ids() {
        let event = event("data", "results_published", "Race:2024_monaco");
        let body = Kind::ResultsPublished.body(&event, "");
        assert_eq!(
            body,
            json!({
                "type": "results.published",
                "timestamp": "2024-05-26T15:00:00Z",
                "data": { "id": "Race:2024_monaco" },
            })
        );
        let body = Kind::ResultsPublished.body(&event, "https://f1.example.org/");
        let url = body["data"]["url"].as_str().unwrap();
        assert!(
            url.starts_with(
                "https://f1.example.org/graphql?query=%7Brace%28ref%3A%222024_monaco%22%29"
            ),
            "{url}"
        );
    }
}
