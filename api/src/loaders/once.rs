//! What hangs on nothing above it: asked for thirty times under thirty names, it is read once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use entities::{race, season};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryOrder, QueryResult, Statement,
};
use tokio::sync::OnceCell;

use super::{Found, Many, One, many, one};
use crate::error::{Result, from_loader};

/// Rows, or the failure that all who asked share.
type Read = Result<Arc<Vec<QueryResult>>, Arc<DbErr>>;

/// What the statements of one request have read.
pub struct Statements {
    db: DatabaseConnection,
    asked: Mutex<HashMap<String, Arc<OnceCell<Read>>>>,
}

impl Statements {
    pub fn new(db: DatabaseConnection) -> Self {
        let asked = Mutex::default();
        Self { db, asked }
    }

    pub async fn rows(&self, statement: Statement) -> Result<Arc<Vec<QueryResult>>> {
        // With its values written out.
        let text = statement.to_string();
        let cell = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(text).or_default())
        };
        // When the first to ask gives up, the next one reads. Boxed, or the future of every
        // list had room for a statement.
        let read = || {
            Box::pin(async {
                let rows = self.db.query_all_raw(statement).await;
                rows.map(Arc::new).map_err(Arc::new)
            })
        };
        let read = cell.get_or_init(read).await;
        read.clone().map_err(|error| from_loader(&error))
    }
}

pub(super) async fn seasons(db: DatabaseConnection, _: Vec<()>) -> Found<(), Many<season::Entity>> {
    let select = season::Entity::find().order_by_desc(season::Column::Year);
    Ok(many(select.all(&db).await?, |_| ()))
}

pub(super) async fn next_race(db: DatabaseConnection, _: Vec<()>) -> Found<(), One<race::Entity>> {
    let race = domain::season::next_race(&db).await?;
    Ok(one(race.into_iter().collect(), |_| ()))
}

pub(super) async fn last_race(db: DatabaseConnection, _: Vec<()>) -> Found<(), One<race::Entity>> {
    let race = domain::season::last_race(&db).await?;
    Ok(one(race.into_iter().collect(), |_| ()))
}
