//! What members and commissioners do in drafts.

use std::collections::HashSet;

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

/// Most characters of a key and of a note.
const MOST_KEY: usize = 100;
const MOST_NOTE: usize = 200;

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
            key: key(idempotency_key)?,
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
            key: key(idempotency_key)?,
            driver: DriverId(driver_of(ctx, &driver).await?),
        };
        done(ctx, user, &draft, wish).await
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
        let (pick, note) = (number(pick)?, checked(note)?);
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

/// Database ids of the drivers that an argument names, each once.
///
/// # Errors
/// `BAD_USER_INPUT` for too many, and for one who is named twice; `NOT_FOUND` for one who is not
/// there.
pub(super) async fn drivers_of(ctx: &Context<'_>, names: &[ID], most: usize) -> Result<Vec<i32>> {
    if names.len() > most {
        let named = names.len();
        return Err(bad_input(format!(
            "{named} drivers, expected at most {most}"
        )));
    }
    let drivers = try_join_all(names.iter().map(|name| driver_of(ctx, name))).await?;
    let different: HashSet<i32> = drivers.iter().copied().collect();
    let once = different.len() == drivers.len();
    once.then_some(drivers)
        .ok_or_else(|| bad_input("a driver is named twice"))
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

fn key(key: Option<String>) -> Result<Option<String>> {
    let fits = |key: &String| (1..=MOST_KEY).contains(&key.chars().count());
    if key.as_ref().is_none_or(fits) {
        return Ok(key);
    }
    Err(bad_input(format!(
        "an idempotency key has 1 to {MOST_KEY} characters"
    )))
}

fn checked(note: String) -> Result<String> {
    if note.chars().count() > MOST_NOTE || note.chars().any(char::is_control) {
        return Err(bad_input(format!(
            "a note has {MOST_NOTE} characters at most, all of them on one line"
        )));
    }
    Ok(note)
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

    #[test]
    fn a_key_is_not_empty_and_not_endless() {
        for good in ["k".to_owned(), "ä".repeat(100)] {
            assert_eq!(key(Some(good.clone())).unwrap(), Some(good));
        }
        assert_eq!(key(None).unwrap(), None);
        for wrong in [String::new(), "k".repeat(101)] {
            assert!(key(Some(wrong.clone())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_note_is_one_short_line() {
        for good in ["", "appendicitis", &"ä".repeat(200)] {
            assert_eq!(checked(good.to_owned()).unwrap(), good);
        }
        for wrong in ["two\nlines", "a\0b", &"n".repeat(201)] {
            assert!(checked(wrong.to_owned()).is_err(), "{wrong:?}");
        }
    }
}
