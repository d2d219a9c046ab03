//! The ways to a league, and whom each part of one is for. Whoever adds one says so here.

/// Types whose objects belong to a league.
pub const OWN: [&str; 2] = ["League", "FantasyTeam"];

/// Types that are reached through those alone.
pub const WITHIN: [&str; 5] = [
    "LeagueScoring",
    "LeagueSettings",
    "QualifyingWeights",
    "ScoringWeights",
    "SessionWeights",
];

/// Arguments that name a league or something of one.
pub const NAMING: [&str; 4] = ["fantasyTeam", "inviteCode", "league", "team"];

/// How each root field that leads to a league, or takes the name of one, is asked about one that the
/// sender is not in. `LEAGUE` and `TEAM` stand for ids, `CODE` for an invite code that is not valid
/// any more.
pub const WAYS: [(&str, &str, &[&str]); 16] = [
    ("Query", "league", &["id: \"LEAGUE\""]),
    (
        "Query",
        "leagues",
        &["", "filter: { search: \"backmarkers\" }"],
    ),
    ("Query", "node", &["id: \"LEAGUE\"", "id: \"TEAM\""]),
    ("Query", "nodes", &["ids: [\"LEAGUE\", \"TEAM\"]"]),
    ("Query", "viewer", &[""]),
    // Makes another league, which is looked at by its own name.
    ("Mutation", "createLeague", &[]),
    (
        "Mutation",
        "joinLeague",
        &[
            "league: \"LEAGUE\", teamName: \"Intruders\"",
            "inviteCode: \"CODE\", teamName: \"Intruders\"",
            // Not even the name of a team is taken there.
            "league: \"LEAGUE\", teamName: \"Tail lights\"",
        ],
    ),
    ("Mutation", "leaveLeague", &["league: \"LEAGUE\""]),
    ("Mutation", "removeFantasyTeam", &["id: \"TEAM\""]),
    (
        "Mutation",
        "renameFantasyTeam",
        &["id: \"TEAM\", name: \"Intruders\""],
    ),
    ("Mutation", "rotateInviteCode", &["league: \"LEAGUE\""]),
    (
        "Mutation",
        "transferLeague",
        &["league: \"LEAGUE\", to: \"TEAM\""],
    ),
    (
        "Mutation",
        "updateLeague",
        &[
            "league: \"LEAGUE\", name: \"Stolen\", visibility: PUBLIC",
            "league: \"LEAGUE\", maxTeams: 2",
            "league: \"LEAGUE\"",
        ],
    ),
    (
        "Mutation",
        "updateLeagueSettings",
        &[
            "league: \"LEAGUE\", settings: { rounds: 1 }",
            "league: \"LEAGUE\", settings: { rounds: 5 }",
            "league: \"LEAGUE\", settings: {}",
        ],
    ),
    // What others were told is nobody's to find, whatever league it is of: `notification.rs`.
    (
        "Mutation",
        "markNotificationRead",
        &["id: \"Notification:00000000-0000-7000-8000-000000000003\""],
    ),
    ("Subscription", "notificationReceived", &[""]),
];

/// What of a public league is for its members alone, or is something else for each who asks. All
/// other fields are told to everybody.
pub const FOR_MEMBERS: [(&str, &str); 3] = [
    ("League", "inviteCode"),
    ("League", "inviteLink"),
    ("League", "myTeam"),
];

/// What everybody is told of a public league.
pub const FOR_EVERYBODY: [(&str, &str); 19] = [
    ("FantasyTeam", "id"),
    ("FantasyTeam", "isCommissioner"),
    ("FantasyTeam", "joinedAt"),
    ("FantasyTeam", "league"),
    ("FantasyTeam", "leftAt"),
    ("FantasyTeam", "manager"),
    ("FantasyTeam", "mine"),
    ("FantasyTeam", "name"),
    ("League", "capacity"),
    ("League", "commissioner"),
    ("League", "createdAt"),
    ("League", "id"),
    ("League", "maxTeams"),
    ("League", "name"),
    ("League", "settings"),
    ("League", "settingsHistory"),
    ("League", "size"),
    ("League", "teams"),
    ("League", "visibility"),
];
