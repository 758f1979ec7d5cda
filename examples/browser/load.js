// Loads the package with the backend that is named: 'wasm' or 'js'. An empty name gives the best that runs here.

const entry = './output/js.js'

/** @param {string} name */
export async function load(name) {
  if (name === '') return import(entry)
  // The package reads the name once, when it is loaded, as it reads an environment variable in Node. Each query makes the
  // browser load its entry anew.
  globalThis.process = { env: { SOFTPLUS_BACKEND: name } }
  try {
    return await import(`${entry}?${name}`)
  } finally {
    delete globalThis.process
  }
}
