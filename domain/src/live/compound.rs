//! Compounds as they are written in the bodies of live rows: as in the table of laps.

use entities::lap::Compound;
use sea_orm::ActiveEnum;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
pub fn serialize<S: Serializer>(compound: &Compound, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&compound.to_value())
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Compound, D::Error> {
    let text = String::deserialize(deserializer)?;
    Compound::try_from_value(&text).map_err(D::Error::custom)
}
