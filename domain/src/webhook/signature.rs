//! Secrets of webhooks and what they sign.
//!
//! A secret is shown once and stored nowhere: it is derived from the webhook's salt, which is in
//! the database, and a key, which is not when `webhook.key` is set. Then a copy of the database
//! signs nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// What the spelling of a secret begins with.
const PREFIX: &str = "whsec_";

/// Signs for one webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The secret of a webhook.
    pub(super) fn derive(key: &[u8], webhook: &str, salt: &str) -> Self {
        let text = format!("webhook/{webhook}/{salt}");
        Self(mac(key, text.as_bytes()))
    }

    /// As its owner gets it: `whsec_…`.
    #[must_use]
    pub fn spelled(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// Tells two secrets apart and nothing else: they are as long as its digest.
    pub(super) fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.0)[..8])
    }

    /// Signature of a body that is sent under an id at a time, seconds since 1970.
    #[must_use]
    pub fn sign(&self, message: &str, timestamp: i64, body: &str) -> String {
        let text = format!("{message}.{timestamp}.{body}");
        format!("v1,{}", STANDARD.encode(mac(&self.0, text.as_bytes())))
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // Worked out with `openssl dgst -sha256 -mac HMAC`.
        let secret = Secret([7; 32]);
        let signature = secret.sign("msg_1", 1_716_735_600, "{\"type\":\"ping\"}");
        assert_eq!(signature, "v1,w1xwdAwhQvfZe9gw0yFoHvFFPWWjMDUnLbbhfPjSyNI=");
    }

    #[test]
    fn key_webhook_and_salt_each_make_another_secret() {
        let secret = Secret::derive(b"key", "a", "1");
        assert_eq!(secret, Secret::derive(b"key", "a", "1"));
        for other in [("yek", "a", "1"), ("key", "b", "1"), ("key", "a", "2")] {
            let other = Secret::derive(other.0.as_bytes(), other.1, other.2);
            assert_ne!(secret, other);
            assert_ne!(secret.fingerprint(), other.fingerprint());
        }
    }

    #[test]
    fn a_secret_is_spelled_for_its_owner_and_never_logged() {
        let secret = Secret([7; 32]);
        let spelled = secret.spelled();
        let bytes = STANDARD.decode(spelled.strip_prefix("whsec_").unwrap());
        assert_eq!(bytes.unwrap(), [7; 32]);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
