// Uses the page at /graphiql of a running server as a person would, in a
// Chromium that reaches nothing but that server:
//
//     node graphiql.mjs http://127.0.0.1:4000 out.png
//
// Leaves out.png (a query) and out-subscription.png. CHROMIUM names the browser.

import { chromium } from 'playwright-core';

const SUBSCRIPTION = 'subscription { dataStatusChanged { sequence dataStatus { stale } } }';
const TIMEOUT = 20_000;

const [, , base, picture] = process.argv;
if (!base || !picture) {
  console.error('usage: node graphiql.mjs http://127.0.0.1:PORT out.png');
  process.exit(2);
}
const server = new URL(base);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${server.hostname}`,
  ],
});

// Everything that must not happen, as it happens.
const complaints = [];

try {
  const page = await openPage();
  await run(page);
} catch (error) {
  console.error(`FAILED  ${error.message}`);
  for (const complaint of complaints) console.error(`        ${complaint}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function openPage() {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    serviceWorkers: 'block',
  });
  context.setDefaultTimeout(TIMEOUT);

  await context.route('**/*', (route) => {
    const url = new URL(route.request().url());
    // `data:` and `blob:` are no requests to anyone.
    if (['data:', 'blob:'].includes(url.protocol) || url.host === server.host) return route.continue();
    complaints.push(`request to another host: ${url}`);
    return route.abort();
  });
  await context.exposeBinding('reportViolation', (_source, violation) => {
    complaints.push(`content security policy: ${violation}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });

  const page = await context.newPage();
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== server.host) {
      complaints.push(`WebSocket to another host: ${socket.url()}`);
    }
  });
  // Warnings as well: Monaco only warns when it has to do without its workers.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} from ${response.url()}`);
  });
  return page;
}

async function run(page) {
  await step('the page loads', async () => {
    const response = await page.goto(new URL('/graphiql', server).href);
    check(response.ok(), `status ${response.status()}`);
    check(response.headers()['content-security-policy'], 'it has no content security policy');
    check((await page.title()) === 'Pitwall GraphiQL', `its title is ${await page.title()}`);
  });

  await step('the editor is there', async () => {
    await page.locator('.graphiql-query-editor .monaco-editor .view-line').first().waitFor();
  });

  await step('each example has a tab', async () => {
    const { examples } = JSON.parse(await page.locator('#pitwall').textContent());
    check(examples?.length > 0, 'the page was given no examples');
    const tabs = await page.locator('.graphiql-tab-button').allTextContents();
    // GraphiQL names a tab after its operation.
    const names = examples.map(({ query }) => /\b(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1]);
    check(tabs.length === names.length, `${names.length} examples and ${tabs.length} tabs`);
    names.forEach((name, index) => {
      check(!name || tabs[index] === name, `tab ${index} is ${tabs[index]} instead of ${name}`);
    });
  });

  await step('the schema is read and the workers run', async () => {
    await page.waitForFunction(() => !document.querySelector('.graphiql-spinner'));
    check((await page.locator('.notice').count()) === 0, 'the page says that it has no schema');
    await until(() => page.workers().some((worker) => worker.url().includes('graphql.worker')), 'no GraphQL worker');
  });

  await step('the first example answers', async () => {
    await execute(page);
    const response = await shown(page, '"data"');
    check(!('errors' in response), `its errors: ${JSON.stringify(response.errors)}`);
    await page.screenshot({ path: picture });
  });

  await step('a subscription in a new tab receives an event', async () => {
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.locator('.graphiql-query-editor .view-lines').click();
    // As if pasted: typed by the key, the editor would complete and close brackets.
    await page.keyboard.insertText(SUBSCRIPTION);
    await page.locator('.graphiql-query-editor', { hasText: 'dataStatusChanged' }).waitFor();
    await page.getByRole('button', { name: 'Prettify' }).click();
    await page.locator('.graphiql-query-editor .view-line').nth(6).waitFor();
    await execute(page);
    const response = await shown(page, '"sequence"');
    check(!('errors' in response), `its errors: ${JSON.stringify(response.errors)}`);
    await page.screenshot({ path: picture.replace(/(\.\w+)?$/, '-subscription$1') });
    // Stopped, so that the server logs no broken connection.
    await page.getByRole('button', { name: /Stop/ }).click();
  });

  await step('no errors in the console, no violation of the policy, no foreign request', async () => {
    check(complaints.length === 0, `${complaints.length} of them:`);
  });
}

async function step(name, body) {
  try {
    await body();
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
  console.log(`ok      ${name}`);
}

function check(condition, complaint) {
  if (!condition) throw new Error(complaint);
}

async function until(condition, complaint) {
  const end = Date.now() + TIMEOUT;
  while (!(await condition())) {
    check(Date.now() < end, complaint);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function execute(page) {
  await page.locator('.graphiql-execute-button').click();
}

// The whole response, once the part of it that is visible contains `text`.
async function shown(page, text) {
  const pane = page.locator('.graphiql-response .view-lines');
  try {
    await pane.filter({ hasText: text }).waitFor();
  } catch {
    const visible = (await pane.innerText()).replaceAll('\u00a0', ' ').trim();
    throw new Error(`${text} is not in the response pane, but: ${visible || 'nothing'}`);
  }
  // The pane holds the lines in view only; the editor's model holds all.
  return JSON.parse(
    await page.evaluate(() =>
      globalThis.__MONACO.editor
        .getModels()
        .find((model) => model.uri.path.endsWith('response.json'))
        .getValue(),
    ),
  );
}
