//! Nobody outside a private league learns anything of it, not even that it is there. The ways to one
//! are found in the schema, so that a new one without a rule here fails.

use std::collections::BTreeSet;

use domain::{
    auth::{self, Registration},
    event,
};
use entities::user::Role;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    change, found, join,
    schema::{ROOTS, Schema},
    text,
    ways::{FOR_EVERYBODY, FOR_MEMBERS, NAMING, OF_THE_SENDER, OWN, WAYS, WITHIN},
};
use crate::{
    account::{PASSWORD, Person, answer, data, log_in, register},
    support::{Setup, TestApp, json::each, streams::Events},
};

const TOKEN: &str = "pole-position";

struct Scene {
    app: TestApp,
    schema: Schema,
    owner: Person,
    /// Names and bearers of tokens who are not in the league.
    outsiders: Vec<(&'static str, String)>,
    league: Value,
    team: String,
    draft: String,
    /// Was valid once.
    code: String,
}

impl Scene {
    /// A private league of two in the week of a race, and others who know its ids.
    async fn set() -> Self {
        let app = TestApp::start(Setup {
            now: "2024-05-15T12:00:00Z".parse().unwrap(),
            bundled: true,
            change: |config| {
                config.auth.admin_token = TOKEN.into();
                config.league.invite_url = "https://f1.example.org/join?code={code}".into();
                config.graphql.max_cost = u64::MAX;
                config.graphql.max_fields = 100_000;
                config.graphql.max_tokens = 100_000;
            },
            ..Setup::default()
        })
        .await;
        let [owner, member] = [register(&app, "Keke").await, register(&app, "Mika").await];
        let [stranger, former] = [register(&app, "Oscar").await, register(&app, "Nico").await];
        // Somebody who has a league too, but another one.
        found(&app, &stranger, "Papaya", "").await;
        let league = found(&app, &owner, "Backmarkers", "").await;
        let (id, code) = (text(&league["id"]), text(&league["inviteCode"]));
        let team = join(&app, &member, &code, "Tail lights").await;
        join(&app, &former, &code, "Gone").await;
        change(&app, &former, &id, "leaveLeague(league: $league)").await;
        let rotate = "rotateInviteCode(league: $league) { inviteCode }";
        change(&app, &owner, &id, rotate).await;
        let query = "query ($id: ID!) { league(id: $id) { draft { id } } }";
        let seen = data(&app, &owner.access, query, json!({ "id": id })).await;
        let draft = text(&seen["league"]["draft"]["id"]);
        let queue =
            "mutation ($team: ID!) { setPickQueue(team: $team, drivers: [\"bearman\"]) { id } }";
        let own = json!({ "team": league["myTeam"]["id"] });
        data(&app, &owner.access, queue, own).await;
        let admin = Registration {
            email: "ross@example.org",
            password: PASSWORD,
            name: "Ross",
        };
        auth::create(&app.app, admin, Role::Admin).await.unwrap();
        let outsiders = vec![
            ("a guest", String::new()),
            ("a stranger", stranger.access),
            ("who has left", former.access),
            ("an administrator", log_in(&app, "Ross").await.access),
            ("who bears the administrator's token", TOKEN.to_owned()),
        ];
        Self {
            schema: Schema::of(&app).await,
            app,
            owner,
            outsiders,
            league,
            team,
            draft,
            code,
        }
    }

    /// The query of a way, about the league or one that is not there.
    fn query(&self, root: &str, field: &str, arguments: &str, real: bool) -> String {
        let fields = self.schema.fields(root);
        let to = &fields.iter().find(|one| one.name == field).unwrap().to;
        let parts: Vec<&str> = OWN.into_iter().chain(WITHIN).collect();
        // As deep as the weights of a ruleset lie below a league.
        let selection = self.schema.everything(to, &parts, 4);
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({arguments})")
        };
        let league = text(&self.league["id"]);
        let nothing = "00000000-0000-7000-8000-00000000000";
        let (team, draft, code) = (self.team.clone(), self.draft.clone(), self.code.clone());
        let (league, team, draft, code) = if real {
            (league, team, draft, code)
        } else {
            (
                format!("League:{nothing}1"),
                format!("FantasyTeam:{nothing}2"),
                format!("Draft:{nothing}3"),
                "0000-0000-0000-0000".to_owned(),
            )
        };
        let arguments = arguments
            .replace("LEAGUE", &league)
            .replace("TEAM", &team)
            .replace("DRAFT", &draft)
            .replace("CODE", &code);
        let operation = root.to_lowercase();
        format!("{operation} {{ {field}{arguments} {selection} }}")
    }

