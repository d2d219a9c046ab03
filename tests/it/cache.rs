//! How long the domain's cache keeps answers: by their class, in the process and in Redis.

use std::time::{Duration, Instant};

use domain::{
    cache::{Cache, Class, Key},
    config::{Config, TtlConfig},
};

use crate::support::{redis::OwnRedis, streams::PATIENCE};

const CLASSES: [Class; 3] = [Class::Static, Class::Results, Class::Live];

/// A cache that keeps what is of a class for three seconds, and all else for a minute.
fn brief(class: Class, redis: &str) -> Cache {
    let mut config = Config::defaults();
    redis.clone_into(&mut config.redis.url);
    let seconds = |other: Class| if other == class { 3 } else { 60 };
    config.cache.ttl = TtlConfig {
        r#static: seconds(Class::Static),
        results: seconds(Class::Results),
        live: seconds(Class::Live),
    };
    Cache::connect(&config)
}

/// What a cache has of a class, or else is given; `owner` tells apart who share a Redis.
async fn ask(cache: &Cache, owner: Class, class: Class, given: &str) -> String {
    let key = Key {
        class,
        text: format!("test/{owner:?}/{class:?}"),
    };
    let computed = async { Ok::<_, String>(given.to_owned()) };
    cache.get_or_compute(&key, computed).await.unwrap()
}

async fn until_connected(cache: &Cache) {
    let begin = Instant::now();
    while cache.is_alive().await != Some(true) {
        assert!(begin.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_answer_is_gone_after_the_time_of_its_class() {
    let caches = CLASSES.map(|short| (short, brief(short, "")));
    for (short, cache) in &caches {
        for class in CLASSES {
            assert_eq!(ask(cache, *short, class, "old").await, "old");
            assert_eq!(ask(cache, *short, class, "new").await, "old");
        }
    }
    tokio::time::sleep(Duration::from_millis(3300)).await;
    for (short, cache) in &caches {
        for class in CLASSES {
            let expected = if class == *short { "new" } else { "old" };
            let found = ask(cache, *short, class, "new").await;
            assert_eq!(found, expected, "{class:?} beside {short:?}");
        }
    }
}

#[tokio::test]
async fn what_another_process_worked_out_is_kept_no_longer_than_there() {
    let Some(redis) = OwnRedis::start() else {
        return;
    };
    let caches = CLASSES.map(|short| {
        let url = redis.url();
        (short, brief(short, &url), brief(short, &url))
    });
    for (_, one, other) in &caches {
        until_connected(one).await;
        until_connected(other).await;
    }
    for (short, one, _) in &caches {
        for class in CLASSES {
            assert_eq!(ask(one, *short, class, "old").await, "old");
        }
    }
    // Found late, it is kept for what is left of its time.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    for (short, _, other) in &caches {
        for class in CLASSES {
            assert_eq!(ask(other, *short, class, "new").await, "old");
        }
    }
    tokio::time::sleep(Duration::from_millis(2300)).await;
    for (short, _, other) in &caches {
        for class in CLASSES {
            let expected = if class == *short { "new" } else { "old" };
            let found = ask(other, *short, class, "new").await;
            assert_eq!(found, expected, "{class:?} beside {short:?}");
        }
    }
}
