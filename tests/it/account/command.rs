//! `pitwall user`.

use std::{io::Write, process::Stdio};

use serde_json::{Value, json};

use super::{PASSWORD, code_of, log_in, login, role};
use crate::support::{
    TestApp,
    command::{Finished, pitwall, run},
};

/// Makes an account by the command line, with a password on standard input.
fn create(app: &TestApp, arguments: &[&str], password: &str) -> Finished {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{password}").unwrap();
    let mut command = pitwall(&app.app.config.database.url);
    let input = file.reopen().unwrap();
    command.args(["user", "create"]).args(arguments);
    run(command.stdin(Stdio::from(input)))
}

#[tokio::test]
async fn an_administrator_is_made_on_the_command_line() {
    let app = TestApp::empty().await;
    let max = ["--admin", "--email", "max@example.org", "--name", "Max"];
    let made = create(&app, &max, PASSWORD).well();
    assert!(made.out().starts_with("User:"), "{}", made.out());
    assert!(!made.out().contains(PASSWORD));
    let lando = ["--email", "Lando@example.org", "--name", "Lando"];
    create(&app, &lando, PASSWORD).well();
    let [max, lando] = [log_in(&app, "Max").await, log_in(&app, "Lando").await];
    assert_eq!(role(&app, &max.access).await, "ADMIN");
    assert_eq!(role(&app, &lando.access).await, "USER");
    let webhooks = "{ webhooks { url } viewer { user { role } } }";
    let seen = super::data(&app, &max.access, webhooks, json!({})).await;
    assert_eq!(seen["viewer"]["user"]["role"], "ADMIN");
    let list = pitwall(&app.app.config.database.url)
        .args(["user", "list", "--format", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[0]["email"], "max@example.org");
    assert_eq!(list[0]["role"], "admin");
    assert_eq!(list[1]["email"], "lando@example.org");
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert!(list[0].get("password").is_none());
}

#[tokio::test]
async fn what_no_account_can_hold_is_refused_on_the_command_line_too() {
    let app = TestApp::empty().await;
    let max = ["--email", "max@example.org", "--name", "Max"];
    let short = create(&app, &max, "short");
    assert_eq!(short.code(), 1);
    assert!(
        short.err().contains("8 to 128 characters"),
        "{}",
        short.err()
    );
    assert_eq!(
        create(&app, &["--email", "max", "--name", "Max"], PASSWORD).code(),
        1
    );
    // A password is no argument.
    let mut with_password = max.to_vec();
    with_password.extend(["--password", PASSWORD]);
    assert_eq!(create(&app, &with_password, PASSWORD).code(), 2);
    create(&app, &max, PASSWORD).well();
    let again = create(&app, &max, PASSWORD);
    assert_eq!(again.code(), 1);
    assert!(
        again.err().contains("there is an account"),
        "{}",
        again.err()
    );
    assert!(code_of(&login(&app, "Max", "short").await).0 == "UNAUTHENTICATED");
}
