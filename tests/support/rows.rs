//! All rows of a database as text, without what may differ between two equal ones: automatic
//! ids (public refs stand in their place) and times of writing.

use std::collections::{BTreeMap, HashMap};

use entities::{
    circuit, constructor, constructor_lineage, constructor_standing, driver, driver_standing,
    entry, lap, pit_stop, practice_result, qualifying_result, race, race_alias, race_control,
    race_source, result, result_revision, season, session, stint, weather,
};
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::Value;

/// Sorted rows by table.
pub type Rows = BTreeMap<&'static str, Vec<String>>;

/// Reads every table of facts.
pub async fn all_rows(db: &DatabaseConnection) -> Rows {
    let mut names = Names::default();
    names.read(db).await;
    let mut rows = Rows::new();
    macro_rules! tables {
        ($($table:ident),*) => {
            $(rows.insert(stringify!($table), names.rows::<$table::Entity>(db).await);)*
        };
    }
    tables!(
        circuit,
        constructor,
        constructor_lineage,
        constructor_standing,
        driver,
        driver_standing,
        entry,
        lap,
        pit_stop,
        practice_result,
        qualifying_result,
        race,
        race_alias,
        race_control,
        race_source,
        result,
        result_revision,
        season,
        session,
        stint,
        weather
    );
    rows
}

/// Number of rows by table.
pub fn counts(rows: &Rows) -> BTreeMap<&'static str, usize> {
    rows.iter()
        .map(|(table, rows)| (*table, rows.len()))
        .collect()
}

/// Says which tables differ, and by what, instead of printing two databases.
pub fn assert_same(left: &Rows, right: &Rows) {
    for (table, rows) in left {
        let other = &right[table];
        let only = |a: &[String], b: &[String]| -> Vec<String> {
            let b: std::collections::HashSet<_> = b.iter().collect();
            a.iter()
                .filter(|row| !b.contains(row))
                .take(3)
                .cloned()
                .collect()
        };
        assert_eq!(
            (rows.len(), only(rows, other), only(other, rows)),
            (other.len(), Vec::new(), Vec::new()),
            "{table} differs"
        );
    }
}

#[derive(Default)]
struct Names(HashMap<(&'static str, i64), String>);

impl Names {
    async fn read(&mut self, db: &DatabaseConnection) {
        for row in race::Entity::find().all(db).await.expect("races") {
            self.0.insert(("race_id", row.id.into()), row.reference);
        }
        for row in driver::Entity::find().all(db).await.expect("drivers") {
            self.0.insert(("driver_id", row.id.into()), row.reference);
        }
        for row in constructor::Entity::find()
            .all(db)
            .await
            .expect("constructors")
        {
            self.0
                .insert(("constructor_id", row.id.into()), row.reference);
        }
        for row in circuit::Entity::find().all(db).await.expect("circuits") {
            self.0.insert(("circuit_id", row.id.into()), row.reference);
        }
        for row in result::Entity::find().all(db).await.expect("results") {
            let name = format!(
                "{}/{}/{}",
                self.0[&("race_id", row.race_id.into())],
                self.0[&("driver_id", row.driver_id.into())],
                row.number
            );
            self.0.insert(("result_id", row.id.into()), name);
        }
    }

    async fn rows<E: EntityTrait>(&self, db: &DatabaseConnection) -> Vec<String> {
        let rows = E::find().into_json().all(db).await.expect("rows");
        let mut rows: Vec<String> = rows.into_iter().map(|row| self.text(row)).collect();
        rows.sort_unstable();
        rows
    }

    fn text(&self, mut row: Value) -> String {
        let fields = row.as_object_mut().expect("a row is an object");
        for changing in ["id", "imported_at", "created_at", "superseded_at"] {
            fields.remove(changing);
        }
        for key in [
            "race_id",
            "driver_id",
            "constructor_id",
            "circuit_id",
            "result_id",
        ] {
            if let Some(value) = fields.get_mut(key) {
                let id = value.as_i64().expect("ids are numbers");
                *value = Value::String(self.0[&(key, id)].clone());
            }
        }
        row.to_string()
    }
}
