//! `pitwall user`.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use domain::{
    App,
    auth::{self, Registration},
};
use entities::user::{self, Role};
use serde_json::json;

use super::{CreateUser, Format, ListUsers, Outcome, Table, output::print};

/// Makes an account. The password comes from the terminal, unseen and twice, or from the first line
/// of standard input: a command line is no place for it, since everybody on the machine sees it.
///
/// # Errors
/// For what cannot be, or an e-mail address that has an account.
pub async fn create_user(app: &App, arguments: &CreateUser) -> Result<Outcome> {
    let registration = Registration {
        email: &arguments.email,
        password: &password()?,
        name: &arguments.name,
    };
    let role = if arguments.admin {
        Role::Admin
    } else {
        Role::User
    };
    let user = auth::create(app, registration, role).await?;
    print(&format!("User:{} may log in", user.id))?;
    Ok(Outcome::Done)
}

/// Lists the accounts.
///
/// # Errors
/// When the database fails.
pub async fn list_users(app: &App, arguments: &ListUsers) -> Result<Outcome> {
    let users = auth::list(app).await?;
    match arguments.format {
        Format::Table => {
            let mut table = Table::new(&["id", "e-mail", "name", "role", "since"]);
            for user in &users {
                table.row(vec![
                    format!("User:{}", user.id),
                    user.email.clone().unwrap_or_default(),
                    user.name.clone(),
                    role(user).to_owned(),
                    user.created_at.format("%Y-%m-%d").to_string(),
                ]);
            }
            table.print()?;
        }
        Format::Json => {
            let users = users.iter().map(|user| {
                json!({
                    "id": format!("User:{}", user.id),
                    "email": user.email,
                    "name": user.name,
                    "role": role(user),
                    "created_at": user.created_at,
                })
            });
            print(&serde_json::to_string_pretty(&users.collect::<Vec<_>>())?)?;
        }
    }
    Ok(Outcome::Done)
}

fn role(user: &user::Model) -> &'static str {
    match user.role {
        Role::User => "user",
        Role::Admin => "admin",
    }
}

fn password() -> Result<String> {
    let input = io::stdin();
    if !input.is_terminal() {
        let mut line = String::new();
        input.lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let ask = |prompt| rpassword::prompt_password(prompt).context("the password cannot be read");
    let password = ask("Password: ")?;
    if ask("Once more: ")? != password {
        bail!("these were two different passwords");
    }
    Ok(password)
}
