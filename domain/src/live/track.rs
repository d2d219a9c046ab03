//! The state of the track, from what race control says.

use std::collections::BTreeSet;

use super::{
    change::TrackStatus,
    fact::Facts,
    record::{Record, Said},
};

/// The state after all messages, in order of time.
pub fn status(facts: &Facts) -> TrackStatus {
    let mut track = Track::default();
    for record in facts.messages() {
        track.hear(record);
    }
    track.status()
}

#[derive(Default)]
struct Track {
    whole: TrackStatus,
    /// Sectors under yellow flags.
    yellow: BTreeSet<String>,
}

impl Track {
    fn hear(&mut self, record: &Record) {
        let Said::RaceControl {
            flag,
            scope,
            message,
            ..
        } = &record.said
        else {
            return;
        };
        let message = message.to_uppercase();
        let flag = flag.as_deref().unwrap_or_default().to_uppercase();
        let is_virtual = message.contains("VIRTUAL SAFETY CAR") || message.starts_with("VSC");
        if is_virtual && message.contains("DEPLOYED") {
            self.whole = TrackStatus::VirtualSafetyCar;
        } else if is_virtual && message.contains("ENDING") {
            self.whole = TrackStatus::VirtualSafetyCarEnding;
        } else if message.contains("SAFETY CAR DEPLOYED") {
            self.whole = TrackStatus::SafetyCar;
        } else if scope
            .as_deref()
            .is_some_and(|scope| scope.eq_ignore_ascii_case("sector"))
        {
            let sector = message.rsplit(' ').next().unwrap_or_default().to_owned();
            match flag.as_str() {
                "YELLOW" | "DOUBLE YELLOW" => drop(self.yellow.insert(sector)),
                "CLEAR" | "GREEN" => drop(self.yellow.remove(&sector)),
                _ => {}
            }
        } else if scope
            .as_deref()
            .is_none_or(|scope| scope.eq_ignore_ascii_case("track"))
        {
            self.whole_track(&flag);
        }
    }

    fn whole_track(&mut self, flag: &str) {
        self.whole = match flag {
            "RED" => TrackStatus::Red,
            "YELLOW" | "DOUBLE YELLOW" => TrackStatus::Yellow,
            "CHEQUERED" => TrackStatus::Chequered,
            "CLEAR" | "GREEN" => {
                self.yellow.clear();
                TrackStatus::Clear
            }
            _ => self.whole,
        };
    }

    fn status(&self) -> TrackStatus {
        if self.whole == TrackStatus::Clear && !self.yellow.is_empty() {
            return TrackStatus::Yellow;
        }
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_track_is_as_race_control_says() {
        let steps = [
            (
                "Flag",
                "GREEN",
                "Track",
                "GREEN LIGHT - PIT EXIT OPEN",
                TrackStatus::Clear,
            ),
            (
                "Flag",
                "YELLOW",
                "Sector",
                "YELLOW IN TRACK SECTOR 5",
                TrackStatus::Yellow,
            ),
            (
                "Flag",
                "DOUBLE YELLOW",
                "Sector",
                "DOUBLE YELLOW IN TRACK SECTOR 6",
                TrackStatus::Yellow,
            ),
            (
                "Flag",
                "CLEAR",
                "Sector",
                "CLEAR IN TRACK SECTOR 5",
                TrackStatus::Yellow,
            ),
            (
                "Flag",
                "CLEAR",
                "Sector",
                "CLEAR IN TRACK SECTOR 6",
                TrackStatus::Clear,
            ),
            (
                "SafetyCar",
                "",
                "",
                "SAFETY CAR DEPLOYED",
                TrackStatus::SafetyCar,
            ),
            (
                "SafetyCar",
                "",
                "",
                "SAFETY CAR IN THIS LAP",
                TrackStatus::SafetyCar,
            ),
            ("Flag", "CLEAR", "Track", "TRACK CLEAR", TrackStatus::Clear),
            (
                "SafetyCar",
                "",
                "",
                "VSC DEPLOYED",
                TrackStatus::VirtualSafetyCar,
            ),
            (
                "SafetyCar",
                "",
                "",
                "VIRTUAL SAFETY CAR ENDING",
                TrackStatus::VirtualSafetyCarEnding,
            ),
            (
                "Flag",
                "BLUE",
                "Driver",
                "WAVED BLUE FLAG FOR CAR 2",
                TrackStatus::VirtualSafetyCarEnding,
            ),
            ("Flag", "RED", "Track", "RED FLAG", TrackStatus::Red),
            ("Flag", "GREEN", "Track", "GREEN LIGHT", TrackStatus::Clear),
            (
                "Flag",
                "CHEQUERED",
                "Track",
                "CHEQUERED FLAG",
                TrackStatus::Chequered,
            ),
        ];
        let mut facts = Facts::default();
        for (minute, (category, flag, scope, message, expected)) in (0..).zip(steps) {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            facts.learn(Record {
                at: chrono::DateTime::from_timestamp(minute * 60, 0).unwrap(),
                said: Said::RaceControl {
                    category: category.to_owned(),
                    flag: text(flag),
                    scope: text(scope),
                    number: None,
                    lap: None,
                    message: message.to_owned(),
                },
            });
            assert_eq!(status(&facts), expected, "{message}");
        }
    }
}
