//! The schema: one file a noun, each with its object and its roots.

pub mod account;
pub mod available_driver;
pub mod backtest;
pub mod career;
pub mod circuit;
pub mod connection;
pub mod constructor;
pub mod data_status;
pub mod directive;
pub mod draft;
pub mod draft_log;
pub mod draft_mutation;
pub mod draft_pick;
pub mod draft_update;
pub mod driver;
pub mod driver_ranking;
pub mod elo;
pub mod engine;
pub mod entry;
pub mod fantasy_team;
pub mod feed;
pub mod filter;
pub mod forecast;
pub mod forecast_published;
pub mod insights;
pub mod job;
pub mod lap;
pub mod leaderboard;
pub mod league;
pub mod league_filter;
pub mod league_settings;
pub mod live;
pub mod live_car;
pub mod live_event;
pub mod live_standing;
pub mod model;
pub mod node;
pub mod notification;
pub mod performance;
pub mod pit_stop;
pub mod practice;
pub mod qualifying;
pub mod race;
pub mod race_control;
pub mod race_filter;
pub mod race_score;
pub mod race_update;
pub mod replay;
pub mod result;
pub mod result_filter;
pub mod result_id;
pub mod ruleset;
pub mod scalars;
pub mod season;
pub mod session;
pub mod standing;
pub mod track;
pub mod user;
pub mod viewer;
pub mod weather;
pub mod webhook;

use async_graphql::{
    Context, Enum, MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder,
};
use chrono::{DateTime, Utc};
use connection::Page;
use domain::App;
use sea_orm::DatabaseConnection;

/// All queries.
#[derive(MergedObject, Default)]
pub struct Query(
    season::SeasonQuery,
    race::RaceQuery,
    circuit::CircuitQuery,
    driver::DriverQuery,
    driver_ranking::DriverRankingQuery,
    constructor::ConstructorQuery,
    engine::EngineQuery,
    backtest::BacktestQuery,
    data_status::DataStatusQuery,
    viewer::ViewerQuery,
    node::NodeQuery,
    webhook::WebhookQuery,
    job::JobQuery,
    live::LiveQuery,
    replay::ReplayQuery,
    league::LeagueQuery,
    draft::DraftQuery,
);

/// All mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    model::ModelMutation,
    forecast::ForecastMutation,
    webhook::WebhookMutation,
    job::JobMutation,
    replay::ReplayMutation,
    account::AccountMutation,
    league::LeagueMutation,
    fantasy_team::FantasyTeamMutation,
    draft_mutation::DraftMutation,
    notification::NotificationMutation,
);

/// All subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    data_status::DataStatusSubscription,
    live::LiveSubscription,
    forecast_published::ForecastSubscription,
    race_update::RaceSubscription,
    standing::StandingsSubscription,
    leaderboard::LeaderboardSubscription,
    draft_update::DraftSubscription,
    notification::NotificationSubscription,
);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum Direction {
    /// Smallest, oldest, first letter first.
    Asc,
    /// Largest, newest, last letter first.
    #[default]
    Desc,
}

/// A field that is called what it is called everywhere, though a linter takes it for its type's
/// name said again, and the linter's pardon.
const PARDONED: (&str, &str) = (
    "\traceControl: ",
    "\t# eslint-disable-next-line @graphql-eslint/no-typename-prefix -- \"race control\" is what it is called\n",
);

/// The sorted schema in the schema definition language, as kept in `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    let text = builder().finish().sdl_with_options(options);
    let (field, pardon) = PARDONED;
    text.replace(field, &format!("{pardon}{field}"))
}

/// The schema without anything that it is about.
pub(crate) fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    // The library's own types do not take their descriptions from comments.
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .override_output_type_description::<Page<circuit::Circuit>>("A page of circuits.")
    .override_output_type_description::<Page<constructor::Constructor>>("A page of constructors.")
    .override_output_type_description::<Page<driver::Driver>>("A page of drivers.")
    .override_output_type_description::<Page<league::League>>("A page of leagues.")
    .override_output_type_description::<Page<notification::Notification>>(
        "A page of notifications.",
    )
    .override_output_type_description::<Page<race::Race>>("A page of races.")
    .override_output_type_description::<Page<result::Result>>("A page of results.")
    .override_output_type_description::<DateTime<Utc>>(
        "A moment in UTC, RFC 3339: `2024-05-26T13:00:00Z`.",
    )
}

