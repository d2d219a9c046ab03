//! Relay connections over sorted rows: opaque, signed cursors that know which list they
//! belong to, and keyset paging, so that a page costs the same wherever it lies.

use std::sync::Arc;

use async_graphql::{
    Context, InputObject, Object, OutputType,
    connection::{Connection, CursorType, Edge, EmptyFields},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use domain::App;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{
    EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select, StatementBuilder,
    sea_query::{Expr, Order, Query, SelectStatement},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Direction, directive::Cost};
use crate::{
    error::{Error, Result, bad_input, from_database},
    loaders::{Loaders, OwnResults, Slice},
};

/// Items of a page when no number is asked for.
pub const PAGE: i32 = 20;

/// Length of the signature in front of a cursor, bytes.
const SIGNATURE: usize = 16;

/// Which page of a list: `first` after a cursor, or `last` before one.
#[derive(Debug, Clone, Default, InputObject)]
pub struct PageInput {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// A connection with the number of all its items.
pub type Page<N> = Connection<Cursor, N, TotalCount, EmptyFields>;

/// Where a row of a list stands; signed only when asked for.
pub struct Cursor {
    list: Arc<List>,
    bound: Bound,
}

/// The list that cursors belong to, and what signs them.
struct List {
    secret: Arc<[u8]>,
    scope: String,
}

impl List {
    fn new(app: &App, scope: String) -> Arc<Self> {
        let secret = Arc::clone(&app.secret);
        Arc::new(Self { secret, scope })
    }

    fn cursor(self: &Arc<Self>, value: SortValue, key: i64) -> Cursor {
        Cursor {
            list: Arc::clone(self),
            bound: Bound { value, key },
        }
    }
}

impl CursorType for Cursor {
    type Error = &'static str;

    fn decode_cursor(_: &str) -> std::result::Result<Self, Self::Error> {
        Err("a cursor is opened by the list that it belongs to")
    }

    fn encode_cursor(&self) -> String {
        signed(&self.list.secret, &self.list.scope, &self.bound)
    }
}

/// Counts the whole list, only when asked.
pub enum TotalCount {
    /// The rows of a select.
    Rows(Box<SelectStatement>),
    /// The races of a circuit, counted together with those of its neighbours.
    RacesOf(i32),
    /// The results of a driver or constructor, counted together with those of its neighbours.
    ResultsOf(OwnResults),
}

#[Object]
impl TotalCount {
    /// Number of items in the whole list.
    #[graphql(directive = Cost::apply(5), cache_control(max_age = 300))]
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let loaders = Loaders::of(ctx);
        let total = match self {
            Self::Rows(select) => Some(count(ctx, select).await?),
            Self::RacesOf(circuit) => loaders.own_races_total.load(*circuit).await?,
            Self::ResultsOf(results) => loaders.own_results_total.load(results.clone()).await?,
        };
        Ok(total.unwrap_or(0))
    }
}

async fn count(ctx: &Context<'_>, select: &SelectStatement) -> Result<i64> {
    let count = Query::select()
        .expr_as(Expr::cust("COUNT(*)"), "count")
        .from_subquery(select.clone(), "list")
        .to_owned();
    let statement = StatementBuilder::build(&count, &super::db(ctx).get_database_backend());
    let rows = Loaders::of(ctx).rows(statement).await?;
    let count = rows.first().map_or(Ok(0), |row| row.try_get_by_index(0));
    count.map_err(|error| from_database(&error))
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    Number(i64),
    Day(NaiveDate),
    Text(String),
}

impl From<SortValue> for sea_orm::Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Number(number) => number.into(),
            SortValue::Day(day) => day.into(),
            SortValue::Text(text) => text.into(),
        }
    }
}

/// How a list is sorted: by an expression that is never null, then by a unique key.
pub struct Sorting<M> {
    /// Names the list and its order; a cursor of another list is refused.
    pub scope: String,
    pub by: Expr,
    pub key: Expr,
    pub descending: bool,
    /// The same two values, read from a row.
    pub of: fn(&M, &str) -> (SortValue, i64),
    /// Tells `of` which order this is.
    pub order: &'static str,
}

/// Reads one page of a select.
///
/// # Errors
/// `BAD_USER_INPUT` for paging arguments that cannot be used, or when the database fails.
pub async fn page<E, N>(
    ctx: &Context<'_>,
    select: Select<E>,
    sorting: Sorting<E::Model>,
    input: &PageInput,
    node: impl Fn(E::Model) -> N,
) -> Result<Page<N>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    N: OutputType,
{
    let app = ctx.data_unchecked::<App>();
    let window = Window::checked(app, input, &sorting.scope)?;
    let total = TotalCount::Rows(Box::new(select.clone().into_query()));
    let forwards = !window.backwards;
    let ascending = sorting.descending != forwards;
    let mut rows = select;
    for bound in [
        window
            .after
            .as_ref()
            .map(|bound| (bound, !sorting.descending)),
        window
            .before
            .as_ref()
            .map(|bound| (bound, sorting.descending)),
    ]
    .into_iter()
    .flatten()
    {
        rows = rows.filter(beyond(&sorting, bound.0, bound.1));
    }
    let direction = if ascending { Order::Asc } else { Order::Desc };
    let statement = rows
        .order_by(sorting.by.clone(), direction.clone())
        .order_by(sorting.key.clone(), direction)
        .limit(window.size as u64 + 1)
        .build(app.db.get_database_backend());
    let rows = Loaders::of(ctx).rows(statement).await?;
    let rows = rows.iter().map(|row| E::Model::from_query_result(row, ""));
    let rows: std::result::Result<Vec<_>, _> = rows.collect();
    let mut rows = rows.map_err(|error| from_database(&error))?;
    let more = rows.len() > window.size;
    rows.truncate(window.size);
    if window.backwards {
        rows.reverse();
    }
    let (has_previous, has_next) = if window.backwards {
        (more, window.before.is_some())
    } else {
        (window.after.is_some(), more)
    };
    let mut connection = Connection::with_additional_fields(has_previous, has_next, total);
    let list = List::new(app, sorting.scope);
    connection.edges = rows
        .into_iter()
        .map(|row| {
            let (value, key) = (sorting.of)(&row, sorting.order);
            Edge::new(list.cursor(value, key), node(row))
        })
        .collect();
    Ok(connection)
}

