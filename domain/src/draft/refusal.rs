//! Why a rule says no.

use crate::error::Error;

/// Why a rule says no: the sentence for people, [`reason`](Refusal::reason) for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("only members of the league take part in its draft")]
    NotAMember,
    #[error("only the commissioner of the league may do this")]
    NotCommissioner,
    #[error("the race was cancelled, and with it its draft")]
    RaceCancelled,
    #[error("the draft has not opened yet")]
    DraftNotOpen,
    #[error("the draft may not be opened yet")]
    TooEarly,
    #[error("the draft has opened already")]
    DraftHasOpened,
    #[error("the draft is paused")]
    DraftPaused,
    #[error("the draft is not paused")]
    DraftNotPaused,
    #[error("the draft is closed")]
    DraftClosed,
    #[error("the draft has not closed yet")]
    DraftNotClosed,
    #[error("all picks of this draft are made")]
    AllPicksMade,
    #[error("it is another team's turn")]
    NotYourTurn,
    #[error("the driver is not on the entry list of the race")]
    NotOnEntryList,
    #[error("the driver is taken")]
    DriverTaken,
    #[error("the key was used for another driver")]
    KeyReused,
    #[error("the pick with this key was undone")]
    PickUndone,
    #[error("there is no such pick to undo")]
    NothingToUndo,
    #[error("there is no such pick")]
    NoSuchPick,
    #[error("the order is fixed once a pick is made")]
    OrderFixed,
    #[error("an order lists every team exactly once")]
    OrderIncomplete,
    /// A fault of the caller, who has to write what is [due](super::due()) first.
    #[error("the draft has moved on, try again")]
    DraftBehind,
}

impl Refusal {
    /// As it stands in `extensions.reason`; never changes.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotAMember => "NOT_A_MEMBER",
            Self::NotCommissioner => "NOT_COMMISSIONER",
            Self::RaceCancelled => "RACE_CANCELLED",
            Self::DraftNotOpen => "DRAFT_NOT_OPEN",
            Self::TooEarly => "TOO_EARLY",
            Self::DraftHasOpened => "DRAFT_HAS_OPENED",
            Self::DraftPaused => "DRAFT_PAUSED",
            Self::DraftNotPaused => "DRAFT_NOT_PAUSED",
            Self::DraftClosed => "DRAFT_CLOSED",
            Self::DraftNotClosed => "DRAFT_NOT_CLOSED",
            Self::AllPicksMade => "ALL_PICKS_MADE",
            Self::NotYourTurn => "NOT_YOUR_TURN",
            Self::NotOnEntryList => "NOT_ON_ENTRY_LIST",
            Self::DriverTaken => "DRIVER_TAKEN",
            Self::KeyReused => "KEY_REUSED",
            Self::PickUndone => "PICK_UNDONE",
            Self::NothingToUndo => "NOTHING_TO_UNDO",
            Self::NoSuchPick => "NO_SUCH_PICK",
            Self::OrderFixed => "ORDER_FIXED",
            Self::OrderIncomplete => "ORDER_INCOMPLETE",
            Self::DraftBehind => "DRAFT_BEHIND",
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (reason, message) = (refusal.reason(), refusal.to_string());
        match refusal {
            Refusal::NotAMember | Refusal::NotCommissioner => Self::Forbidden { reason, message },
            _ => Self::Refused { reason, message },
        }
    }
}
