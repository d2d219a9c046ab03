//! How many streams are open to whom: sockets and event streams are counted together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::config::WebsocketConfig;
use tokio::sync::Notify;

use super::address::Client;
use crate::viewer::Viewer;

/// Open streams, cheap to clone.
#[derive(Clone)]
pub struct Sockets(Arc<Inner>);

struct Inner {
    max_sockets: usize,
    max_per_address: usize,
    max_per_user: usize,
    open: Mutex<Open>,
    left: Notify,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_client: HashMap<Client, usize>,
    by_user: HashMap<Viewer, usize>,
}

/// A place that is free again when dropped.
pub struct Place {
    sockets: Sockets,
    client: Client,
    user: Option<Viewer>,
}

/// No place is free.
#[derive(Debug, thiserror::Error)]
pub enum Full {
    #[error("the server has as many open sockets as it takes")]
    Server,
    #[error("this address has as many open sockets as it may")]
    Address,
    #[error("this user has as many open sockets as it may")]
    User,
}

impl Sockets {
    /// None open yet.
    #[must_use]
    pub fn new(config: &WebsocketConfig) -> Self {
        Self(Arc::new(Inner {
            max_sockets: config.max_sockets,
            max_per_address: config.max_per_address,
            max_per_user: config.max_per_user,
            open: Mutex::default(),
            left: Notify::new(),
        }))
    }

    /// Whether any is open.
    #[must_use]
    pub fn any(&self) -> bool {
        self.0
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .all
            > 0
    }

    /// Ends when none is open any more.
    pub async fn all_left(&self) {
        while self.any() {
            let left = self.0.left.notified();
            // The last may have left between the two lines above.
            if !self.any() {
                return;
            }
            left.await;
        }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// When the server or the address has no more.
    pub fn enter(&self, client: Client) -> Result<Place, Full> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.0.max_sockets {
            return Err(Full::Server);
        }
        let of_client = open.by_client.entry(client).or_default();
        if *of_client >= self.0.max_per_address {
            return Err(Full::Address);
        }
        *of_client += 1;
        open.all += 1;
        metrics::gauge!("pitwall_sockets").increment(1);
        Ok(Place {
            sockets: self.clone(),
            client,
            user: None,
        })
    }
}

impl Place {
    /// Notes whose place it is; guests are counted by address alone.
    ///
    /// # Errors
    /// When the user has no more places.
    pub fn belongs_to(&mut self, viewer: Viewer) -> Result<(), Full> {
        if matches!(viewer, Viewer::Guest | Viewer::Unrecognised) || self.user.is_some() {
            return Ok(());
        }
        let inner = &self.sockets.0;
        let mut open = inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_user = open.by_user.entry(viewer).or_default();
        if *of_user >= inner.max_per_user {
            return Err(Full::User);
        }
        *of_user += 1;
        self.user = Some(viewer);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let inner = &self.sockets.0;
        let mut open = inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        release(&mut open.by_client, &self.client);
        if let Some(user) = self.user {
            release(&mut open.by_user, &user);
        }
        if open.all == 0 {
            // Remembered for one who is about to wait.
            inner.left.notify_one();
        }
        metrics::gauge!("pitwall_sockets").decrement(1);
    }
}

fn release<K: Eq + std::hash::Hash>(open: &mut HashMap<K, usize>, who: &K) {
    if let Some(count) = open.get_mut(who) {
        *count -= 1;
        if *count == 0 {
            open.remove(who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_all_by_address_and_by_user_and_become_free_again() {
        let mut config = domain::config::Config::defaults().websocket;
        (
            config.max_sockets,
            config.max_per_address,
            config.max_per_user,
        ) = (3, 2, 1);
        let sockets = Sockets::new(&config);
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|text| Client::at(text.parse().unwrap()));
        let mut first = sockets.enter(a).unwrap();
        let mut second = sockets.enter(a).unwrap();
        assert!(matches!(sockets.enter(a), Err(Full::Address)));
        assert!(first.belongs_to(Viewer::Admin(None)).is_ok());
        assert!(matches!(
            second.belongs_to(Viewer::Admin(None)),
            Err(Full::User)
        ));
        let _third = sockets.enter(b).unwrap();
        assert!(matches!(sockets.enter(b), Err(Full::Server)));
        drop(first);
        assert!(second.belongs_to(Viewer::Admin(None)).is_ok());
        assert!(sockets.enter(a).is_ok());
    }
}
