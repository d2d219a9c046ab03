//! Which version answers: one step forward, one step back.

use entities::{model, production_model};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use super::{Version, catalogue::of_engine, find, kept, kind, subject};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
};

/// Makes a version the one that answers.
///
/// # Errors
/// [`Error::NotFound`] for an unknown version, [`Error::Conflict`] with the reason for one that
/// cannot be used.
pub async fn promote(app: &App, engine: &str, version: i32) -> Result<Version> {
    let engine = find(app, engine)?.id().as_str();
    let versions = of_engine(&app.db, engine).await?;
    let Some(found) = versions.iter().find(|found| found.row.version == version) else {
        let kept: Vec<_> = versions.iter().map(|v| v.row.version.to_string()).collect();
        let kept = match kept.as_slice() {
            [] => "nothing was trained yet".to_owned(),
            kept => format!("there are {}", kept.join(", ")),
        };
        return Err(Error::NotFound(format!(
            "{engine} has no version {version}: {kept}"
        )));
    };
    let row = found.row.clone();
    usable(app, &row).await?;
    let transaction = begin(&app.db).await?;
    point(app, &transaction, &row).await?;
    transaction.commit().await?;
    app.bus.committed();
    Ok(Version {
        row,
        production: true,
    })
}

/// Makes the version that answered before the one that answers; a second time goes back again.
///
/// # Errors
/// [`Error::Conflict`] when there is none, with the reason when it cannot be used.
pub async fn rollback(app: &App, engine: &str) -> Result<Version> {
    use production_model::Column;
    let engine = find(app, engine)?.id().as_str();
    let pointer = production_model::Entity::find_by_id(engine)
        .one(&app.db)
        .await?;
    let (now, before) = pointer
        .and_then(|pointer| Some((pointer.model_id, pointer.previous_model_id?)))
        .ok_or_else(|| {
            Error::Conflict(format!(
                "no other model of {engine} was in production before"
            ))
        })?;
    let row = model::Entity::find_by_id(before).one(&app.db).await?;
    let row = row.ok_or_else(|| Error::Internal(format!("model {before} is gone")))?;
    usable(app, &row).await?;
    let transaction = begin(&app.db).await?;
    let turned = production_model::Entity::update_many()
        .col_expr(Column::ModelId, Expr::col(Column::PreviousModelId))
        .col_expr(Column::PreviousModelId, Expr::col(Column::ModelId))
        .col_expr(Column::PromotedAt, Expr::value(app.clock.now()))
        .filter(Column::Engine.eq(engine))
        .filter(Column::ModelId.eq(now))
        .filter(Column::PreviousModelId.eq(before))
        .exec(&transaction)
        .await?;
    if turned.rows_affected == 0 {
        return Err(Error::Conflict(format!(
            "another model of {engine} was promoted at the same time"
        )));
    }
    tell(app, &transaction, kind::ROLLED_BACK, &row).await?;
    transaction.commit().await?;
    app.bus.committed();
    Ok(Version {
        row,
        production: true,
    })
}

/// The model of an engine that answers, if one was ever promoted.
pub(super) async fn pointed<C: ConnectionTrait>(
    db: &C,
    engine: &str,
) -> Result<Option<model::Model>, DbErr> {
    model::Entity::find()
        .inner_join(production_model::Entity)
        .filter(production_model::Column::Engine.eq(engine))
        .one(db)
        .await
}

/// Points to a model and tells of it, unless that is where the pointer is.
pub(super) async fn point<C: ConnectionTrait>(
    app: &App,
    transaction: &C,
    row: &model::Model,
) -> Result<(), DbErr> {
    use production_model::Column;
    let at = |column: Column| Expr::col((production_model::Entity, column));
    let pointer = production_model::ActiveModel {
        engine: Set(row.engine.clone()),
        model_id: Set(row.id),
        previous_model_id: Set(None),
        promoted_at: Set(app.clock.now()),
    };
    let moved = production_model::Entity::insert(pointer)
        .on_conflict(
            OnConflict::column(Column::Engine)
                .update_columns([Column::ModelId, Column::PromotedAt])
                .value(Column::PreviousModelId, at(Column::ModelId))
                .action_and_where(at(Column::ModelId).ne(row.id))
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    if moved > 0 {
        tell(app, transaction, kind::PROMOTED, row).await?;
    }
    Ok(())
}

/// Writes the event of what happened to a model.
pub(super) async fn tell<C: ConnectionTrait>(
    app: &App,
    transaction: &C,
    kind: &str,
    row: &model::Model,
) -> Result<(), DbErr> {
    let now = app.clock.now();
    event::append(transaction, event::MODEL, kind, &subject(row), now).await?;
    Ok(())
}

async fn usable(app: &App, row: &model::Model) -> Result<()> {
    match kept::read(app, row).await? {
        Ok(_) => Ok(()),
        Err(reason) => Err(Error::Conflict(reason)),
    }
}
