// The environment variable SOFTPLUS_BACKEND. Browsers have none, and Deno may forbid reading it.

export function forcedBackend(): string | undefined {
  try {
    return globalThis.process?.env?.SOFTPLUS_BACKEND
  } catch {
    return undefined
  }
}
