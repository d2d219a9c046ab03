// Prints a schema in one order, whether from a file or as a server tells it, so that two can be
// compared: node schema.mjs FILE|URL
import { readFileSync } from 'node:fs'
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'

const source = process.argv[2]
const schema = /^https?:/.test(source)
  ? buildClientSchema(await introspect(source))
  : buildSchema(readFileSync(source, 'utf8'))
console.log(printSchema(lexicographicSortSchema(schema)))

async function introspect(url) {
  const query = getIntrospectionQuery({
    directiveIsRepeatable: true,
    inputValueDeprecation: true,
    oneOf: true,
    specifiedByUrl: true,
  })
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(`introspection fails: ${JSON.stringify(errors)}`)
  return data
}
