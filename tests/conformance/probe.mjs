// What the suites share: named probes, each an async function that throws when a server does
// not do what is wanted.

export function want(condition, otherwise) {
  if (!condition) throw new Error(otherwise)
}

/** The promise's value, or an error when there is none after so many milliseconds. */
export function within(ms, promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Runs all probes at once, since some only wait, and ends the process with their verdict. */
export async function run(suite, probes) {
  const failures = await Promise.all(
    Object.values(probes).map((probe) => probe().then(() => null, (error) => error)),
  )
  const names = Object.keys(probes)
  names.forEach((name, i) => {
    console.log(failures[i] ? `FAILED  ${name}: ${failures[i].message}` : `ok      ${name}`)
  })
  summarise(suite, failures.filter((failure) => !failure).length, names.length)
}

export function summarise(suite, ok, all) {
  console.log(`${suite}: ${ok} of ${all} ok`)
  process.exit(ok === all && all > 0 ? 0 : 1)
}
