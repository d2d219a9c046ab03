// Uses the page at /graphiql of a running server as a person would, in a
// Chromium that reaches nothing but that server:
//
//     node graphiql.mjs http://127.0.0.1:4000 out.png
//
// Leaves out.png (a query) and out-subscription.png. CHROMIUM names the browser.

import {
  check,
  complaints,
  execute,
  failed,
  launch,
  newTab,
  openContext,
  openPage,
  schemaRead,
  shown,
  step,
  until,
  writeQuery,
} from './page.mjs';

const SUBSCRIPTION = 'subscription { dataStatusChanged { sequence dataStatus { stale } } }';

const [, , base, picture] = process.argv;
if (!base || !picture) {
  console.error('usage: node graphiql.mjs http://127.0.0.1:PORT out.png');
  process.exit(2);
}
const server = new URL(base);
const browser = await launch(server);

try {
  await run(await openPage(await openContext(browser, server), server));
} catch (error) {
  failed(error);
} finally {
  await browser.close();
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
    await schemaRead(page);
    await until(() => page.workers().some((worker) => worker.url().includes('graphql.worker')), 'no GraphQL worker');
  });

  await step('the first example answers', async () => {
    await execute(page);
    const response = await shown(page, '"data"');
    check(!('errors' in response), `its errors: ${JSON.stringify(response.errors)}`);
    await page.screenshot({ path: picture });
  });

  await step('a subscription in a new tab receives an event', async () => {
    await newTab(page);
    await writeQuery(page, SUBSCRIPTION);
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
