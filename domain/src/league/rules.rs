//! What leagues are called, how they are joined, and how many teams they have room for. Pure.

use crate::{
    draft,
    error::{Error, Result},
    search,
};

/// Characters of a name.
const LONGEST_NAME: usize = 50;

/// Leagues that a user may be in at the same time.
pub(crate) const MOST_LEAGUES: u64 = 50;

/// The limits that a commissioner may set: a league of one is none, and more never start.
const MAX_TEAMS: std::ops::RangeInclusive<i32> = 2..=30;

/// What the teams are called of those whose account is gone.
pub(crate) const FORMER_TEAM: &str = "Former team";

/// The signs of an invite code: none that is taken for another (Crockford's base 32).
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Signs of an invite code: 80 bits.
const CODE: usize = 16;

/// How many teams a league has room for, by the drivers of an entry list, by how many of them each
/// team drafts, and by the commissioner's own limit.
#[must_use]
pub fn capacity(drivers: usize, rounds: usize, max_teams: Option<i32>) -> usize {
    let places = draft::order::capacity(drivers, rounds);
    let own = max_teams.and_then(|most| usize::try_from(most).ok());
    own.map_or(places, |own| own.min(places))
}

/// The name of a league.
pub(crate) fn league_name(text: &str) -> Result<String> {
    let name = line(text, "name")?;
    // Or nobody could look for it.
    if search::folded(&[&name]).is_empty() {
        return Err(Error::BadInput("`name` has no letters".to_owned()));
    }
    Ok(name)
}

/// The name of a fantasy team.
pub(crate) fn team_name(text: &str) -> Result<String> {
    let name = line(text, "teamName")?;
    if search::folded(&[&name]) == search::folded(&[FORMER_TEAM]) {
        return Err(Error::BadInput(format!(
            "{FORMER_TEAM:?} is what teams are called whose owner is gone"
        )));
    }
    Ok(name)
}

/// The commissioner's own limit.
pub(crate) fn max_teams(most: i32) -> Result<i32> {
    if MAX_TEAMS.contains(&most) {
        return Ok(most);
    }
    Err(Error::BadInput(format!(
        "`maxTeams` is {most}, expected {} to {}",
        MAX_TEAMS.start(),
        MAX_TEAMS.end()
    )))
}

/// An invite code from random bytes.
pub(crate) fn new_code(chance: [u8; CODE]) -> String {
    // 32 divides 256, so that each sign is as likely as any other.
    let sign = |byte: u8| char::from(SIGNS[usize::from(byte % 32)]);
    chance.into_iter().map(sign).collect()
}

/// An invite code as somebody has typed it, as it is stored; none when it cannot be one.
pub(crate) fn read_code(text: &str) -> Option<String> {
    let typed = text.chars().filter(|sign| !matches!(sign, '-' | ' '));
    let meant = typed.map(|sign| match sign.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        sign => sign,
    });
    let code: String = meant.take(CODE + 1).collect();
    let known = |sign: u8| SIGNS.contains(&sign);
    (code.len() == CODE && code.bytes().all(known)).then_some(code)
}

/// An invite code as people are shown it: in groups of four.
#[must_use]
pub fn shown_code(code: &str) -> String {
    let signs: Vec<char> = code.chars().collect();
    let groups: Vec<String> = signs
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// A short text on one line, not empty.
fn line(text: &str, field: &str) -> Result<String> {
    let text = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&text.chars().count());
    if !fits || text.chars().any(char::is_control) {
        return Err(Error::BadInput(format!(
            "`{field}` is one line of 1 to {LONGEST_NAME} characters"
        )));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_league_has_room_for_whom_the_entry_list_is_enough() {
        for (drivers, rounds, own, teams) in [
            (20, 2, None, 10),
            (22, 2, None, 11),
            (21, 2, None, 10),
            (20, 3, None, 6),
            (20, 2, Some(4), 4),
            (20, 2, Some(30), 10),
            (0, 2, None, 0),
        ] {
            assert_eq!(capacity(drivers, rounds, own), teams, "{drivers} {rounds}");
        }
    }

    #[test]
    fn names_are_one_line_that_can_be_found_again() {
        assert_eq!(league_name("  Sunday club ").unwrap(), "Sunday club");
        for wrong in ["", "  ", "a\nb", "a\0b", "\u{200b}", &"x".repeat(51)] {
            assert!(league_name(wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["", "Former team", "FORMER  TEAM"] {
            assert!(team_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_invite_code_is_read_however_it_is_typed() {
        let code = new_code(std::array::from_fn(|n| u8::try_from(n * 17).unwrap()));
        assert_eq!(code.len(), CODE);
        let shown = shown_code(&code);
        assert_eq!(shown.len(), CODE + 3);
        for typed in [code.clone(), shown.clone(), shown.to_lowercase()] {
            assert_eq!(read_code(&typed).as_deref(), Some(code.as_str()), "{typed}");
        }
        assert_eq!(
            read_code("oOiI-lL00-0000-0000").as_deref(),
            Some("0011110000000000")
        );
        let long = "0".repeat(1_000_000);
        for wrong in [
            "",
            "0000",
            "0000-0000-0000-000U",
            "0000-0000-0000-000é",
            &long,
        ] {
            assert_eq!(read_code(wrong), None);
        }
    }

    #[test]
    fn a_limit_is_from_two_teams_on() {
        for (most, fits) in [(1, false), (2, true), (30, true), (31, false), (-1, false)] {
            assert_eq!(max_teams(most).is_ok(), fits, "{most}");
        }
    }
}
