// The weekend of a league as README.md tells it, by two people in browsers of their own, who use
// GraphiQL and nothing else:
//
//     node walkthrough.mjs target/debug/pitwall README.md target/pictures
//
// The operations and the times are those of the README, so that it cannot say what does not work.
// Starts and stops the server itself, as its clock has to go on from one week to the next. Leaves
// pictures in the last folder. CHROMIUM names the browser.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  check,
  complaints,
  execute,
  failed,
  launch,
  openContext,
  openPage,
  schemaRead,
  shown,
  step,
  until,
  visible,
  writeHeaders,
  writeQuery,
} from './page.mjs';

// Who is picked, one after the other, and the points of Monaco in 2024.
const PICKS = [
  { ref: 'leclerc', name: 'Charles Leclerc', points: 25 },
  { ref: 'piastri', name: 'Oscar Piastri', points: 18 },
  { ref: 'norris', name: 'Lando Norris', points: 12 },
  { ref: 'max_verstappen', name: 'Max Verstappen', points: 8 },
];
// Tall enough for the longest answer: what is out of view is not seen.
const VIEWPORT = { width: 1280, height: 1500 };

const [, , binary, readme, pictures] = process.argv;
if (!binary || !readme || !pictures) {
  console.error('usage: node walkthrough.mjs PITWALL README.md FOLDER');
  process.exit(2);
}
mkdirSync(pictures, { recursive: true });
const told = walkthrough(readFileSync(readme, 'utf8'));
const work = mkdtempSync(path.join(tmpdir(), 'walkthrough-'));

let browser;
let serving;
// What the server has printed.
let said = '';
process.on('exit', () => serving?.kill());
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
try {
  await run();
} catch (error) {
  failed(error);
  console.error(said.split('\n').slice(-20).join('\n'));
} finally {
  await browser?.close();
  await stop().catch(failed);
  rmSync(work, { recursive: true, force: true });
}

