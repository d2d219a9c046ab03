//! How well a model's engine did when it was trained, and why a model was held back.

use sea_orm_migration::{prelude::*, schema::text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite takes no more.
        for column in ["record", "held_back"] {
            let mut table = Table::alter();
            table.table("model").add_column(text_null(column));
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["held_back", "record"] {
            let mut table = Table::alter();
            table.table("model").drop_column(column);
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
