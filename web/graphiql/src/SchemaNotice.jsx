import { Button, useGraphiQL, useGraphiQLActions } from '@graphiql/react';

// GraphiQL shows why it has no schema in the documentation pane only, which is
// closed at first.
export function SchemaNotice() {
  const fetchError = useGraphiQL((state) => state.fetchError);
  const { introspect } = useGraphiQLActions();
  if (!fetchError) return null;
  return (
    <div className="notice" role="alert">
      <p>
        <strong>No schema:</strong> {reason(fetchError)}
      </p>
      <p>Completion and documentation need it; running an operation does not.</p>
      <Button type="button" onClick={introspect}>
        Try again
      </Button>
    </div>
  );
}

// The error arrives as the text of a GraphQL response.
function reason(fetchError) {
  try {
    const { errors } = JSON.parse(fetchError);
    return errors.map(({ message }) => message).join(' ');
  } catch {
    return fetchError;
  }
}
