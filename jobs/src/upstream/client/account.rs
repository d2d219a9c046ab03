//! An account with a service: a user name and a password get a token, which each request bears
//! until it runs out.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Client, Failed, UpstreamError};

/// A token is renewed so long before it runs out.
const EARLY: TimeDelta = TimeDelta::minutes(2);

/// Who asks, and the token that shows it.
pub(super) struct Account {
    /// Where tokens are given.
    url: Url,
    username: String,
    password: String,
    /// Whoever holds the lock gets the next one; the others wait for it.
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    text: String,
    renewed_at: DateTime<Utc>,
}

/// A token as services give it (RFC 6749, 5.1); some write the number as text.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Value,
}

impl Client {
    /// The same client as somebody whom the service knows: a token is had from the path `/token`
    /// of its host, and goes along with each request.
    ///
    /// # Panics
    /// Never: the address was read before.
    #[must_use]
    pub fn with_account(mut self, username: &str, password: &str) -> Self {
        let url = Url::parse(&self.base).and_then(|base| base.join("/token"));
        self.account = Some(Account {
            url: url.expect("the address of the service is one"),
            username: username.to_owned(),
            password: password.to_owned(),
            token: Mutex::default(),
        });
        self
    }

    /// The token of the account, a new one when there is none that holds; none without an account.
    ///
    /// # Errors
    /// When the service does not answer, or knows no such account.
    pub async fn token(&self) -> Result<Option<String>, UpstreamError> {
        let Some(account) = &self.account else {
            return Ok(None);
        };
        let mut held = account.token.lock().await;
        let now = self.app.clock.waiting_time();
        if let Some(token) = held.as_ref().filter(|token| now < token.renewed_at) {
            return Ok(Some(token.text.clone()));
        }
        let url = account.url.as_str();
        let token = self.trying(url, move || self.log_in(account)).await?;
        *held = Some(token.clone());
        Ok(Some(token.text))
    }

    /// Forgets a token that the service does not take, whatever it said of it when it gave it.
    pub async fn forget_token(&self, refused: &str) {
        if let Some(account) = &self.account {
            let mut held = account.token.lock().await;
            held.take_if(|token| token.text == refused);
        }
    }

    /// One try at a token.
    async fn log_in(&self, account: &Account) -> Result<Token, Failed> {
        let url = account.url.as_str();
        let form = [
            ("username", account.username.as_str()),
            ("password", account.password.as_str()),
        ];
        let now = self.app.clock.waiting_time();
        let response = self.send(self.http.post(account.url.clone()).form(&form));
        let body = self.answer(url, response.await?).await?;
        let given: Given = serde_json::from_slice(&body)
            .map_err(|_| Failed::TryAgain("the answer is no token".to_owned(), None))?;
        let seconds = match &given.expires_in {
            Value::String(text) => text.parse().ok(),
            number => number.as_i64(),
        };
        let lasts = seconds.and_then(TimeDelta::try_seconds).unwrap_or(EARLY);
        Ok(Token {
            text: given.access_token,
            renewed_at: now + (lasts - EARLY).max(lasts / 2),
        })
    }
}
