//! Public ids that are UUIDs: of what has no readable ref.

/// Defines types of ids: `/// A user.` and `UserId;` for each.
macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// The id of this text; none when it is no UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                uuid::Uuid::try_parse(text).ok().map(Self)
            }

            /// One of those that tests count through.
            #[cfg(test)]
            #[allow(dead_code)]
            pub(crate) const fn numbered(number: i32) -> Self {
                Self(uuid::Uuid::from_fields(number.unsigned_abs(), 0, 0, &[0; 8]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

pub(crate) use uuids;
