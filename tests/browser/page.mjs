// What the tests beside share: a Chromium that reaches nothing but one server, and GraphiQL's
// panes as a person uses them. CHROMIUM names the browser.

import { chromium } from 'playwright-core';

const TIMEOUT = 20_000;

// Everything that must not happen, as it happens.
export const complaints = [];

export function launch(server) {
  return chromium.launch({
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
}

// A window that shares nothing with others.
export async function openContext(browser, server, viewport = { width: 1280, height: 800 }) {
  const context = await browser.newContext({ viewport, serviceWorkers: 'block' });
  context.setDefaultTimeout(TIMEOUT);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);

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
  return context;
}

export async function openPage(context, server) {
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

export async function schemaRead(page) {
  await page.locator('.graphiql-query-editor .monaco-editor .view-line').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.graphiql-spinner'));
  check((await page.locator('.notice').count()) === 0, 'the page says that it has no schema');
}

export async function newTab(page) {
  await page.getByRole('button', { name: 'New tab' }).click();
}

export async function writeQuery(page, text) {
  await write(page, page.locator('.graphiql-query-editor .view-lines'), text, 'operation.graphql');
}

export async function writeVariables(page, variables) {
  await writeTool(page, 'Variables', variables, 'variables.json');
}

export async function writeHeaders(page, headers) {
  await writeTool(page, 'Headers', headers, 'request-headers.json');
}

async function writeTool(page, name, text, file) {
  await page.locator('.graphiql-editor-tools').getByRole('button', { name }).click();
  await write(page, page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines'), text, file);
}

// In place of what is there.
async function write(page, editor, text, file) {
  // Behind another tab a page is slow.
  await page.bringToFront();
  await editor.click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  // Typed, the editor would complete and close brackets.
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press('ControlOrMeta+V');
  await until(async () => (await content(page, file)) === text, `the editor of ${file} does not take: ${text}`);
}

export async function execute(page) {
  await page.locator('.graphiql-execute-button').click();
}

// Within the tenth of a second after which GraphiQL reads the editor.
export function writeAndExecute(page, text) {
  return page.evaluate((written) => {
    const { editor } = globalThis.__MONACO;
    editor
      .getModels()
      .find((model) => model.uri.path.endsWith('operation.graphql'))
      .setValue(written);
    document.querySelector('.graphiql-execute-button').click();
  }, text);
}

// The whole response, once the part of it that is visible contains `text`.
export async function shown(page, text) {
  let response;
  try {
    await until(async () => {
      // An answer of before is in view for a moment after it is gone.
      response = await content(page, 'response.json');
      return response.includes(text) && (await visible(page)).includes(text);
    });
  } catch {
    throw new Error(`${text} is not in the response pane, but: ${(await visible(page)) || 'nothing'}`);
  }
  return JSON.parse(response);
}

// What the response pane has in view.
export async function visible(page) {
  const text = await page.locator('.graphiql-response .view-lines').innerText();
  return text.replaceAll('\u00a0', ' ').trim();
}

// An editor's pane holds the lines in view only; its model holds all.
function content(page, file) {
  return page.evaluate(
    (name) =>
      globalThis.__MONACO.editor
        .getModels()
        .find((model) => model.uri.path.endsWith(name))
        .getValue(),
    file,
  );
}

export async function step(name, body) {
  try {
    await body();
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
  console.log(`ok      ${name}`);
}

export function failed(error) {
  console.error(`FAILED  ${error.message}`);
  for (const complaint of complaints) console.error(`        ${complaint}`);
  process.exitCode = 1;
}

export function check(condition, complaint) {
  if (!condition) throw new Error(complaint);
}

export async function until(condition, complaint) {
  const end = Date.now() + TIMEOUT;
  while (!(await condition())) {
    check(Date.now() < end, complaint);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
