//! Who is asking.

use subtle::ConstantTimeEq;

/// The sender of a request. Users come with accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody in particular.
    Guest,
    /// Who bears the administrator's token.
    Admin,
}

impl Viewer {
    /// Reads an `Authorization` header; with no token configured nobody is an administrator.
    #[must_use]
    pub fn from_header(header: Option<&str>, admin_token: &str) -> Self {
        let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
        match bearer {
            Some(token)
                if !admin_token.is_empty()
                    && bool::from(token.as_bytes().ct_eq(admin_token.as_bytes())) =>
            {
                Self::Admin
            }
            _ => Self::Guest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_administrator_without_a_configured_token() {
        assert_eq!(Viewer::from_header(Some("Bearer "), ""), Viewer::Guest);
        assert_eq!(Viewer::from_header(None, ""), Viewer::Guest);
    }

    #[test]
    fn the_token_makes_an_administrator_and_nothing_else_does() {
        for (header, viewer) in [
            (Some("Bearer secret"), Viewer::Admin),
            (Some("Bearer secre"), Viewer::Guest),
            (Some("secret"), Viewer::Guest),
            (None, Viewer::Guest),
        ] {
            assert_eq!(Viewer::from_header(header, "secret"), viewer);
        }
    }
}
