import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import './workers.js';
import './page.css';
import { Adjustments } from './Adjustments.jsx';
import { config } from './config.js';
import { fetcher } from './fetcher.js';
import { SchemaNotice } from './SchemaNotice.jsx';
import { storage } from './storage.js';

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    // Only until the browser has tabs of its own in its local storage.
    defaultTabs={config.examples}
    isHeadersEditorEnabled
    // Nor is there a switch for it: it would be forgotten with the next visit.
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
  >
    <Adjustments />
    <GraphiQL.Logo>Pitwall</GraphiQL.Logo>
    <GraphiQL.Footer>
      <SchemaNotice />
    </GraphiQL.Footer>
  </GraphiQL>,
);
