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
  writeAndExecute,
  writeHeaders,
  writeQuery,
  writeVariables,
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
  // That of the subscription.
  let socket;

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
    page.once('websocket', (opened) => (socket = opened));
    await writeQuery(page, SUBSCRIPTION);
    await page.getByRole('button', { name: 'Prettify' }).click();
    await page.locator('.graphiql-query-editor .view-line').nth(6).waitFor();
    await execute(page);
    const response = await shown(page, '"sequence"');
    check(!('errors' in response), `its errors: ${JSON.stringify(response.errors)}`);
    await page.screenshot({ path: picture.replace(/(\.\w+)?$/, '-subscription$1') });
  });

  await step('another new tab stops it and answers at once', async () => {
    await newTab(page);
    await until(() => socket.isClosed(), 'the subscription goes on');
    await writeQuery(page, '{ dataStatus { stale } }');
    await execute(page);
    await shown(page, '"stale"');
    await page.locator('.graphiql-tab-button').nth(-2).click();
    await shown(page, '"sequence"');
  });

  await step('who runs a query sooner than GraphiQL has read it gets its answer', async () => {
    await newTab(page);
    await writeQuery(page, SUBSCRIPTION);
    // What has been read is stored.
    await page.waitForFunction((text) => Object.values(localStorage).includes(text), SUBSCRIPTION);
    await writeAndExecute(page, '{ dataStatus { stale } }');
    await shown(page, '"stale"');
  });

  await step('long lines are in view', async () => {
    const long = `${'word '.repeat(20)}${'token'.repeat(20)}`;
    await writeQuery(page, `# ${long}`);
    await inView(page, '.graphiql-query-editor', `# ${long}`);
    for (const write of [writeVariables, writeHeaders]) {
      await write(page, `{ "long": "${long}" }`);
      await inView(page, '.graphiql-editor-tool', `{ "long": "${long}" }`);
    }
  });

  await step('no errors in the console, no violation of the policy, no foreign request', async () => {
    check(complaints.length === 0, `${complaints.length} of them:`);
  });
}

// Whether an editor shows the whole text, without a line that begins or ends outside.
async function inView(page, place, text) {
  const editor = page.locator(`${place} .monaco-editor:visible`);
  const shorn = (lines) => lines.replaceAll(/\s/g, '');
  await until(
    async () => shorn(await editor.locator('.view-lines').innerText()) === shorn(text),
    `${place} does not show all of: ${text}`,
  );
  const outside = await editor.evaluate((element) => {
    const { left, right } = element.getBoundingClientRect();
    return [...element.querySelectorAll('.view-line > span')]
      .map((line) => line.getBoundingClientRect())
      .some((line) => line.left < left || line.right > right);
  });
  check(!outside, `${place} does not show the whole width of: ${text}`);
}