/// Rows beyond a bound, upwards or downwards.
fn beyond<M>(sorting: &Sorting<M>, bound: &Bound, upwards: bool) -> Expr {
    let value = sea_orm::Value::from(bound.value.clone());
    let (by, key) = (sorting.by.clone(), sorting.key.clone());
    let equal = by.clone().eq(value.clone());
    if upwards {
        by.gt(value).or(equal.and(key.gt(bound.key)))
    } else {
        by.lt(value).or(equal.and(key.lt(bound.key)))
    }
}

/// Paging arguments that make sense.
struct Window {
    size: usize,
    backwards: bool,
    after: Option<Bound>,
    before: Option<Bound>,
}

impl Window {
    /// Checks arguments against the largest page and the signatures of their cursors.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, with what was expected.
    fn checked(app: &App, input: &PageInput, scope: &str) -> Result<Self> {
        let largest = app.config.graphql.max_page;
        let (size, backwards) = match (input.first, input.last) {
            (Some(_), Some(_)) => return Err(bad_input("give `first` or `last`, not both")),
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => (PAGE, false),
        };
        let name = if backwards { "last" } else { "first" };
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= largest)
            .ok_or_else(|| bad_input(format!("`{name}` is {size}, expected 0 to {largest}")))?;
        let bound = |cursor: &Option<String>| {
            cursor
                .as_ref()
                .map(|cursor| opened(app, scope, cursor))
                .transpose()
        };
        Ok(Self {
            size,
            backwards,
            after: bound(&input.after)?,
            before: bound(&input.before)?,
        })
    }
}

/// A page of the rows of one parent, by date; all parents of a level are read together.
pub struct DatedPage {
    window: Window,
    scope: String,
    slice: Slice,
}

impl DatedPage {
    /// Checks paging arguments for the list that `scope` names.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, with what was expected.
    pub fn checked(
        app: &App,
        input: &PageInput,
        scope: &str,
        direction: Direction,
    ) -> Result<Self> {
        let scope = format!("{scope}/{direction:?}");
        let window = Window::checked(app, input, &scope)?;
        let (cursor, other) = if window.backwards {
            (&window.before, &window.after)
        } else {
            (&window.after, &window.before)
        };
        if other.is_some() {
            return Err(bad_input("`after` goes with `first`, `before` with `last`"));
        }
        let beyond = match cursor {
            None => None,
            Some(Bound {
                value: SortValue::Day(date),
                key,
            }) => Some((*date, *key)),
            Some(_) => return Err(bad_input("the cursor does not belong to this list")),
        };
        let slice = Slice {
            size: window.size as u64 + 1,
            // Reading backwards turns the order around.
            descending: (direction == Direction::Desc) != window.backwards,
            beyond,
        };
        Ok(Self {
            window,
            scope,
            slice,
        })
    }

    /// What to ask the loader for.
    #[must_use]
    pub fn slice(&self) -> Slice {
        self.slice
    }

    /// The connection over the rows that came back.
    pub fn connect<R, N: OutputType>(
        self,
        app: &App,
        mut rows: Vec<R>,
        total: TotalCount,
        place: impl Fn(&R) -> (NaiveDate, i64),
        node: impl Fn(R) -> N,
    ) -> Page<N> {
        let more = rows.len() > self.window.size;
        rows.truncate(self.window.size);
        let resumed = self.slice.beyond.is_some();
        let (has_previous, has_next) = if self.window.backwards {
            rows.reverse();
            (more, resumed)
        } else {
            (resumed, more)
        };
        let mut connection = Connection::with_additional_fields(has_previous, has_next, total);
        let list = List::new(app, self.scope);
        connection.edges = rows
            .into_iter()
            .map(|row| {
                let (date, key) = place(&row);
                Edge::new(list.cursor(SortValue::Day(date), key), node(row))
            })
            .collect();
        connection
    }
}

/// Where in a sorted list a row stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bound {
    value: SortValue,
    key: i64,
}

/// A bound as an opaque cursor.
fn signed(secret: &[u8], scope: &str, bound: &Bound) -> String {
    let body = serde_json::to_vec(bound).unwrap_or_default();
    let mut bytes = signature(secret, scope, &body);
    bytes.extend_from_slice(&body);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn opened(app: &App, scope: &str, cursor: &str) -> Result<Bound> {
    let refused = || -> Error { bad_input("the cursor does not belong to this list") };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let (found, body) = bytes.split_at_checked(SIGNATURE).ok_or_else(refused)?;
    let expected = signature(&app.secret, scope, body);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(found, expected.as_slice())) {
        return Err(refused());
    }
    serde_json::from_slice(body).map_err(|_| refused())
}

fn signature(secret: &[u8], scope: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    mac.update(scope.as_bytes());
    mac.update(&[0]);
    mac.update(body);
    mac.finalize().into_bytes()[..SIGNATURE].to_vec()
}
