// Which runtime runs this process. Bun and Deno name the version of Node they follow, too.

export interface Runtime {
  name: 'Node' | 'Bun' | 'Deno'
  version: string
}

export function currentRuntime(): Runtime {
  const { bun, deno, node } = process.versions as Record<string, string>
  if (bun) return { name: 'Bun', version: bun }
  if (deno) return { name: 'Deno', version: deno }
  return { name: 'Node', version: node }
}

/** 'Node 20.20.2', 'Bun 1.4.5', 'Deno 2.9.6'. */
export function runtimeText(): string {
  const { name, version } = currentRuntime()
  return `${name} ${version}`
}
