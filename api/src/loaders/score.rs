//! Scores of leagues. Who may know of a league is settled before anything is asked for here.

use std::{collections::HashMap, sync::Arc};

use domain::scoring::{ScoredRace, stored::SeasonOf};
use entities::{
    event_stream, pick_score, race, race_score, score_revision,
    select::{any_of, any_text},
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Found, Many, many};

/// How far streams of events have got.
pub(super) async fn sequences(db: DatabaseConnection, keys: Vec<String>) -> Found<String, i64> {
    let any = any_text(
        db.get_database_backend(),
        event_stream::Column::Stream,
        &keys,
    );
    let rows = event_stream::Entity::find().filter(any).all(&db).await?;
    let sequence = |row: event_stream::Model| (row.stream, row.last_sequence);
    Ok(rows.into_iter().map(sequence).collect::<HashMap<_, _>>())
}

pub(super) async fn scored_races(
    db: DatabaseConnection,
    keys: Vec<SeasonOf>,
) -> Found<SeasonOf, Arc<Vec<ScoredRace>>> {
    let found = domain::scoring::stored::scored_races(&db, &keys).await?;
    let shared = |(key, races)| (key, Arc::new(races));
    Ok(found.into_iter().map(shared).collect())
}

pub(super) async fn race_scores(
    db: DatabaseConnection,
    keys: Vec<SeasonOf>,
) -> Found<SeasonOf, Many<race_score::Entity>> {
    let (leagues, seasons): (Vec<i32>, Vec<i32>) = keys.into_iter().unzip();
    let backend = db.get_database_backend();
    let races: Vec<(i32, i32)> = race::Entity::find()
        .select_only()
        .column(race::Column::Id)
        .column(race::Column::Season)
        .filter(any_of(backend, race::Column::Season, &seasons))
        .order_by_asc(race::Column::Date)
        .order_by_asc(race::Column::Id)
        .into_tuple()
        .all(&db)
        .await?;
    let ids: Vec<i32> = races.iter().map(|(id, _)| *id).collect();
    let mut rows = race_score::Entity::find()
        .filter(any_of(backend, race_score::Column::LeagueId, &leagues))
        .filter(any_of(backend, race_score::Column::RaceId, &ids))
        .all(&db)
        .await?;
    let place = |row: &race_score::Model| ids.iter().position(|id| *id == row.race_id);
    rows.sort_by_cached_key(place);
    let seasons: HashMap<i32, i32> = races.into_iter().collect();
    let season = |row: &race_score::Model| seasons.get(&row.race_id).copied().unwrap_or(0);
    Ok(many(rows, |row| (row.league_id, season(row))))
}

pub(super) async fn picks(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<pick_score::Entity>> {
    use pick_score::Column;
    let any = any_of(db.get_database_backend(), Column::DraftId, &keys);
    let rows = pick_score::Entity::find()
        .filter(any)
        .order_by_asc(Column::TeamId)
        .order_by_asc(Column::Number)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.draft_id))
}

pub(super) async fn revisions(
    db: DatabaseConnection,
    keys: Vec<i32>,
) -> Found<i32, Many<score_revision::Entity>> {
    use score_revision::Column;
    let any = any_of(db.get_database_backend(), Column::DraftId, &keys);
    let rows = score_revision::Entity::find()
        .filter(any)
        .order_by_asc(Column::Revision)
        .all(&db)
        .await?;
    Ok(many(rows, |row| row.draft_id))
}
