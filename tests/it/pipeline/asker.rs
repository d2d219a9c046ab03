//! Somebody who asks all the time, and takes note of how it is answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::process::Address;

/// Between two questions.
const PACE: Duration = Duration::from_millis(150);

/// How long an answer may take: a query is given up after half of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// One that is worked out anew whenever something has changed, and one that always is.
const QUESTION: &str = "{ race(ref: \"2023_monaco\") { status results { position driver { ref } } }
    dataStatus { stale lastRace { ref } } }";

/// What may be said while the database is away: a reason for programs, and nothing of the inside.
const REASONS: [&str; 3] = ["INTERNAL_SERVER_ERROR", "UNAVAILABLE", "CONFLICT"];

/// How it was answered.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    pub answered: usize,
    /// By the reason that was given.
    pub refused: BTreeMap<String, usize>,
    /// There was nobody to ask, or who was asked was killed over it.
    pub away: usize,
    /// What nobody should be answered.
    pub rude: Vec<String>,
}

enum Outcome {
    Answered,
    Refused(String),
    Away,
    Rude(String),
}

/// Asks until it is dropped.
pub struct Asker {
    answers: Arc<Mutex<Answers>>,
    asking: JoinHandle<()>,
}

impl Asker {
    /// Asks one server after the other, again and again.
    pub fn start(servers: [Address; 2]) -> Self {
        let answers = Arc::<Mutex<Answers>>::default();
        let asking = tokio::spawn(ask(servers, Arc::clone(&answers)));
        Self { answers, asking }
    }

    pub fn answers(&self) -> Answers {
        self.answers.lock().unwrap().clone()
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

async fn ask(servers: [Address; 2], answers: Arc<Mutex<Answers>>) {
    let client = Client::builder().timeout(PATIENCE).build().unwrap();
    for server in servers.iter().cycle() {
        let outcome = ask_once(&client, server).await;
        answers.lock().unwrap().note(outcome);
        tokio::time::sleep(PACE).await;
    }
}

async fn ask_once(client: &Client, server: &Address) -> Outcome {
    let Some(address) = server.get() else {
        return Outcome::Away;
    };
    let request = client.post(format!("http://{address}/graphql"));
    let text = match request.json(&json!({ "query": QUESTION })).send().await {
        Ok(response) => response.text().await,
        Err(error) => Err(error),
    };
    match text {
        Ok(text) => judge(&text),
        Err(_) if server.get() != Some(address) => Outcome::Away,
        Err(error) => Outcome::Rude(format!("no answer: {error:?}")),
    }
}

fn judge(text: &str) -> Outcome {
    let rude = || Outcome::Rude(text.to_owned());
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return rude();
    };
    let Some(errors) = answer["errors"].as_array() else {
        return match &answer["data"] {
            Value::Object(_) => Outcome::Answered,
            _ => rude(),
        };
    };
    let code = |error: &Value| error["extensions"]["code"].as_str().map(str::to_owned);
    let codes: Option<Vec<String>> = errors.iter().map(code).collect();
    let polite = |codes: &Vec<String>| codes.iter().all(|code| REASONS.contains(&code.as_str()));
    match codes.filter(polite).as_deref() {
        Some([code, ..]) => Outcome::Refused(code.clone()),
        _ => rude(),
    }
}

impl Answers {
    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Refused(reason) => *self.refused.entry(reason).or_default() += 1,
            Outcome::Away => self.away += 1,
            Outcome::Rude(what) => self.rude.push(what),
        }
    }
}
