//! Trained models: what is known of each. What was learned is in `model_artifact`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "model")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    /// As on the command line (`random_forest`).
    pub engine: String,
    /// Counted for each engine, from 1.
    pub version: i32,
    /// Revision of the engine that trained it.
    pub engine_revision: i32,
    /// Revision of the features that it was trained on.
    pub feature_revision: i32,
    pub trained_at: DateTimeUtc,
    /// The latest race that it learned from.
    pub trained_through: Option<i32>,
    /// Number of races that it learned from.
    pub trained_on: i32,
    /// Digest of the history that it learned from.
    pub fingerprint: String,
    /// JSON: a list of name, value and description.
    pub hyperparameters: String,
    /// How long the training took.
    pub seconds: f64,
    /// Of the artifact before compression, hex.
    pub sha256: String,
    /// Size of the artifact before compression.
    pub bytes: i32,
    /// JSON: how its engine did on races that it had not seen, as it was when it was trained: by the
    /// race, −ln of the probability given to the winner. None of what nobody held against another.
    #[sea_orm(column_type = "Text", nullable)]
    pub record: Option<String>,
    /// Why it was not let answer when it was trained; a sentence for people.
    #[sea_orm(column_type = "Text", nullable)]
    pub held_back: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::model_artifact::Entity")]
    Artifact,
    /// Where this model is the one that answers.
    #[sea_orm(has_one = "super::production_model::Entity")]
    Production,
}

impl Related<super::model_artifact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Artifact.def()
    }
}

impl Related<super::production_model::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Production.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
