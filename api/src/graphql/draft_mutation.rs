//! What members and commissioners do in drafts.

use async_graphql::{Context, ID, Object};
use domain::{
    auth::UserId,
    draft::{self, DriverId, Wish},
};
use futures::future::try_join_all;

use super::{
    app,
    draft::{Draft, draft_id},
    fantasy_team::fantasy_team_id,
    node::{find_driver, reference_of},
    viewer::user_only,
};
use crate::{
    error::{Code, Result, bad_input, from_domain},
    loaders::Loaders,
};

#[derive(Default)]
pub struct DraftMutation;

#[Object(cache_control(max_age = 0))]
impl DraftMutation {
    /// Picks a driver for the sender's own team, whose turn it is. Sent again with the same key it is
    /// the same pick. Refused with the reasons `NOT_A_MEMBER`, `DRAFT_NOT_OPEN`, `DRAFT_PAUSED`,
    /// `DRAFT_CLOSED`, `ALL_PICKS_MADE`, `RACE_CANCELLED`, `NOT_YOUR_TURN`, `NOT_ON_ENTRY_LIST`,
    /// `DRIVER_TAKEN`, `KEY_REUSED`, `PICK_UNDONE`.
    async fn pick_driver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        #[graphql(desc = "Ref or id.")] driver: ID,
        #[graphql(desc = "Of the sender's choice, 1 to 100 characters.")] idempotency_key: Option<
            String,
        >,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        let wish = Wish::Pick {
            key: idempotency_key,
            driver: DriverId(driver_of(ctx, &driver).await?),
        };
        done(ctx, user, &draft, wish).await
    }

    /// Picks a driver for the team whose turn it is. For the commissioner (`NOT_COMMISSIONER`);
    /// refused with the same reasons as `pickDriver`.
    async fn pick_for_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        #[graphql(desc = "Id of the fantasy team.")] team: ID,
        #[graphql(desc = "Ref or id.")] driver: ID,
        #[graphql(desc = "Of the sender's choice, 1 to 100 characters.")] idempotency_key: Option<
            String,
        >,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        let wish = Wish::PickFor {
            team: fantasy_team_id(&team)?,
            key: idempotency_key,
            driver: DriverId(driver_of(ctx, &driver).await?),
        };
        done(ctx, user, &draft, wish).await
    }

    /// Opens a draft before it opens by itself, which can be when it was made late. For the
    /// commissioner; refused with the reasons `NOT_COMMISSIONER`, `TOO_EARLY`, `DRAFT_HAS_OPENED`,
    /// `RACE_CANCELLED`.
    async fn open_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        done(ctx, user, &draft, Wish::Open).await
    }

    /// Stops the pick clock and all picks. The draft closes in time all the same. For the commissioner;
    /// refused with the reasons `NOT_COMMISSIONER`, `DRAFT_NOT_OPEN`, `DRAFT_PAUSED`, `DRAFT_CLOSED`,
    /// `ALL_PICKS_MADE`, `RACE_CANCELLED`.
    async fn pause_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        done(ctx, user, &draft, Wish::Pause).await
    }

    /// Goes on after a pause, with a full pick clock. For the commissioner; refused with the reasons
    /// `NOT_COMMISSIONER`, `DRAFT_NOT_OPEN`, `DRAFT_NOT_PAUSED`, `DRAFT_CLOSED`, `ALL_PICKS_MADE`,
    /// `RACE_CANCELLED`.
    async fn resume_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        done(ctx, user, &draft, Wish::Resume).await
    }

    /// Takes back a pick and all later ones. For the commissioner, before the draft is to close;
    /// refused with the reasons `NOT_COMMISSIONER`, `NOTHING_TO_UNDO`, `DRAFT_NOT_OPEN`,
    /// `DRAFT_CLOSED`, `RACE_CANCELLED`.
    async fn undo_pick(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        #[graphql(desc = "Number of the pick, from 1.")] pick: i32,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        let pick = number(pick)?;
        done(ctx, user, &draft, Wish::Undo { pick }).await
    }

    /// Takes back all picks. For the commissioner, before the draft is to close; refused with the reasons
    /// `NOT_COMMISSIONER`, `DRAFT_NOT_OPEN`, `DRAFT_CLOSED`, `RACE_CANCELLED`.
    async fn reset_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        done(ctx, user, &draft, Wish::Reset).await
    }

    /// Sets the order of the teams, before the first pick. For the commissioner; refused with the reasons
    /// `NOT_COMMISSIONER`, `ORDER_INCOMPLETE` unless every team is listed once, `ORDER_FIXED`,
    /// `DRAFT_CLOSED`, `ALL_PICKS_MADE`, `RACE_CANCELLED`.
    async fn set_draft_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        #[graphql(desc = "Ids of all teams, the first to pick first.")] teams: Vec<ID>,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        let teams = teams.iter().map(|team| fantasy_team_id(team));
        let teams = teams.collect::<Result<Vec<_>>>()?;
        done(ctx, user, &draft, Wish::SetOrder { teams }).await
    }

    /// Lets a pick count for another driver, since the one who was picked does not race. For the
    /// commissioner; refused with the reasons `NOT_COMMISSIONER`, `NO_SUCH_PICK`, `NOT_ON_ENTRY_LIST`,
    /// `DRIVER_TAKEN`, `RACE_CANCELLED`.
    async fn substitute_driver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        #[graphql(desc = "Number of the pick, from 1.")] pick: i32,
        #[graphql(desc = "Ref or id of who replaces him; null for nobody and no points.")]
        driver: Option<ID>,
        #[graphql(desc = "Why; 200 characters at most.")] note: String,
    ) -> Result<Draft> {
        let user = user_only(ctx)?;
        let pick = number(pick)?;
        let replacement = match driver {
            Some(driver) => Some(DriverId(driver_of(ctx, &driver).await?)),
            None => None,
        };
        let wish = Wish::Substitute {
            pick,
            replacement,
            note,
        };
        done(ctx, user, &draft, wish).await
    }
}