async function run() {
  let server;
  let max;
  let lando;
  let league;
  let draft;

  await step('a server in the week before the race', async () => {
    server = await start(told.clocks[0], 0);
  });
  browser = await launch(server);

  await step('two people register', async () => {
    max = await arrive('Max', 'Founders');
    lando = await arrive('Lando', 'Guests');
    for (const player of [max, lando]) {
      const values = { ...player.login, '"Max"': `"${player.name}"` };
      const { register } = await ask(player, told.operation('register', values), '"accessToken"');
      await authorise(player, player.page, register.accessToken);
    }
  });

  await step('one makes a league, which has a draft for the next race', async () => {
    const { createLeague } = await ask(max, told.operation('createLeague'), 'Monaco Grand Prix');
    league = createLeague;
    draft = league.draft;
    check(draft.state === 'UPCOMING', `the draft is ${draft.state}`);
  });

  await step('the other joins by the invite code', async () => {
    const join = told.operation('joinLeague', { '…': league.inviteCode });
    const { joinLeague } = await ask(lando, join, league.id);
    check(joinLeague.league.draft.id === draft.id, 'another draft');
  });

  await step('both follow the draft', async () => {
    for (const player of [max, lando]) {
      player.watching = await visit(player);
      await authorise(player, player.watching, player.token);
      await writeQuery(player.watching, told.operation('draftUpdated', { 'Draft:…': draft.id }));
      await execute(player.watching);
      await shown(player.watching, 'UPCOMING');
    }
  });
  // From here on nobody loads a page anew.
  const loaded = loads();

  await step('only the commissioner opens the draft, and both see that', async () => {
    const open = told.operation('openDraft', { 'Draft:…': draft.id });
    check((await refusal(lando, open)) === 'NOT_COMMISSIONER', 'not refused');
    const { openDraft } = await ask(max, open, 'availableDrivers');
    check(openDraft.availableDrivers.length === 20, `${openDraft.availableDrivers.length} drivers`);
    for (const player of [max, lando]) {
      await shown(player.watching, 'OPEN');
      await picture(player.watching, `${player.name}-opened`);
    }
  });

  // Points of each team.
  const won = {};
  await step('they pick in turn, and each sees the picks of the other', async () => {
    for (const [number, driver] of PICKS.entries()) {
      const [picks, waits] = await turns(number);
      const pick = told.operation('pickDriver', { 'Draft:…': draft.id, leclerc: driver.ref });
      check((await refusal(waits, pick)) === 'NOT_YOUR_TURN', 'not refused');
      await ask(picks, pick, '"pickDriver"');
      won[picks.team] = (won[picks.team] ?? 0) + driver.points;
      for (const { watching } of [waits, picks]) await shown(watching, driver.name);
      await picture(waits.watching, `${waits.name}-sees-pick-${number + 1}`);
      await picture(picks.page, `${picks.name}-picked-${number + 1}`);
    }
    check(Object.keys(won).length === 2, `teams that picked: ${Object.keys(won)}`);
  });

  await step('the draft is closed, and both see who has whom', async () => {
    for (const { watching } of [max, lando]) {
      const { data } = await shown(watching, 'CLOSED');
      const { onTheClock, picks } = data.draftUpdated.draft;
      check(onTheClock === null, 'somebody is still on the clock');
      check(`${picks.map(({ driver }) => driver.name)}` === `${PICKS.map(({ name }) => name)}`, 'other picks');
      for (const { name } of PICKS) await shown(watching, name);
    }
    check(loads() === loaded, 'a page was loaded anew');
  });

  await step('the server is stopped and started after the race', async () => {
    const { port } = server;
    await stop();
    // Who still follows the draft is told.
    for (const { watching } of [max, lando]) await shown(watching, '1001');
    await start(told.clocks[1], port);
  });

  await step('the race is scored by its result', async () => {
    const table = told.operation('leaderboard', { 'League:…': league.id });
    for (const player of [max, lando]) {
      const before = await ask(player, table, '"league"');
      check(before.league === null, 'a token of last week is still good');
      const { login } = await ask(player, told.operation('login', player.login), '"accessToken"');
      await authorise(player, player.page, login.accessToken);
      let scored;
      await until(async () => {
        scored = (await ask(player, table, '"leaderboard"')).league;
        return scored.raceScore;
      }, 'the race is not scored');
      const { leaderboard, raceScore } = scored;
      // Decimals are text.
      for (const { driver, points } of raceScore.picks) {
        const pick = PICKS.find(({ name }) => name === driver.name);
        check(Number(points) === pick.points, `${driver.name} has ${points} instead of ${pick.points}`);
      }
      for (const { team, points } of leaderboard) {
        check(Number(points) === won[team.name], `${team.name} has ${points} instead of ${won[team.name]}`);
      }
      const ranks = leaderboard.map(({ rank }) => rank);
      check(`${ranks}` === '1,2' && won[leaderboard[0].team.name] === Math.max(...Object.values(won)), `ranks ${ranks}`);
      for (const { name, points } of PICKS) {
        await shown(player.page, name);
        await shown(player.page, `"points": "${points}"`);
      }
      await shown(player.page, 'COMPLETE');
      await picture(player.page, `${player.name}-leaderboard`);
    }
  });

  await step('no errors in the console, no violation of the policy, no foreign request', async () => {
    check(complaints.length === 0, `${complaints.length} of them:`);
  });

  // ── What the two do ────────────────────────────────────────────────────────────────────────

  // A new user, with an address in the place of Max's in the README.
  async function arrive(name, team) {
    const player = { name, team, login: { 'max@': `${name.toLowerCase()}@` }, loads: 0 };
    player.context = await openContext(browser, server, VIEWPORT);
    player.page = await visit(player);
    return player;
  }

  async function visit(player) {
    const page = await openPage(player.context, server);
    page.on('framenavigated', () => (player.loads += 1));
    await page.goto(new URL('/graphiql', server).href);
    await schemaRead(page);
    return page;
  }

  function loads() {
    return max.loads + lando.loads;
  }

  async function authorise(player, page, token) {
    player.token = token;
    await writeHeaders(page, `{ "Authorization": "Bearer ${token}" }`);
  }

  // Who may pick and who may not, as both are told.
  async function turns(number) {
    let mine;
    await until(async () => {
      const seen = await Promise.all([max, lando].map(({ watching }) => visible(watching)));
      mine = seen.map((text) => text.includes('"myTurn": true'));
      return seen.every((text) => text.includes('OPEN')) && mine[0] !== mine[1];
    }, `nobody, or everybody, may make pick ${number + 1}`);
    return mine[0] ? [max, lando] : [lando, max];
  }
}

