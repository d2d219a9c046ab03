//! The two tokens of a login. An access token is a JWT that says who asks, signed with a key that
//! all processes share. A refresh token is chance alone, and only its digest is kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{SessionId, UserId};
use crate::{
    error::{Error, Result},
    secret,
};

/// Who signs, and for whom.
const ISSUER: &str = "pitwall";
const AUDIENCE: &str = "pitwall-api";

/// The one algorithm.
const ALGORITHM: Algorithm = Algorithm::HS256;

/// Bytes of an access token at most: ours have some 300, and a longer one is not looked at.
const LONGEST: usize = 1024;

/// What a refresh token begins with, so that it is known where it is found.
const PREFIX: &str = "pwr_";

/// Bytes of the secret of a refresh token, and of a token that sets a password.
const SECRET: usize = 32;

/// Signs and reads access tokens.
pub struct AccessTokens {
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
    lifetime: TimeDelta,
}

/// Who bears an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub user: UserId,
    pub session: SessionId,
    /// The user's when the token was signed; under another it is void.
    pub generation: i32,
    /// When it runs out.
    pub until: DateTime<Utc>,
}

/// What an access token says.
#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    #[serde(rename = "gen")]
    generation: i32,
    iat: i64,
    exp: i64,
}

impl AccessTokens {
    /// Tokens that are good for so many minutes, signed with this key.
    #[must_use]
    pub fn new(key: &[u8], minutes: u16) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library reads the machine's clock; ours is held against it below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            signing: EncodingKey::from_secret(key),
            reading: DecodingKey::from_secret(key),
            validation,
            lifetime: TimeDelta::minutes(minutes.into()),
        }
    }

    /// A token for a user's session, and when it runs out.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        generation: i32,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>)> {
        let until = now + self.lifetime;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            sid: session.to_string(),
            generation,
            iat: now.timestamp(),
            exp: until.timestamp(),
        };
        let signed = jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &self.signing);
        let signed = signed.map_err(|error| Error::Internal(error.to_string()))?;
        Ok((signed, until))
    }

    /// Who bears a token; none when it is not one of ours or has run out.
    #[must_use]
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
        if token.len() > LONGEST {
            return None;
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.reading, &self.validation);
        let claims = claims.ok()?.claims;
        let until = DateTime::from_timestamp(claims.exp, 0)?;
        // None that we sign lives longer; one that does was made by somebody with an old key.
        let plausible = now < until && until <= now + self.lifetime;
        plausible.then_some(Bearer {
            user: UserId::parse(&claims.sub)?,
            session: SessionId::parse(&claims.sid)?,
            generation: claims.generation,
            until,
        })
    }
}

/// The token that is exchanged for the next pair: `pwr_`, then the session and a secret in base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: SessionId,
    secret: [u8; SECRET],
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken")
    }
}

impl RefreshToken {
    /// A new one for a session.
    ///
    /// # Errors
    /// When the machine has no random bytes.
    pub fn new(session: SessionId) -> Result<Self, DbErr> {
        Ok(Self {
            session,
            secret: secret::random()?,
        })
    }

    /// As its owner gets it.
    pub fn spelled(&self) -> String {
        let mut bytes = self.session.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The token of this text.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 16 + SECRET];
        let encoded = text.strip_prefix(PREFIX)?;
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
        let (session, secret) = bytes.get(..length)?.split_at_checked(16)?;
        Some(Self {
            session: SessionId(Uuid::from_slice(session).ok()?),
            secret: secret.try_into().ok()?,
        })
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        digest(&self.secret)
    }

    /// Whether this is what was kept of it.
    pub fn is(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }

    /// The token that follows this one, so that only who has this one can read it.
    pub fn seal(&self, next: &Self) -> String {
        hex::encode(self.mask(next.secret))
    }

    /// The token that was sealed.
    pub fn unseal(&self, sealed: &str) -> Option<Self> {
        let mut secret = [0; SECRET];
        hex::decode_to_slice(sealed, &mut secret).ok()?;
        Some(Self {
            session: self.session,
            secret: self.mask(secret),
        })
    }

    /// Covers a secret with bytes that follow from this token's, or uncovers it. A token is followed
    /// by one other only, so the bytes cover one secret only.
    fn mask(&self, mut secret: [u8; SECRET]) -> [u8; SECRET] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any length is a key");
        mac.update(b"pitwall refresh token that follows");
        for (byte, cover) in secret.iter_mut().zip(mac.finalize().into_bytes()) {
            *byte ^= cover;
        }
        secret
    }
}