    /// Everything that is stored of all leagues.
    async fn stored(&self) -> String {
        let db = &self.app.app.db;
        let leagues = entities::league::Entity::find().all(db).await.unwrap();
        let codes: Vec<_> = leagues.iter().map(|one| one.invite_code.clone()).collect();
        let teams = entities::fantasy_team::Entity::find()
            .all(db)
            .await
            .unwrap();
        let settings = entities::league_settings::Entity::find();
        let settings = settings.all(db).await.unwrap();
        let drafts = entities::draft::Entity::find().all(db).await.unwrap();
        let log = entities::draft_entry::Entity::find().all(db).await.unwrap();
        let queues = entities::pick_queue::Entity::find().all(db).await.unwrap();
        let stream = event::league(
            self.league["id"]
                .as_str()
                .unwrap()
                .trim_start_matches("League:"),
        );
        let events = event::last_sequence(db, &stream).await.unwrap();
        let names: Vec<_> = leagues
            .iter()
            .map(|one| (&one.name, one.visibility))
            .collect();
        format!("{names:?} {codes:?} {teams:?} {settings:?} {drafts:?} {log:?} {queues:?} {events}")
    }
}

/// What somebody is answered, first if answers are many.
async fn ask(app: &TestApp, token: &str, root: &str, query: &str) -> Value {
    if root != "Subscription" {
        return answer(app, token, query, json!({})).await;
    }
    let mut request = app.client.post(app.url("/graphql"));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let request = request.header("accept", "text/event-stream");
    let request = request.json(&json!({ "query": query }));
    let mut events = Events::of(request.send().await.unwrap());
    events.next().await.unwrap()
}

#[tokio::test]
async fn every_way_to_a_league_has_a_rule() {
    let app = TestApp::empty().await;
    let schema = Schema::of(&app).await;
    let mut ways = BTreeSet::new();
    for root in ROOTS {
        for field in schema.fields(root) {
            let names = field.arguments.iter();
            let mut names = names.filter(|name| NAMING.contains(&name.as_str()));
            if names.next().is_some() || schema.leads(&field.to, &OWN) {
                ways.insert((root, field.name.as_str()));
            }
        }
    }
    let known = WAYS.iter().map(|(root, field, _)| (*root, *field));
    let known: BTreeSet<_> = known.collect();
    assert_eq!(
        ways, known,
        "a root field leads to leagues: say how in `WAYS`"
    );
    // Nothing that is part of a league can be had without going through it.
    let within = schema.reached(OWN, &[]);
    let elsewhere = schema.reached(ROOTS, &OWN);
    let own = within.difference(&elsewhere).copied();
    let own: BTreeSet<_> = own.filter(|name| !schema.fields(name).is_empty()).collect();
    let known: BTreeSet<_> = OWN.into_iter().chain(WITHIN).collect();
    assert_eq!(
        own, known,
        "what is part of a league alone stands in `WITHIN`"
    );
    for (of, fields) in OWN.map(|of| (of, schema.fields(of))) {
        for field in fields {
            let field = (of, field.name.as_str());
            let known = FOR_MEMBERS.contains(&field) || FOR_EVERYBODY.contains(&field);
            assert!(known, "{field:?} has no rule: whom is it for?");
        }
    }
}

#[tokio::test]
async fn an_outsider_is_answered_as_if_there_were_no_such_league() {
    let scene = Scene::set().await;
    let before = scene.stored().await;
    let league = text(&scene.league["id"]);
    for (who, token) in &scene.outsiders {
        for (root, field, variants) in WAYS {
            for arguments in variants {
                let case = format!("{who}: {field}({arguments})");
                let mut answers = Vec::new();
                for real in [true, false] {
                    let query = scene.query(root, field, arguments, real);
                    answers.push(ask(&scene.app, token, root, &query).await);
                }
                assert_eq!(answers[0], answers[1], "{case}");
                let told = answers[0].to_string();
                let secrets = ["Backmarkers", "Tail lights", "Keke", "Mika", "bearman"];
                for secret in secrets.iter().chain([&league.as_str()]) {
                    assert!(!told.contains(secret), "{case}: {told}");
                }
                let without_account = token.is_empty() || token == TOKEN;
                let own = OF_THE_SENDER.contains(&field);
                let expected = match root {
                    "Query" => continue,
                    "Mutation" if without_account => json!("UNAUTHENTICATED"),
                    _ if own && without_account => json!("UNAUTHENTICATED"),
                    // There is one of each who asks, and nothing of the league is in it.
                    _ if own => Value::Null,
                    _ => json!("NOT_FOUND"),
                };
                let code = &answers[0]["errors"][0]["extensions"]["code"];
                assert_eq!(code, &expected, "{case}: {told}");
            }
        }
    }
    assert_eq!(
        scene.stored().await,
        before,
        "nobody outside has changed anything"
    );
    // The queries do ask for what they are to be refused.
    for (root, field, arguments) in [
        ("Query", "league", "id: \"LEAGUE\""),
        ("Query", "draft", "id: \"DRAFT\""),
        ("Subscription", "draftUpdated", "draft: \"DRAFT\""),
    ] {
        let query = scene.query(root, field, arguments, true);
        let told = ask(&scene.app, &scene.owner.access, root, &query).await;
        assert_eq!(told.get("errors"), None, "{told:#}");
        let told = told.to_string();
        for secret in [
            "Backmarkers",
            "Tail lights",
            "Keke",
            "Mika",
            "inviteCode",
            // Drives nowhere that week, and is in the queue.
            "bearman",
        ] {
            assert!(told.contains(secret), "{secret} is missing in {told}");
        }
    }
}

