//! Stints, read off laps that know their tyres.

use std::collections::{BTreeMap, HashMap};

use entities::stint;

use super::record::LapRecord;

/// The stints of all drivers of a race, in order of driver and stint.
#[must_use]
pub fn of(race_id: i32, drivers: &HashMap<String, i32>, laps: &[LapRecord]) -> Vec<stint::Model> {
    let mut stints: BTreeMap<(i32, i32), stint::Model> = BTreeMap::new();
    for lap in laps {
        let Some(detail) = &lap.detail else { continue };
        let driver_id = drivers[&lap.driver];
        let new = || stint::Model {
            race_id,
            driver_id,
            stint: detail.stint,
            compound: detail.compound,
            compound_name: detail.compound_name.clone(),
            first_lap: lap.lap,
            last_lap: lap.lap,
            tyre_age_at_start: detail.tyre_age.map(|age| age - 1),
            is_fresh: detail.is_fresh_tyre,
        };
        stints
            .entry((driver_id, detail.stint))
            .and_modify(|stint| {
                if lap.lap < stint.first_lap {
                    *stint = stint::Model {
                        last_lap: stint.last_lap,
                        ..new()
                    };
                }
                stint.last_lap = stint.last_lap.max(lap.lap);
            })
            .or_insert_with(new);
    }
    stints.into_values().collect()
}
