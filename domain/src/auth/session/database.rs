//! Sessions in the database.

use entities::user_session::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use super::Next;
use crate::App;

pub async fn insert(app: &App, session: &Model) -> Result<(), DbErr> {
    Entity::insert(session.clone().into_active_model())
        .exec_without_returning(&app.db)
        .await?;
    Ok(())
}

pub async fn find(app: &App, id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(&app.db).await
}

pub async fn list(app: &App, user: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .all(&app.db)
        .await
}

/// Puts a token in the place of the one that is in use, unless another was put there meanwhile.
pub async fn replace(app: &App, session: &Model, next: &Next) -> Result<bool, DbErr> {
    let replaced = Entity::update_many()
        .set(ActiveModel {
            token_hash: Set(next.hash.clone()),
            earlier_hash: Set(Some(session.token_hash.clone())),
            sealed: Set(Some(next.sealed.clone())),
            used_at: Set(next.now),
            expires_at: Set(next.until),
            ..Default::default()
        })
        .filter(Column::Id.eq(&session.id))
        .filter(Column::TokenHash.eq(&session.token_hash))
        .exec(&app.db)
        .await?;
    Ok(replaced.rows_affected == 1)
}

pub async fn remove(app: &App, id: &str) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(&app.db).await?;
    Ok(())
}

pub async fn remove_all(app: &App, user: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .exec(&app.db)
        .await?;
    Ok(())
}

pub async fn clean_up(app: &App) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::ExpiresAt.lte(app.clock.now()))
        .exec(&app.db)
        .await?;
    Ok(gone.rows_affected)
}