#[tokio::test]
async fn an_id_of_a_league_is_resolved_for_those_who_may_know_of_it() {
    let scene = Scene::set().await;
    let ids = json!({ "ids": [scene.league["id"], scene.team, scene.draft] });
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on League { name } ... on FantasyTeam { name } ... on Draft { cancelled } } }";
    let told = answer(&scene.app, &scene.owner.access, query, ids.clone()).await;
    assert_eq!(
        told["data"]["nodes"],
        json!([
            { "__typename": "League", "id": scene.league["id"], "name": "Backmarkers" },
            { "__typename": "FantasyTeam", "id": scene.team, "name": "Tail lights" },
            { "__typename": "Draft", "id": scene.draft, "cancelled": false },
        ])
    );
    for (who, token) in &scene.outsiders {
        let told = answer(&scene.app, token, query, ids.clone()).await;
        assert_eq!(told["data"]["nodes"], json!([null, null, null]), "{who}");
    }
}

#[tokio::test]
async fn of_a_public_league_what_lets_people_in_is_for_its_members() {
    let scene = Scene::set().await;
    let id = text(&scene.league["id"]);
    let open = "updateLeague(league: $league, visibility: PUBLIC) { inviteCode }";
    let code = text(&change(&scene.app, &scene.owner, &id, open).await["inviteCode"]);
    let query = scene.query("Query", "league", "id: \"LEAGUE\"", true);
    for (who, token) in &scene.outsiders {
        let told = answer(&scene.app, token, &query, json!({})).await;
        assert_eq!(told.get("errors"), None, "{who}: {told:#}");
        let league = &told["data"]["league"];
        for (of, field) in FOR_MEMBERS {
            let told = match of {
                "League" => vec![league[field].clone()],
                "FantasyTeam" => each(&league["teams"], &format!("/{field}")),
                other => panic!("where is a {other}?"),
            };
            assert!(told.iter().all(Value::is_null), "{who}: {field}: {told:?}");
        }
        assert!(!told.to_string().contains(&code), "{who}: {told:#}");
        assert_eq!(each(&league["teams"], "/mine"), [false, false], "{who}");
    }
}

#[tokio::test]
async fn nothing_of_a_league_is_kept_or_shared() {
    let scene = Scene::set().await;
    let id = text(&scene.league["id"]);
    for query in [
        format!("{{ league(id: \"{id}\") {{ name }} }}"),
        format!("{{ node(id: \"{id}\") {{ id ... on League {{ name }} }} }}"),
        format!("{{ draft(id: \"{}\") {{ state }} }}", scene.draft),
        format!(
            "{{ node(id: \"{}\") {{ id ... on Draft {{ state }} }} }}",
            scene.draft
        ),
        "{ leagues { nodes { name } } }".to_owned(),
        "{ viewer { leagues { name } } }".to_owned(),
    ] {
        let address = scene.app.url("/graphql");
        let url = reqwest::Url::parse_with_params(&address, [("query", &query)]).unwrap();
        let tokens = scene.outsiders.iter().map(|(_, token)| token.clone());
        for token in tokens.chain([scene.owner.access.clone()]) {
            let mut request = scene.app.client.get(url.clone());
            if !token.is_empty() {
                request = request.bearer_auth(&token);
            }
            let response = request.send().await.unwrap();
            let cache = response.headers()["cache-control"].to_str().unwrap();
            let expected = if token.is_empty() {
                "no-cache"
            } else {
                "private, no-store"
            };
            assert_eq!(cache, expected, "{query}");
            assert!(!response.headers().contains_key("etag"), "{query}");
        }
    }
}
