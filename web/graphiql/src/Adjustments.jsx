import { useEffect } from 'react';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';

// What GraphiQL has no property for.
export function Adjustments() {
  const { stop } = useGraphiQLActions();
  const tab = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex].id);
  const editors = useGraphiQL(({ queryEditor, variableEditor, headerEditor }) => [
    queryEditor,
    variableEditor,
    headerEditor,
  ]);

  // GraphiQL stops a subscription when another tab is chosen, but not when one is
  // added: its events would go there, and the button would only stop it.
  useEffect(() => stop, [stop, tab]);

  // Operations of one line and tokens are longer than an editor is wide.
  useEffect(() => {
    for (const editor of editors) editor?.updateOptions({ wordWrap: 'on' });
  }, [editors]);

  return null;
}
