//! Letters to users: by SMTP, or in development to the log.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::extension::ClientId,
};

use crate::config::{Config, Mode};

/// Sends letters.
pub struct Mailer {
    from: Option<Mailbox>,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// For developers to read.
    Log,
    /// Nobody is to read them.
    Nowhere,
}

/// A letter.
pub struct Letter {
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

impl Mailer {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let from: Option<Mailbox> = config.mail.from.parse().ok();
        let way = match (config.mail.url.as_str(), config.server.mode) {
            ("", Mode::Development) => Way::Log,
            ("", Mode::Production) => Way::Nowhere,
            (url, _) => smtp(url, from.as_ref()),
        };
        Self { from, way }
    }

    /// Sends a letter; what goes wrong is in the log, since nobody waits for it.
    pub async fn send(&self, letter: Letter) {
        match &self.way {
            Way::Smtp(transport) => {
                if let Err(error) = self.post(transport, letter).await {
                    tracing::error!(error, "a letter could not be sent");
                }
            }
            Way::Log => tracing::info!(
                to = letter.to,
                subject = letter.subject,
                "without mail.url a letter goes here:\n{}",
                letter.text
            ),
            Way::Nowhere => {
                tracing::error!("a letter is not sent: mail.url is empty");
            }
        }
    }

    async fn post(
        &self,
        transport: &AsyncSmtpTransport<Tokio1Executor>,
        letter: Letter,
    ) -> Result<(), String> {
        let from = self.from.clone().ok_or("mail.from is no address")?;
        let to: Mailbox = letter.to.parse().map_err(text_of)?;
        let message = Message::builder()
            .from(from)
            .to(to)
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(text_of)?;
        transport.send(message).await.map_err(text_of)?;
        Ok(())
    }
}

fn smtp(url: &str, from: Option<&Mailbox>) -> Way {
    match AsyncSmtpTransport::<Tokio1Executor>::from_url(url) {
        Ok(builder) => {
            let own = from.map(|from| ClientId::Domain(from.email.domain().to_owned()));
            Way::Smtp(builder.hello_name(own.unwrap_or_default()).build())
        }
        Err(error) => {
            tracing::error!(%error, "mail.url cannot be used; no letter is sent");
            Way::Nowhere
        }
    }
}

fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}
