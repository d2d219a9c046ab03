//! The readable id of a result.

use entities::session::Kind;

/// What tells a result from all others, as its id has it. A driver who took over another's car
/// is in a race twice, with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultId<'a> {
    pub race: &'a str,
    pub session: Kind,
    pub driver: &'a str,
    pub constructor: &'a str,
    /// Empty where unknown.
    pub number: &'a str,
}

impl<'a> ResultId<'a> {
    /// Takes an id apart; none when it is no id of a result.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(5, '/');
        let (race, session) = (parts.next()?, parts.next()?);
        let (driver, constructor) = (parts.next()?, parts.next()?);
        Some(Self {
            race,
            session: match session {
                "race" => Kind::Race,
                "sprint" => Kind::Sprint,
                _ => return None,
            },
            driver,
            constructor,
            number: match parts.next() {
                None => "",
                Some("") => return None,
                Some(number) => number,
            },
        })
    }
}

impl std::fmt::Display for ResultId<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let session = match self.session {
            Kind::Sprint => "sprint",
            _ => "race",
        };
        let (race, driver, constructor) = (self.race, self.driver, self.constructor);
        write!(out, "{race}/{session}/{driver}/{constructor}")?;
        if !self.number.is_empty() {
            write!(out, "/{}", self.number)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_was_made_from() {
        for text in [
            "2024_monaco/race/leclerc/ferrari/16",
            "2020_70th_anniversary/race/max_verstappen/red_bull/33",
            "1957_pescara/race/gould/brabham-alfa_romeo/0",
            "2024_chinese/sprint/norris/mclaren/4",
            "1950_indianapolis_500/race/parsons/kurtis_kraft",
            "1955_argentine/race/farina/ferrari/8/9",
        ] {
            assert_eq!(ResultId::read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_not_read() {
        for text in [
            "",
            "2024_monaco",
            "2024_monaco/race/leclerc",
            "2024_monaco/qualifying/leclerc/ferrari/16",
            "2024_monaco//leclerc/ferrari/16",
            "2024_monaco/race/leclerc/ferrari/",
        ] {
            assert_eq!(ResultId::read(text), None, "{text}");
        }
    }
}
