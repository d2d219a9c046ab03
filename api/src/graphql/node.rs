//! Typed, readable ids (`Race:2024_monaco`) and the two roots that resolve them all.

use async_graphql::{Context, ID, Interface, Object};

use super::{
    circuit::Circuit, constructor::Constructor, directive::SlicedList, draft::Draft,
    driver::Driver, fantasy_team::FantasyTeam, league::League, notification::Notification,
    race::Race, result::Result as RaceResult, season::Season,
};
use crate::{
    error::{Result, bad_input},
    loaders::Loaders,
};

/// Most ids that `nodes` resolves at once.
const MOST_NODES: usize = 100;

/// Anything with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Typed and stable, `Race:2024_monaco`."))]
pub enum Node {
    Season(Season),
    Race(Race),
    Circuit(Circuit),
    Driver(Driver),
    Constructor(Constructor),
    Result(RaceResult),
    League(League),
    FantasyTeam(FantasyTeam),
    Draft(Draft),
    Notification(Notification),
}

/// The kinds of ids.
const KINDS: [&str; 10] = [
    "Season",
    "Race",
    "Circuit",
    "Driver",
    "Constructor",
    "Result",
    "League",
    "FantasyTeam",
    "Draft",
    "Notification",
];

/// The id of a thing of a kind.
#[must_use]
pub fn id(kind: &str, reference: impl std::fmt::Display) -> ID {
    ID(format!("{kind}:{reference}"))
}

/// The ref that an argument names: a plain ref, or an id of the right kind.
///
/// # Errors
/// `BAD_USER_INPUT` for an id of another kind.
pub fn reference_of<'a>(kind: &str, text: &'a str) -> Result<&'a str> {
    match text.split_once(':') {
        None => Ok(text),
        Some((found, reference)) if found == kind => Ok(reference),
        Some((found, _)) => Err(bad_input(format!(
            "{text:?} is the id of a {found}, expected a {kind}"
        ))),
    }
}

#[derive(Default)]
pub struct NodeQuery;

#[Object(cache_control(max_age = 3600))]
impl NodeQuery {
    /// The thing with this id; null when there is none.
    #[graphql(cache_control(max_age = 60))]
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Node>> {
        resolve(ctx, &id).await.transpose()
    }

    /// The things with these ids, in the same order, null where there is none; at most 100.
    #[graphql(directive = SlicedList::apply(100, "ids"), cache_control(max_age = 60))]
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_NODES {
            return Err(bad_input(format!(
                "{} ids, expected at most {MOST_NODES}",
                ids.len()
            )));
        }
        futures::future::try_join_all(ids.iter().map(|id| resolve(ctx, id))).await
    }
}

async fn resolve(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((kind, reference)) = id.split_once(':') else {
        return Err(bad_input(format!(
            "{:?} is no id, expected one such as \"Race:2024_monaco\"",
            id.as_str()
        )));
    };
    Ok(match kind {
        "Season" => match reference.parse() {
            Ok(year) => Loaders::of(ctx)
                .season
                .load(year)
                .await?
                .map(Season)
                .map(Node::Season),
            Err(_) => return Err(bad_input(format!("{:?} names no season", id.as_str()))),
        },
        "Race" => Loaders::of(ctx)
            .race_by_ref
            .load(reference.to_owned())
            .await?
            .map(Race)
            .map(Node::Race),
        "Circuit" => find_circuit(ctx, reference).await?.map(Node::Circuit),
        "Driver" => find_driver(ctx, reference).await?.map(Node::Driver),
        "Constructor" => find_constructor(ctx, reference)
            .await?
            .map(Node::Constructor),
        "Result" => Box::pin(RaceResult::find(ctx, reference))
            .await?
            .map(Node::Result),
        "League" => Box::pin(League::find(ctx, reference))
            .await?
            .map(Node::League),
        "FantasyTeam" => Box::pin(FantasyTeam::find(ctx, reference))
            .await?
            .map(Node::FantasyTeam),
        "Draft" => Box::pin(Draft::find(ctx, reference))
            .await?
            .map(Node::Draft),
        "Notification" => Box::pin(Notification::find(ctx, reference))
            .await?
            .map(Node::Notification),
        other => {
            return Err(bad_input(format!(
                "there is no type {other:?} with ids, expected one of {}",
                KINDS.join(", ")
            )));
        }
    })
}

/// The circuit with a ref.
///
/// # Errors
/// When the database fails.
pub async fn find_circuit(ctx: &Context<'_>, reference: &str) -> Result<Option<Circuit>> {
    let row = Loaders::of(ctx)
        .circuit_by_ref
        .load(reference.to_owned())
        .await?;
    Ok(row.map(Circuit))
}

/// The driver with a ref.
///
/// # Errors
/// When the database fails.
pub async fn find_driver(ctx: &Context<'_>, reference: &str) -> Result<Option<Driver>> {
    let row = Loaders::of(ctx)
        .driver_by_ref
        .load(reference.to_owned())
        .await?;
    Ok(row.map(Driver))
}

/// The constructor with a ref.
///
/// # Errors
/// When the database fails.
pub async fn find_constructor(ctx: &Context<'_>, reference: &str) -> Result<Option<Constructor>> {
    let row = Loaders::of(ctx)
        .constructor_by_ref
        .load(reference.to_owned())
        .await?;
    Ok(row.map(Constructor))
}
