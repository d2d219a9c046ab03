//! Answers compressed for clients that take it. What is kept is kept compressed too, so that a
//! hot answer is compressed once.

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::write::GzEncoder;

use super::accept::quality;

/// Smaller answers fit into one packet as they are.
const WORTH_IT: usize = 860;

/// Fast levels: an answer is compressed while its client waits.
const BROTLI: u32 = 3;
const ZSTD: i32 = 3;
const GZIP: u32 = 4;

/// Ways to compress, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

impl Encoding {
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// As headers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The way that a client likes best; none when it takes none of them.
    #[must_use]
    pub fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let ranges = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        for range in ranges {
            let name = range.split(';').next().unwrap_or_default().trim();
            for encoding in Self::ALL {
                let quality = quality(range);
                let rank = |(quality, encoding): (u16, Self)| (quality, 3 - encoding as u8);
                if (name == "*" || name.eq_ignore_ascii_case(encoding.name()))
                    && quality > 0
                    && best.is_none_or(|best| rank(best) < rank((quality, encoding)))
                {
                    best = Some((quality, encoding));
                }
            }
        }
        best.map(|(_, encoding)| encoding)
    }

    fn compress(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let room = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Brotli => {
                let mut writer = brotli::CompressorWriter::new(room, 4096, BROTLI, 20);
                writer.write_all(body)?;
                Ok(writer.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(body, ZSTD),
            Self::Gzip => {
                let mut writer = GzEncoder::new(room, flate2::Compression::new(GZIP));
                writer.write_all(body)?;
                writer.finish()
            }
        }
    }
}

/// A body as it is, and compressed in every way that was asked for so far.
#[derive(Debug)]
pub struct Encoded {
    plain: Bytes,
    compressed: [OnceLock<Bytes>; Encoding::ALL.len()],
}

impl Encoded {
    /// A body that nobody has wanted compressed yet.
    #[must_use]
    pub fn new(plain: Bytes) -> Self {
        Self {
            plain,
            compressed: [const { OnceLock::new() }; Encoding::ALL.len()],
        }
    }

    /// As it is.
    #[must_use]
    pub fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// As the client wants it, with the way it is compressed.
    #[must_use]
    pub fn wanted(&self, headers: &HeaderMap) -> (Bytes, Option<Encoding>) {
        let wanted = (self.plain.len() >= WORTH_IT).then(|| Encoding::wanted(headers));
        let Some(encoding) = wanted.flatten() else {
            return (self.plain.clone(), None);
        };
        let compressed = self.compressed[encoding as usize].get_or_init(|| {
            // Memory can be written to; should it fail, nothing is shorter than too long.
            let compressed = encoding.compress(&self.plain);
            compressed.map_or_else(|_| Bytes::new(), Bytes::from)
        });
        if compressed.is_empty() {
            return (self.plain.clone(), None);
        }
        (compressed.clone(), Some(encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        headers
    }

    #[test]
    fn the_way_is_the_one_that_the_client_likes_best() {
        use Encoding::{Brotli, Gzip, Zstd};
        for (accept, wanted) in [
            ("gzip", Some(Gzip)),
            ("gzip, deflate, br, zstd", Some(Brotli)),
            ("gzip, zstd", Some(Zstd)),
            ("br;q=0.5, gzip", Some(Gzip)),
            ("*", Some(Brotli)),
            ("br;q=0", None),
            ("identity", None),
            ("", None),
        ] {
            assert_eq!(Encoding::wanted(&headers(accept)), wanted, "{accept}");
        }
        assert_eq!(Encoding::wanted(&HeaderMap::new()), None);
    }

    #[test]
    fn short_bodies_stay_as_they_are_and_long_ones_get_shorter() {
        let short = Encoded::new(Bytes::from_static(b"{}"));
        assert_eq!(
            short.wanted(&headers("br")),
            (Bytes::from_static(b"{}"), None)
        );
        let long = Encoded::new(Bytes::from("\"name\":".repeat(1000)));
        for encoding in Encoding::ALL {
            let (body, found) = long.wanted(&headers(encoding.name()));
            assert_eq!(found, Some(encoding));
            assert!(body.len() < 200, "{encoding:?}: {}", body.len());
            // The same bytes the second time.
            assert_eq!(
                long.wanted(&headers(encoding.name())).0.as_ptr(),
                body.as_ptr()
            );
        }
    }
}