/// Does what a user wants of a draft.
async fn done(ctx: &Context<'_>, user: UserId, draft: &ID, wish: Wish) -> Result<Draft> {
    let acted = draft::act(app(ctx), user, draft_id(draft)?, wish);
    let row = Box::pin(acted).await.map_err(from_domain)?;
    // The request may have asked before how it stands.
    let loaders = Loaders::of(ctx);
    loaders.draft_stored.forget(row.id).await;
    loaders.drafts.forget(row.league_id).await;
    Ok(Draft::new(row))
}

/// Database ids of the drivers that an argument names, in the same order.
///
/// # Errors
/// `NOT_FOUND` for one who is not there.
pub(super) async fn drivers_of(ctx: &Context<'_>, names: &[ID]) -> Result<Vec<i32>> {
    try_join_all(names.iter().map(|name| driver_of(ctx, name))).await
}

/// Database id of the driver that an argument names.
async fn driver_of(ctx: &Context<'_>, name: &ID) -> Result<i32> {
    let reference = reference_of("Driver", name)?;
    let driver = find_driver(ctx, reference).await?;
    let none = || Code::NotFound.error(format!("there is no driver {reference:?}"));
    Ok(driver.ok_or_else(none)?.0.id)
}

/// Number, from 0, of a pick that a client counts from 1.
fn number(pick: i32) -> Result<usize> {
    let number = usize::try_from(pick).ok();
    let number = number.and_then(|pick| pick.checked_sub(1));
    number.ok_or_else(|| bad_input("picks are numbered from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_counted_from_one() {
        assert_eq!(number(1).unwrap(), 0);
        assert_eq!(number(22).unwrap(), 21);
        for wrong in [0, -1, i32::MIN] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }
}
