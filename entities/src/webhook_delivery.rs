//! What was, is being or will be sent to webhooks, and how the latest try went.

use sea_orm::entity::prelude::*;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    /// To be sent when it is due, for the first time or again.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// The receiver said that it has it.
    #[sea_orm(string_value = "DELIVERED")]
    Delivered,
    /// Tried often enough.
    #[sea_orm(string_value = "GIVEN_UP")]
    GivenUp,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub webhook_id: String,
    /// What receivers know it by, the same for every try.
    #[sea_orm(unique)]
    pub message: String,
    /// Name of the type (`results.published`).
    pub kind: String,
    /// The event that it tells of; none when it was asked for by hand.
    pub stream: Option<String>,
    pub sequence: Option<i64>,
    /// JSON, the same bytes for every try.
    pub body: String,
    pub status: Status,
    /// Tries begun.
    pub attempts: i32,
    pub created_at: DateTimeUtc,
    /// When it is to be sent next; none when it is done with.
    pub due_at: Option<DateTimeUtc>,
    /// Who is sending it, and until when nobody else may.
    pub lease: Option<String>,
    pub leased_until: Option<DateTimeUtc>,
    /// End of the latest try.
    pub attempted_at: Option<DateTimeUtc>,
    /// Status of the latest answer.
    pub response_status: Option<i32>,
    /// How long the latest try took.
    pub milliseconds: Option<i32>,
    /// Beginning of the latest answer.
    pub excerpt: Option<String>,
    /// Why the latest try failed.
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::webhook::Entity",
        from = "Column::WebhookId",
        to = "super::webhook::Column::Id"
    )]
    Webhook,
}

impl Related<super::webhook::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Webhook.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
