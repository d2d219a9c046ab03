// GraphQL over HTTP, by the audits of graphql-http: node http.mjs URL
//
// A recommendation not followed counts as much as a requirement.
import { auditServer } from 'graphql-http'
import { summarise } from './probe.mjs'

const results = await auditServer({ url: process.argv[2], fetchFn: fetch })
const failed = results.filter((result) => result.status !== 'ok')
for (const { status, id, name, reason } of failed) {
  console.log(`${status}  ${id}  ${name}: ${reason}`)
}
summarise('graphql-http', results.length - failed.length, results.length)
