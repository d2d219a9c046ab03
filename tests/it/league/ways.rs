//! The ways to a league, and whom each part of one is for. Whoever adds one says so here.

/// Types whose objects belong to a league.
pub const OWN: [&str; 5] = [
    "League",
    "FantasyTeam",
    "Draft",
    "DraftUpdate",
    "LeaderboardChange",
];

/// Types that are reached through those alone.
pub const WITHIN: [&str; 21] = [
    "HeadToHead",
    "HeadToHeadRace",
    "LeaderboardRow",
    "PickScore",
    "RaceRuleset",
    "RaceScore",
    "ScoreChange",
    "ScoreLine",
    "ScoreRevision",
    "TeamRace",
    "AutomaticPick",
    "AvailableDriver",
    "DraftLogEntry",
    "DraftPick",
    "DraftSubstitution",
    "DraftTurn",
    "LeagueScoring",
    "LeagueSettings",
    "QualifyingWeights",
    "ScoringWeights",
    "SessionWeights",
];

/// Arguments that name a league or something of one.
pub const NAMING: [&str; 5] = ["draft", "fantasyTeam", "inviteCode", "league", "team"];

/// How each root field that leads to a league, or takes the name of one, is asked about one that the
/// sender is not in. `LEAGUE`, `TEAM` and `DRAFT` stand for ids, `CODE` for an invite code that is not
/// valid any more.
pub const WAYS: [(&str, &str, &[&str]); 29] = [
    ("Query", "draft", &["id: \"DRAFT\""]),
    ("Query", "league", &["id: \"LEAGUE\""]),
    (
        "Query",
        "leagues",
        &["", "filter: { search: \"backmarkers\" }"],
    ),
    (
        "Query",
        "node",
        &["id: \"LEAGUE\"", "id: \"TEAM\"", "id: \"DRAFT\""],
    ),
    (
        "Query",
        "nodes",
        &["ids: [\"LEAGUE\", \"TEAM\", \"DRAFT\"]"],
    ),
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
    ("Mutation", "openDraft", &["draft: \"DRAFT\""]),
    ("Mutation", "pauseDraft", &["draft: \"DRAFT\""]),
    (
        "Mutation",
        "pickDriver",
        &[
            "draft: \"DRAFT\", driver: \"norris\"",
            "draft: \"DRAFT\", driver: \"Driver:fangio\", idempotencyKey: \"k\"",
        ],
    ),
    (
        "Mutation",
        "pickForTeam",
        &["draft: \"DRAFT\", team: \"TEAM\", driver: \"norris\""],
    ),
    ("Mutation", "removeFantasyTeam", &["id: \"TEAM\""]),
    (
        "Mutation",
        "renameFantasyTeam",
        &["id: \"TEAM\", name: \"Intruders\""],
    ),
    ("Mutation", "resetDraft", &["draft: \"DRAFT\""]),
    ("Mutation", "resumeDraft", &["draft: \"DRAFT\""]),
    ("Mutation", "rotateInviteCode", &["league: \"LEAGUE\""]),
    (
        "Mutation",
        "setDraftOrder",
        &[
            "draft: \"DRAFT\", teams: [\"TEAM\"]",
            "draft: \"DRAFT\", teams: []",
        ],
    ),
    (
        "Mutation",
        "setPickQueue",
        &[
            "team: \"TEAM\", drivers: [\"norris\"]",
            "team: \"TEAM\", drivers: []",
        ],
    ),
    (
        "Mutation",
        "substituteDriver",
        &["draft: \"DRAFT\", pick: 1, driver: \"norris\", note: \"ill\""],
    ),
    (
        "Mutation",
        "transferLeague",
        &["league: \"LEAGUE\", to: \"TEAM\""],
    ),
    ("Mutation", "undoPick", &["draft: \"DRAFT\", pick: 1"]),
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
    (
        "Subscription",
        "leaderboardChanged",
        &["league: \"LEAGUE\""],
    ),
    (
        "Subscription",
        "draftUpdated",
        &["draft: \"DRAFT\"", "draft: \"DRAFT\", after: 0"],
    ),
    // What others were told is nobody's to find, whatever league it is of: `notification.rs`.
    (
        "Mutation",
        "markNotificationRead",
        &["id: \"Notification:00000000-0000-7000-8000-000000000003\""],
    ),
    ("Subscription", "notificationReceived", &[""]),
];

/// Subscriptions that tell whoever asks of their own.
pub const OF_THE_SENDER: [&str; 1] = ["notificationReceived"];

/// What of a public league is for its members alone, or is something else for each who asks. All
/// other fields are told to everybody.
pub const FOR_MEMBERS: [(&str, &str); 4] = [
    ("FantasyTeam", "pickQueue"),
    ("League", "inviteCode"),
    ("League", "inviteLink"),
    ("League", "myTeam"),
];

/// What everybody is told of a public league.
pub const FOR_EVERYBODY: [(&str, &str); 55] = [
    ("LeaderboardChange", "at"),
    ("LeaderboardChange", "gap"),
    ("LeaderboardChange", "leaderboard"),
    ("LeaderboardChange", "league"),
    ("LeaderboardChange", "race"),
    ("LeaderboardChange", "sequence"),
    ("FantasyTeam", "headToHead"),
    ("FantasyTeam", "season"),
    ("League", "leaderboard"),
    ("League", "raceScore"),
    ("League", "raceScores"),
    ("Draft", "availableDrivers"),
    ("Draft", "cancelled"),
    ("Draft", "clockExpiresAt"),
    ("Draft", "closesAt"),
    ("Draft", "closesAtEstimated"),
    ("Draft", "id"),
    ("Draft", "league"),
    ("Draft", "log"),
    ("Draft", "myTurn"),
    ("Draft", "onTheClock"),
    ("Draft", "opensAt"),
    ("Draft", "order"),
    ("Draft", "picks"),
    ("Draft", "race"),
    ("Draft", "remainingSeconds"),
    ("Draft", "sequence"),
    ("Draft", "settings"),
    ("Draft", "state"),
    ("Draft", "turns"),
    ("DraftUpdate", "draft"),
    ("DraftUpdate", "entry"),
    ("DraftUpdate", "gap"),
    ("DraftUpdate", "sequence"),
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
    ("League", "draft"),
    ("League", "drafts"),
    ("League", "id"),
    ("League", "maxTeams"),
    ("League", "name"),
    ("League", "settings"),
    ("League", "settingsHistory"),
    ("League", "size"),
    ("League", "teams"),
    ("League", "visibility"),
];
