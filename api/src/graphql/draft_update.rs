//! News of drafts: each entry of the log when it is written.

use async_graphql::{Context, ID, Object, Subscription};
use domain::{event, feed::Interest};
use futures::{Stream, StreamExt};

use super::{
    draft::Draft,
    draft_log::DraftLogEntry,
    feed::{self, Change},
    league::League,
    live::SequenceGap,
    node::{id, reference_of},
};
use crate::error::{Code, Result};

pub struct DraftUpdate {
    change: Change,
    draft: Draft,
}

/// News of a draft.
#[Object(cache_control(private))]
impl DraftUpdate {
    /// Grows with everything that happens in the league; give the last one as `after` to go on from
    /// there. Some sequences are not there: they are of other things than the draft.
    async fn sequence(&self) -> i64 {
        self.change.sequence
    }

    /// Set when news after `after` is left out. The draft beside it is as it is after it.
    async fn gap(&self) -> Option<SequenceGap> {
        self.change.gap.map(SequenceGap)
    }

    /// What happened; null where nothing did: in the first of who does not resume, after a gap, and when
    /// the draft was made.
    async fn entry(&self, ctx: &Context<'_>) -> Option<Result<DraftLogEntry>> {
        let event = self.change.event.as_ref()?.sequence;
        self.draft.entry_of_event(ctx, event).await.transpose()
    }

    /// The draft as it is now, which may already be later.
    async fn draft(&self) -> Draft {
        self.draft.clone()
    }
}

#[derive(Default)]
pub struct DraftSubscription;

#[Subscription]
impl DraftSubscription {
    /// A draft as it is, then everything that happens in it, once and in order: picks, pauses, what
    /// the commissioner takes back, what the server does when time has run out. With `after`, the
    /// sequence of the last update seen, only what is newer. It ends for who may not know of the draft
    /// any more.
    async fn draft_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the draft.")] draft: ID,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = DraftUpdate>> {
        // Asked anew for everything that is told, so that who is sent away hears no more.
        let draft = named(ctx, &draft).await?;
        let league = League::load(ctx, draft.row().league_id).await?;
        let stream = event::league(&league.row().reference);
        let ID(subject) = id("Draft", &draft.row().reference);
        let interest = Interest::default().about(subject);
        let changes = feed::changes(ctx, &stream, &interest, after);
        Ok(changes.map(move |change| DraftUpdate {
            change,
            draft: draft.clone(),
        }))
    }
}

/// The draft that an argument names, if the sender may know of it.
async fn named(ctx: &Context<'_>, text: &str) -> Result<Draft> {
    let found = Draft::find(ctx, reference_of("Draft", text)?).await?;
    found.ok_or_else(|| Code::NotFound.error("there is no such draft"))
}
