//! Leagues for show and for load tests: their members draft and score a whole season that was run.
//!
//! Everything is written as if it had happened then, by the rules that hold for everybody: the
//! league is made before the first race, each draft opens on its Monday, each member picks in turn
//! by a taste of their own, and the server closes and scores. The same seed is the same picks.
//!
//! | File | What |
//! |---|---|
//! | `weekend` | the races of a season and what members know before each |
//! | `taste` | whom a member would draft |
//! | `play` | a league from its making to its latest race |

mod play;
mod taste;
mod weekend;

use entities::{fantasy_team, league, user};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    App, auth,
    draft::Method,
    error::{Error, Result},
    league::{LeagueSettings, Scoring, capacity},
    scoring::{self, Kind, stored::scored_races},
    secret,
};
use play::Play;
use weekend::{Weekend, weekends};

/// Where members have their letters sent: nowhere, RFC 2606, 2.
const DOMAIN: &str = "@pitwall.invalid";

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Of each league.
    pub members: usize,
    pub season: i32,
    pub leagues: usize,
    /// By which members pick.
    pub seed: u64,
    pub method: Method,
    pub ruleset: Kind,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many leagues have drafted.
    Drafted { leagues: usize },
    /// All have; they are scored.
    Scoring,
}

/// What was made.
pub struct Demo {
    /// The first of them is the one of the members and the leaderboard.
    pub leagues: Vec<league::Model>,
    /// E-mail addresses, the commissioner's first.
    pub members: Vec<String>,
    /// Everybody's.
    pub password: String,
    /// How many races were drafted for, those that were cancelled aside.
    pub races: usize,
    /// The leader first.
    pub leaderboard: Vec<Standing>,
}

/// A row of a leaderboard.
pub struct Standing {
    pub row: scoring::Row,
    pub team: String,
}

/// Makes leagues with members of their own, who draft and score all races of a season that have a
/// result.
///
/// # Errors
/// [`Error::NotFound`] for a season without results, [`Error::BadInput`] for more members than there
/// are drivers for.
pub async fn leagues(
    app: &App,
    options: &Options,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Demo> {
    let settings = LeagueSettings {
        method: options.method,
        scoring: Scoring {
            ruleset: options.ruleset,
            ..Scoring::default()
        },
        ..LeagueSettings::default()
    };
    let weekends = weekends(&app.db, options.season, &settings).await?;
    check(options, &weekends, settings.rounds)?;
    let password = hex::encode(secret::random::<8>()?);
    let play = Play {
        hash: auth::hashed(app, &password).await?,
        app,
        options,
        settings,
        weekends: &weekends,
    };
    let before = accounts(&app.db).await?;
    let mut made = Vec::new();
    for number in 0..options.leagues {
        let first = before + number * options.members + 1;
        made.push(Box::pin(play.league(number, first)).await?);
        progress(Progress::Drafted {
            leagues: made.len(),
        });
    }
    progress(Progress::Scoring);
    Box::pin(scoring::score_leagues(app)).await?;
    let leaderboard = match made.first() {
        Some((league, teams)) => leaderboard(&app.db, league, teams, options.season).await?,
        None => Vec::new(),
    };
    let members = 1..=options.members;
    Ok(Demo {
        leagues: made.into_iter().map(|(league, _)| league).collect(),
        members: members.map(|member| email(before + member)).collect(),
        password,
        races: weekends.iter().filter(|one| !one.is_cancelled()).count(),
        leaderboard,
    })
}

/// Refuses more members than the first race has drivers for, and fewer than make a league.
fn check(options: &Options, weekends: &[Weekend], rounds: usize) -> Result<()> {
    let first = weekends.iter().find(|weekend| !weekend.is_cancelled());
    let drivers = first.map_or(0, |weekend| weekend.drivers.len());
    let most = capacity(drivers, rounds, None);
    if (2..=most).contains(&options.members) {
        return Ok(());
    }
    Err(Error::BadInput(format!(
        "a league of {} has 2 to {most} members: its first race has {drivers} drivers, and each \
         member drafts {rounds}",
        options.season
    )))
}

/// The highest number of an account that was made here before; 0 without any.
async fn accounts<C: ConnectionTrait>(db: &C) -> Result<usize, DbErr> {
    let known: Vec<String> = user::Entity::find()
        .select_only()
        .column(user::Column::Email)
        .filter(user::Column::Email.ends_with(DOMAIN))
        .into_tuple()
        .all(db)
        .await?;
    let number = |email: &String| {
        let number = email.strip_prefix("demo-")?.strip_suffix(DOMAIN)?;
        // Whoever registers such an address chooses the number.
        usize::try_from(number.parse::<u32>().ok()?).ok()
    };
    Ok(known.iter().filter_map(number).max().unwrap_or(0))
}

fn email(number: usize) -> String {
    format!("demo-{number}{DOMAIN}")
}

async fn leaderboard<C: ConnectionTrait>(
    db: &C,
    league: &league::Model,
    teams: &[fantasy_team::Model],
    season: i32,
) -> Result<Vec<Standing>> {
    let of = (league.id, season);
    let races = scored_races(db, &[of]).await?.remove(&of);
    let ids: Vec<i32> = teams.iter().map(|team| team.id).collect();
    let rows = scoring::season_leaderboard(&ids, &races.unwrap_or_default());
    let named = |row: scoring::Row| {
        let team = teams.iter().find(|team| team.id == row.team_id);
        Standing {
            team: team.map_or_else(String::new, |team| team.name.clone()),
            row,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}