/// The application that a resolver serves.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Its database.
pub(crate) fn db<'a>(ctx: &Context<'a>) -> &'a DatabaseConnection {
    &app(ctx).db
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_graphql::{
        CacheControl, ServerError, ValidationResult,
        extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
        parser::{
            parse_schema,
            types::{TypeKind, TypeSystemDefinition},
        },
    };

    use super::*;

    /// Notes what validation says of a query, and ends it there: nothing is executed.
    #[derive(Default)]
    struct Noted(Mutex<Option<CacheControl>>);

    struct Note(Arc<Noted>);

    impl ExtensionFactory for Note {
        fn create(&self) -> Arc<dyn Extension> {
            Arc::<Noted>::clone(&self.0)
        }
    }

    #[async_trait::async_trait]
    impl Extension for Noted {
        async fn validation(
            &self,
            ctx: &ExtensionContext<'_>,
            next: NextValidation<'_>,
        ) -> Result<ValidationResult, Vec<ServerError>> {
            let result = next.run(ctx).await?;
            *self.0.lock().unwrap() = Some(result.cache_control);
            Err(vec![ServerError::new("valid", None)])
        }
    }

    async fn cache_control(query: &str) -> CacheControl {
        let noted = Arc::new(Noted::default());
        let schema = builder().extension(Note(Arc::clone(&noted))).finish();
        let errors = schema.execute(query).await.errors;
        let found = *noted.0.lock().unwrap();
        found.unwrap_or_else(|| panic!("{query} is not valid: {errors:?}"))
    }

    /// Root fields whose answers are for one viewer alone.
    const PRIVATE: [&str; 8] = [
        "draft", "jobRuns", "jobs", "league", "leagues", "viewer", "webhook", "webhooks",
    ];

    /// Every other root field, and for how many seconds its answer may be kept.
    const KEPT: [(&str, i32); 21] = [
        ("season(year: 2024) { year }", 300),
        ("seasons { year }", 300),
        ("race(ref: \"2024_monaco\") { name }", 60),
        ("races { totalCount }", 300),
        ("nextRace { name }", 30),
        ("lastRace { name }", 30),
        ("circuit(ref: \"monza\") { name }", 3600),
        ("circuits { pageInfo { hasNextPage } }", 300),
        ("driver(ref: \"norris\") { name }", 3600),
        ("drivers { totalCount }", 300),
        ("driverRankings { rank }", 300),
        ("constructor(ref: \"rb\") { name }", 3600),
        ("constructors { edges { cursor } }", 300),
        ("engine(id: ELO) { name }", 300),
        ("engines { name }", 300),
        ("modelComparison { firstSeason }", 300),
        ("dataStatus { stale }", 5),
        ("node(id: \"Driver:norris\") { id }", 60),
        ("nodes(ids: []) { id }", 60),
        ("liveRace(race: \"2024_monaco\") { sequence }", 1),
        ("replay(handle: \"\") { playing }", 1),
    ];

    #[tokio::test]
    async fn every_root_says_how_long_its_answer_may_be_kept() {
        for (field, max_age) in KEPT {
            let found = cache_control(&format!("{{ {field} }}")).await;
            let expected = CacheControl {
                public: true,
                max_age,
            };
            assert_eq!(found, expected, "{field}");
        }
        let document = parse_schema(sdl()).unwrap();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            if let TypeKind::Object(object) = definition.node.kind
                && definition.node.name.node == "Query"
            {
                for field in object.fields {
                    let name = field.node.name.node.as_str();
                    let said = KEPT.iter().any(|(field, _)| {
                        field
                            .split(['(', ' '])
                            .next()
                            .is_some_and(|start| start == name)
                    });
                    assert!(said || PRIVATE.contains(&name), "{name} is not in the list");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_below_may_be_kept_for_a_shorter_time() {
        for (query, max_age) in [
            ("{ drivers { nodes { name } } }", 300),
            ("{ races { nodes { name } } }", 60),
            (
                "{ season(year: 2024) { races { results { points } } } }",
                60,
            ),
            ("{ lastRace { forecast { stage } } }", 5),
            ("{ engine(id: ELO) { unavailable } }", 5),
            ("{ circuit(ref: \"monza\") { record { __typename } } }", 300),
            ("{ dataStatus { lastRace { name } } }", 5),
            ("{ seasons { year } dataStatus { stale } }", 5),
            ("{ __typename }", 3600),
            (
                "{ node(id: \"Race:2024_monaco\") { ... on Race { results { points } } } }",
                60,
            ),
        ] {
            let found = cache_control(query).await;
            assert_eq!((found.public, found.max_age), (true, max_age), "{query}");
        }
    }

    #[tokio::test]
    async fn who_asks_is_nobody_elses_answer() {
        assert!(!cache_control("{ viewer { role } }").await.public);
        assert!(!cache_control("{ webhooks { url } }").await.public);
        assert!(!cache_control("{ webhook(id: \"x\") { url } }").await.public);
        for query in [
            "{ league(id: \"x\") { __typename } }",
            "{ leagues { totalCount } }",
            "{ leagues { nodes { name } } }",
            "{ viewer { leagues { inviteCode } } }",
            "{ viewer { notifications { nodes { message } } } }",
            "{ node(id: \"x\") { ... on Notification { message } } }",
            "{ node(id: \"x\") { ... on League { name } } }",
            "{ viewer { leagues { drafts { myTurn } } } }",
            "{ draft(id: \"x\") { __typename } }",
            "{ draft(id: \"x\") { availableDrivers { forecasts { expectedPosition } } } }",
            "{ node(id: \"x\") { ... on FantasyTeam { name } } }",
            "{ node(id: \"x\") { ... on Draft { state } } }",
        ] {
            assert!(!cache_control(query).await.public, "{query}");
        }
        assert!(
            !cache_control("{ viewer { role } seasons { year } }")
                .await
                .public
        );
    }

    #[test]
    fn the_pardon_stands_right_above_its_field() {
        let sdl = sdl();
        let mut lines = sdl
            .lines()
            .skip_while(|line| !line.contains("eslint-disable-next-line"));
        assert!(lines.next().is_some());
        assert!(lines.next().unwrap().starts_with("\traceControl: ["));
        assert!(!lines.any(|line| line.contains("eslint")));
    }
}
