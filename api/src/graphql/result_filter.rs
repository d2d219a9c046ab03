//! Which results a list holds.

use async_graphql::InputObject;
use chrono::NaiveDate;
use entities::{circuit, constructor, driver, race, result};
use sea_orm::{ColumnTrait, QueryFilter, Select};

use super::{filter::id_of, result::ResultStatus, scalars::Date};

/// Which results.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultFilter {
    season: Option<i32>,
    driver: Option<String>,
    constructor: Option<String>,
    circuit: Option<String>,
    status: Option<ResultStatus>,
    position_from: Option<i32>,
    position_to: Option<i32>,
    pole: Option<bool>,
    date_from: Option<NaiveDate>,
    date_to: Option<NaiveDate>,
}

/// Which results: all conditions given must hold.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "ResultFilter")]
pub struct ResultFilterInput {
    season: Option<i32>,
    /// Ref of the driver.
    driver: Option<String>,
    /// Ref of the constructor.
    constructor: Option<String>,
    /// Ref of the circuit.
    circuit: Option<String>,
    status: Option<ResultStatus>,
    /// Best place wanted; with `positionTo: 1` wins, with `positionTo: 3` podiums.
    position_from: Option<i32>,
    /// Last place wanted.
    position_to: Option<i32>,
    /// Started from pole position.
    pole: Option<bool>,
    /// First day of the race.
    date_from: Option<Date>,
    /// Last day of the race.
    date_to: Option<Date>,
}

impl From<ResultFilterInput> for ResultFilter {
    fn from(input: ResultFilterInput) -> Self {
        Self {
            season: input.season,
            driver: input.driver,
            constructor: input.constructor,
            circuit: input.circuit,
            status: input.status,
            position_from: input.position_from,
            position_to: input.position_to,
            pole: input.pole,
            date_from: input.date_from.map(|date| date.0),
            date_to: input.date_to.map(|date| date.0),
        }
    }
}

impl ResultFilter {
    /// Narrows a select of results that is joined with their races.
    #[must_use]
    pub fn apply(&self, mut select: Select<result::Entity>) -> Select<result::Entity> {
        use result::Column;
        if let Some(season) = self.season {
            select = select.filter(race::Column::Season.eq(season));
        }
        if let Some(driver) = &self.driver {
            let ids =
                id_of::<driver::Entity>(driver::Column::Id, driver::Column::Reference, driver);
            select = select.filter(Column::DriverId.in_subquery(ids));
        }
        if let Some(constructor) = &self.constructor {
            let ids = id_of::<constructor::Entity>(
                constructor::Column::Id,
                constructor::Column::Reference,
                constructor,
            );
            select = select.filter(Column::ConstructorId.in_subquery(ids));
        }
        if let Some(circuit) = &self.circuit {
            let ids =
                id_of::<circuit::Entity>(circuit::Column::Id, circuit::Column::Reference, circuit);
            select = select.filter(race::Column::CircuitId.in_subquery(ids));
        }
        if let Some(status) = self.status {
            select = select.filter(Column::Status.eq(result::Status::from(status)));
        }
        if let Some(from) = self.position_from {
            select = select.filter(Column::Position.gte(from));
        }
        if let Some(to) = self.position_to {
            select = select.filter(Column::Position.lte(to));
        }
        if let Some(pole) = self.pole {
            select = select.filter(Column::Pole.eq(pole));
        }
        if let Some(from) = self.date_from {
            select = select.filter(race::Column::Date.gte(from));
        }
        if let Some(to) = self.date_to {
            select = select.filter(race::Column::Date.lte(to));
        }
        select
    }
}
