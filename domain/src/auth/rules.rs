//! What an account may hold. Pure checks.

use chrono_tz::Tz;
use lettre::Address;

use crate::error::{Error, Result};

/// Characters of a password.
const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 128;

/// Characters of a name, and of what a device is called.
const LONGEST_NAME: usize = 50;

/// Characters of an e-mail address, RFC 5321, 4.5.3.1.3, less its brackets.
const LONGEST_EMAIL: usize = 254;

/// Names of those who are gone.
pub const FORMER: &str = "Former member";

/// An e-mail address as it is stored: those that differ in case alone are one.
pub fn email(text: &str) -> Result<String> {
    let text = text.trim();
    let known = text.chars().count() <= LONGEST_EMAIL
        && !text.chars().any(char::is_control)
        && text.parse::<Address>().is_ok();
    if !known {
        return Err(Error::BadInput(
            "`email` is no e-mail address; expected one such as \"max@example.org\"".to_owned(),
        ));
    }
    Ok(text.to_lowercase())
}

/// A new password. There are no rules on which characters it has: NIST SP 800-63B, 3.1.1.2.
pub fn password(text: &str) -> Result<()> {
    let length = text.chars().count();
    if (SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        return Ok(());
    }
    Err(Error::BadInput(format!(
        "a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, this one has {length}"
    )))
}

/// A name that others see.
pub fn name(text: &str) -> Result<String> {
    let name = line(text, "name")?;
    if name.is_empty() {
        return Err(Error::BadInput("`name` is empty".to_owned()));
    }
    if name == FORMER {
        return Err(Error::BadInput(format!(
            "{FORMER:?} is what those are called who have left"
        )));
    }
    Ok(name)
}

/// What a device is called; may be empty.
pub fn device(text: &str) -> Result<String> {
    line(text, "device")
}

/// A time zone by its name in the IANA database.
pub fn time_zone(text: &str) -> Result<String> {
    let zone = text.parse::<Tz>().map_err(|_| {
        Error::BadInput(format!(
            "there is no time zone {text:?}; expected one such as \"Europe/Monaco\""
        ))
    })?;
    Ok(zone.name().to_owned())
}

/// A short text on one line.
fn line(text: &str, field: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(Error::BadInput(format!(
            "`{field}` is one line of at most {LONGEST_NAME} characters"
        )));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_mail_address_is_stored_in_lower_case() {
        for (text, stored) in [
            ("max@example.org", Some("max@example.org")),
            (" Max.V@Example.ORG ", Some("max.v@example.org")),
            ("max+f1@example.org", Some("max+f1@example.org")),
            ("max@localhost", Some("max@localhost")),
            ("max", None),
            ("max@", None),
            ("@example.org", None),
            ("max@example.org, eve@example.org", None),
            ("max@example.org\nBcc: eve@example.org", None),
            ("max\0@example.org", None),
            ("", None),
        ] {
            assert_eq!(email(text).ok().as_deref(), stored, "{text:?}");
        }
        assert!(email(&format!("{}@example.org", "m".repeat(300))).is_err());
    }

    #[test]
    fn a_password_has_8_to_128_characters_of_any_kind() {
        for (length, fits) in [(0, false), (7, false), (8, true), (128, true), (129, false)] {
            assert_eq!(password(&"🏁".repeat(length)).is_ok(), fits, "{length}");
        }
        assert!(password("        ").is_ok());
    }

    #[test]
    fn a_name_is_one_line_and_nobody_is_called_what_leavers_are() {
        assert_eq!(name("  Max ").unwrap(), "Max");
        for wrong in ["", "  ", "a\nb", "a\0b", FORMER, &"x".repeat(51)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(device("").unwrap(), "");
    }

    #[test]
    fn a_time_zone_is_one_of_the_iana_database() {
        assert_eq!(time_zone("Europe/Monaco").unwrap(), "Europe/Monaco");
        for wrong in ["", "Monaco", "UTC+25", "europe/monaco\0"] {
            assert!(time_zone(wrong).is_err(), "{wrong:?}");
        }
    }
}