// The data of an answer that shows `text`.
async function ask({ page }, operation, text) {
  await writeQuery(page, operation);
  await execute(page);
  const { data, errors } = await shown(page, text);
  check(!errors, `${operation}: ${JSON.stringify(errors)}`);
  return data;
}

// Why something is refused, or who is.
async function refusal({ page }, operation) {
  await writeQuery(page, operation);
  await execute(page);
  const { errors } = await shown(page, '"errors"');
  return errors[0].extensions.reason ?? errors[0].extensions.code;
}

async function picture(page, name) {
  await page.bringToFront();
  await page.screenshot({ path: path.join(pictures, `walkthrough-${name.toLowerCase()}.png`) });
}

// ── The README ───────────────────────────────────────────────────────────────────────────────

// The times and the operations that it gives.
function walkthrough(text) {
  const [, section] = /^### Walkthrough: a weekend of a league\n([\s\S]*?)^##/m.exec(text) ?? [];
  check(section, 'the README has no walkthrough of a weekend');
  const clocks = [...section.matchAll(/PITWALL__CLOCK__START=([\w:-]+)/g)].map(([, time]) => time);
  check(clocks.length === 2, `${clocks.length} times instead of two`);
  const operations = [...section.matchAll(/^( *)```graphql\n([\s\S]*?)^ *```$/gm)].flatMap(([, indent, block]) =>
    block
      .replaceAll(new RegExp(`^${indent}`, 'gm'), '')
      .split(/^(?=mutation|subscription|query|\{)/m)
      .map((operation) => operation.trim()),
  );
  return {
    clocks,
    // The one that has a field, with values in the place of others.
    operation(field, values = {}) {
      const found = operations.filter((operation) => new RegExp(`\\b${field}\\b`).test(operation));
      check(found.length === 1, `the README has ${found.length} operations with ${field}`);
      return Object.entries(values).reduce((operation, [from, to]) => {
        check(operation.includes(from), `${field} of the README is without ${from}`);
        return operation.replaceAll(from, to);
      }, found[0]);
    },
  };
}

// ── The server ───────────────────────────────────────────────────────────────────────────────

async function start(clock, port) {
  serving = spawn(path.resolve(binary), ['serve'], {
    cwd: work,
    env: {
      ...process.env,
      DATABASE_URL: `sqlite://${path.join(work, 'weekend.db')}`,
      PITWALL__CLOCK__START: clock,
      PITWALL__SERVER__PORT: String(port),
      // A league needs neither the network nor trained engines, and the test is sooner done.
      PITWALL__JOBS__NETWORK: 'false',
      PITWALL__FORECAST__TRAIN: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  said = '';
  for (const stream of [serving.stdout, serving.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  }
  const address = () => /http:\/\/[\d.:]+(?=\/graphql)/.exec(said)?.[0];
  const ended = () => serving.exitCode ?? serving.signalCode;
  await until(() => {
    check(ended() === null, `the server does not start: ${said}`);
    return address();
  }, 'the server does not say where it is');
  return new URL(address());
}

async function stop() {
  if (!serving || (serving.exitCode ?? serving.signalCode) !== null) return;
  const exit = once(serving, 'exit');
  serving.kill();
  const [code] = await exit;
  check(code === 0, `the server ended with ${code}`);
}
