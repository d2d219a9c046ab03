//! What users say of themselves and how they want things.

use entities::{constructor, driver, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
};

use super::{
    UserId,
    account::{current, note},
    rules,
};
use crate::{
    App,
    database::begin,
    error::{Error, Result},
    event,
    notification::{self, Kind},
};

/// What becomes of a favourite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Favourite {
    /// It stays who it is.
    #[default]
    Kept,
    /// There is none any more.
    Dropped,
    /// It is another, by a ref.
    Chosen(String),
}

/// What to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub favourite_driver: Favourite,
    pub favourite_constructor: Favourite,
    pub time_zone: Option<String>,
    /// Those that are wanted.
    pub notifications: Option<Vec<Kind>>,
}

/// Changes the profile of a user.
///
/// # Errors
/// [`Error::BadInput`] for what cannot be, [`Error::NotFound`] for a favourite that is not there.
pub async fn update_profile(app: &App, id: UserId, change: Change) -> Result<user::Model> {
    let user = current(app, id).await?;
    let name = change.name.as_deref().map(rules::name).transpose()?;
    let zone = change.time_zone.as_deref();
    let zone = zone.map(rules::time_zone).transpose()?;
    if let Favourite::Chosen(reference) = &change.favourite_driver {
        let found = driver::Entity::find().filter(driver::Column::Reference.eq(reference));
        known(found.count(&app.db).await?, "driver", reference)?;
    }
    if let Favourite::Chosen(reference) = &change.favourite_constructor {
        let found =
            constructor::Entity::find().filter(constructor::Column::Reference.eq(reference));
        known(found.count(&app.db).await?, "constructor", reference)?;
    }
    let renamed = name.as_ref().is_some_and(|name| *name != user.name);
    let muted = change.notifications.as_deref().map(notification::muted);
    let row = user::ActiveModel {
        id: Set(user.id.clone()),
        name: name.map_or(NotSet, Set),
        favourite_driver: column(change.favourite_driver),
        favourite_constructor: column(change.favourite_constructor),
        time_zone: zone.map_or(NotSet, Set),
        muted: muted.map_or(NotSet, Set),
        ..Default::default()
    };
    if !row.is_changed() {
        return Ok(user);
    }
    let transaction = begin(&app.db).await?;
    let user = row.update(&transaction).await?;
    if renamed {
        let now = app.clock.now();
        note(&transaction, event::USER_RENAMED, &user.id, now).await?;
    }
    transaction.commit().await?;
    app.bus.told();
    Ok(user)
}

fn column(favourite: Favourite) -> ActiveValue<Option<String>> {
    match favourite {
        Favourite::Kept => NotSet,
        Favourite::Dropped => Set(None),
        Favourite::Chosen(reference) => Set(Some(reference)),
    }
}

fn known(count: u64, what: &str, reference: &str) -> Result<()> {
    if count == 0 {
        return Err(Error::NotFound(format!("there is no {what} {reference:?}")));
    }
    Ok(())
}
