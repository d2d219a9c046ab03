//! The schema: one file a noun, each with its object and its roots.

pub mod career;
pub mod circuit;
pub mod connection;
pub mod constructor;
pub mod data_status;
pub mod driver;
pub mod engine;
pub mod entry;
pub mod filter;
pub mod forecast;
pub mod lap;
pub mod node;
pub mod pit_stop;
pub mod practice;
pub mod qualifying;
pub mod race;
pub mod race_control;
pub mod result;
pub mod scalars;
pub mod season;
pub mod session;
pub mod standing;
pub mod viewer;
pub mod weather;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, MergedObject, SDLExportOptions,
};
use domain::App;
use sea_orm::DatabaseConnection;

/// All queries.
#[derive(MergedObject, Default)]
pub struct Query(
    season::SeasonQuery,
    race::RaceQuery,
    circuit::CircuitQuery,
    driver::DriverQuery,
    constructor::ConstructorQuery,
    engine::EngineQuery,
    data_status::DataStatusQuery,
    viewer::ViewerQuery,
    node::NodeQuery,
);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum Direction {
    /// Smallest, oldest, first letter first.
    Asc,
    /// Largest, newest, last letter first.
    #[default]
    Desc,
}

/// Builds the schema for an application.
#[must_use]
pub fn schema(app: App) -> Schema {
    let limits = &app.config.graphql;
    builder()
        .limit_depth(limits.max_depth)
        .limit_complexity(limits.max_fields)
        .data(app)
        .finish()
}

/// The sorted schema in the schema definition language, as kept in `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(
        SDLExportOptions::new()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items(),
    )
}

fn builder() -> async_graphql::SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
}

/// The application that a resolver serves.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Its database.
pub(crate) fn db<'a>(ctx: &Context<'a>) -> &'a DatabaseConnection {
    &app(ctx).db
}
