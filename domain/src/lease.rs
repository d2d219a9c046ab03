//! Work that only one process does at a time. Whoever does it holds a lease and renews it; when it
//! was killed the lease runs out, and another may.

use chrono::TimeDelta;
use entities::lease::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter,
    sea_query::{IntoCondition, OnConflict},
};

use crate::{App, error::Result, secret};

/// How long a lease is good for without being renewed.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(30);

/// The same where the clock runs faster than the machine's, in seconds of the machine: renewing
/// takes its time too.
const OF_THE_MACHINE: f64 = 4.0;

/// A lease is renewed so many times before it would run out.
const RENEWALS: i32 = 4;

/// The right to be the only one who does something.
pub struct Lease {
    app: App,
    name: String,
    holder: String,
}

impl Lease {
    /// Takes the lease of this name; none when somebody else holds it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(app: &App, name: &str) -> Result<Option<Self>> {
        let lease = Self {
            app: app.clone(),
            name: name.to_owned(),
            holder: hex::encode(secret::random::<16>()?),
        };
        let now = app.clock.now();
        // One that holds for longer than any was taken by a clock that was set otherwise.
        let free = Condition::any()
            .add(Column::Until.lte(now))
            .add(Column::Until.gt(now + good_for(app) * 2));
        if lease.write(free).await? {
            return Ok(Some(lease));
        }
        let row = ActiveModel {
            name: Set(lease.name.clone()),
            holder: Set(lease.holder.clone()),
            until: Set(now + good_for(app)),
        };
        Entity::insert(row)
            .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
            .exec_without_returning(&app.db)
            .await?;
        let held = Entity::find_by_id(name).one(&app.db).await?;
        let mine = held.is_some_and(|row| row.holder == lease.holder);
        Ok(mine.then_some(lease))
    }

    /// Renews the lease again and again; returns when somebody else holds it.
    pub async fn keep(&self) {
        loop {
            let clock = &self.app.clock;
            clock.sleep(good_for(&self.app) / RENEWALS).await;
            match self.write(Column::Holder.eq(self.holder.as_str())).await {
                Ok(true) => {}
                Ok(false) => return,
                // Whether somebody else has taken it shows when the database answers again.
                Err(error) => tracing::warn!(%error, self.name, "a lease could not be renewed"),
            }
        }
    }

    /// Lets others.
    ///
    /// # Errors
    /// When the database fails; the lease runs out then.
    pub async fn give_back(self) -> Result<()> {
        Entity::delete_many()
            .filter(Column::Name.eq(self.name.as_str()))
            .filter(Column::Holder.eq(self.holder.as_str()))
            .exec(&self.app.db)
            .await?;
        Ok(())
    }

    /// Writes this lease over the row of its name if that is so; says whether it was.
    async fn write(&self, if_so: impl IntoCondition) -> Result<bool> {
        let written = Entity::update_many()
            .set(ActiveModel {
                holder: Set(self.holder.clone()),
                until: Set(self.app.clock.now() + good_for(&self.app)),
                ..Default::default()
            })
            .filter(Column::Name.eq(self.name.as_str()))
            .filter(if_so)
            .exec(&self.app.db)
            .await?;
        Ok(written.rows_affected == 1)
    }
}

fn good_for(app: &App) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let milliseconds = (app.clock.pace() * OF_THE_MACHINE * 1000.0) as i64;
    GOOD_FOR.max(TimeDelta::milliseconds(milliseconds))
}
