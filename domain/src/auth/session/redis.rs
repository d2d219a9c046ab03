//! Sessions in Redis: a hash for each, and a set of them for each user. They run out by themselves.
//! Everything here is none when there is no Redis or it does not answer.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{DateTime, Utc};
use entities::user_session::Model;
use redis::{AsyncCommands, Script};

use super::Next;
use crate::App;

/// Puts a token in the place of the one that is in use, unless another was put there meanwhile.
/// Keys: the session, the user's set. Arguments: digest in use, digest of the next, the next sealed,
/// now, when the session runs out, and milliseconds until then.
static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('HGET', KEYS[1], 'hash') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'earlier', ARGV[1], 'hash', ARGV[2], 'sealed', ARGV[3],
    'used', ARGV[4], 'until', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return 1
",
    )
});

pub async fn insert(app: &App, session: &Model) -> Option<()> {
    let mut redis = app.cache.redis()?;
    let (key, set) = (key(app, &session.id), set(app, &session.user_id));
    let left = milliseconds_left(session.expires_at, session.created_at);
    let mut commands = redis::pipe();
    commands
        .atomic()
        .hset_multiple(
            &key,
            &[
                ("user", session.user_id.clone()),
                ("generation", session.generation.to_string()),
                ("device", session.device.clone()),
                ("hash", session.token_hash.clone()),
                ("created", session.created_at.timestamp_millis().to_string()),
                ("used", session.used_at.timestamp_millis().to_string()),
                ("until", session.expires_at.timestamp_millis().to_string()),
            ],
        )
        .ignore()
        .pexpire(&key, left)
        .ignore()
        .sadd(&set, &session.id)
        .ignore()
        .pexpire(&set, left)
        .ignore();
    let done = commands.query_async::<()>(&mut redis);
    app.cache.in_time(done).await
}

pub async fn find(app: &App, id: &str) -> Option<Option<Model>> {
    let mut redis = app.cache.redis()?;
    let found = redis.hgetall::<_, HashMap<String, String>>(key(app, id));
    Some(read(id, &app.cache.in_time(found).await?))
}

pub async fn list(app: &App, user: &str) -> Option<Vec<Model>> {
    let mut redis = app.cache.redis()?;
    let ids = redis.smembers::<_, Vec<String>>(set(app, user));
    let ids = app.cache.in_time(ids).await?;
    if ids.is_empty() {
        return Some(Vec::new());
    }
    let mut commands = redis::pipe();
    for id in &ids {
        commands.hgetall(key(app, id));
    }
    let rows = commands.query_async::<Vec<HashMap<String, String>>>(&mut redis);
    let rows = app.cache.in_time(rows).await?;
    let (mut sessions, mut gone) = (Vec::new(), Vec::new());
    for (id, row) in ids.iter().zip(&rows) {
        match read(id, row) {
            Some(session) => sessions.push(session),
            None => gone.push(id),
        }
    }
    if !gone.is_empty() {
        // Those that ran out stay in the set until somebody looks.
        let forgotten = redis.srem::<_, _, ()>(set(app, user), gone);
        app.cache.in_time(forgotten).await;
    }
    Some(sessions)
}

pub async fn replace(app: &App, session: &Model, next: &Next) -> Option<bool> {
    let mut redis = app.cache.redis()?;
    let mut call = REPLACE.key(key(app, &session.id));
    call.key(set(app, &session.user_id))
        .arg(&session.token_hash)
        .arg(&next.hash)
        .arg(&next.sealed)
        .arg(next.now.timestamp_millis())
        .arg(next.until.timestamp_millis())
        .arg(milliseconds_left(next.until, next.now));
    let replaced = call.invoke_async::<u8>(&mut redis);
    Some(app.cache.in_time(replaced).await? == 1)
}

pub async fn remove(app: &App, session: &Model) -> Option<()> {
    let mut redis = app.cache.redis()?;
    let mut commands = redis::pipe();
    commands
        .atomic()
        .del(key(app, &session.id))
        .ignore()
        .srem(set(app, &session.user_id), &session.id)
        .ignore();
    let done = commands.query_async::<()>(&mut redis);
    app.cache.in_time(done).await
}

pub async fn remove_all(app: &App, user: &str) -> Option<()> {
    let mut redis = app.cache.redis()?;
    let set = set(app, user);
    let ids = redis.smembers::<_, Vec<String>>(&set);
    let ids = app.cache.in_time(ids).await?;
    let mut keys: Vec<String> = ids.iter().map(|id| key(app, id)).collect();
    keys.push(set);
    let gone = redis.del::<_, ()>(keys);
    app.cache.in_time(gone).await
}

/// A session as it is kept; none when it is not there.
fn read(id: &str, row: &HashMap<String, String>) -> Option<Model> {
    let text = |name: &str| row.get(name).cloned();
    let time = |name: &str| -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(row.get(name)?.parse().ok()?)
    };
    Some(Model {
        id: id.to_owned(),
        user_id: text("user")?,
        generation: row.get("generation")?.parse().ok()?,
        device: text("device")?,
        token_hash: text("hash")?,
        earlier_hash: text("earlier"),
        sealed: text("sealed"),
        created_at: time("created")?,
        used_at: time("used")?,
        expires_at: time("until")?,
    })
}

fn milliseconds_left(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (until - now).num_milliseconds().max(1)
}

fn key(app: &App, id: &str) -> String {
    format!("pitwall:{}:session:{id}", app.auth.tag)
}

fn set(app: &App, user: &str) -> String {
    format!("pitwall:{}:sessions:{user}", app.auth.tag)
}
