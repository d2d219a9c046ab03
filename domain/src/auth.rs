//! Who may do what.

use subtle::ConstantTimeEq;

use crate::App;

/// Whether a token is the administrator's, which nobody is where none is configured. It takes the same
/// time however much of it is right.
#[must_use]
pub fn is_administrator(app: &App, token: &str) -> bool {
    let auth = &app.config.auth;
    let until = auth.admin_until;
    matches(token, &auth.admin_token) && until.is_none_or(|until| app.clock.now() < until)
}

fn matches(token: &str, admin_token: &str) -> bool {
    !admin_token.is_empty() && token.as_bytes().ct_eq(admin_token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_administrator_without_a_configured_token() {
        assert!(!matches("", ""));
    }

    #[test]
    fn the_token_makes_an_administrator_and_nothing_else_does() {
        for (token, admin) in [("secret", true), ("secre", false), ("", false)] {
            assert_eq!(matches(token, "secret"), admin);
        }
    }
}