/// A token that sets a password anew: what is sent, and what is kept of it.
///
/// # Errors
/// When the machine has no random bytes.
pub fn reset_token() -> Result<(String, String), DbErr> {
    let secret = secret::random::<SECRET>()?;
    Ok((URL_SAFE_NO_PAD.encode(secret), digest(&secret)))
}

/// What is kept of a token that sets a password anew; none when it is none.
pub fn reset_hash(token: &str) -> Option<String> {
    let mut secret = [0; SECRET];
    let length = URL_SAFE_NO_PAD.decode_slice(token, &mut secret).ok()?;
    (length == SECRET).then(|| digest(&secret))
}

fn digest(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"a key of thirty-two characters!!";

    fn now() -> DateTime<Utc> {
        "2025-01-15T12:00:00Z".parse().unwrap()
    }

    fn ids() -> (UserId, SessionId) {
        (UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)))
    }

    #[test]
    fn an_access_token_says_who_asks_until_it_runs_out() {
        let tokens = AccessTokens::new(KEY, 30);
        let (user, session) = ids();
        let (token, until) = tokens.sign(user, session, 3, now()).unwrap();
        assert_eq!(until, now() + TimeDelta::minutes(30));
        let bearer = tokens.read(&token, now()).unwrap();
        assert_eq!((bearer.user, bearer.session), (user, session));
        assert_eq!((bearer.generation, bearer.until), (3, until));
        let second = TimeDelta::seconds(1);
        assert!(tokens.read(&token, until - second).is_some());
        assert!(tokens.read(&token, until).is_none());
        // Made by a clock that is ahead, or by one who wants it to last.
        assert!(tokens.read(&token, now() - second).is_none());
    }

    #[test]
    fn another_key_and_a_changed_token_are_refused() {
        let tokens = AccessTokens::new(KEY, 30);
        let (user, session) = ids();
        let (token, _) = tokens.sign(user, session, 0, now()).unwrap();
        let other = AccessTokens::new(b"another key of 32 characters!!!!", 30);
        assert!(other.read(&token, now()).is_none());
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'Q' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(tokens.read(&changed, now()).is_none(), "{index}: {changed}");
        }
    }

    #[test]
    fn a_refresh_token_is_read_as_it_was_spelled() {
        let (_, session) = ids();
        let token = RefreshToken::new(session).unwrap();
        let text = token.spelled();
        assert_eq!(RefreshToken::read(&text), Some(token));
        assert!(token.is(&token.hash()));
        assert!(!RefreshToken::new(session).unwrap().is(&token.hash()));
        let cut = &text[..text.len() - 1];
        for wrong in [
            "",
            "pwr_",
            "pwr_AAAA",
            cut,
            &format!("{text}AA"),
            &text[4..],
        ] {
            assert_eq!(RefreshToken::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_the_token_before_opens_a_sealed_one() {
        let (_, session) = ids();
        let [first, second, other] = [(); 3].map(|()| RefreshToken::new(session).unwrap());
        let sealed = first.seal(&second);
        assert_eq!(first.unseal(&sealed), Some(second));
        assert_ne!(other.unseal(&sealed), Some(second));
        assert!(!sealed.contains(&hex::encode(second.secret)));
    }
}
