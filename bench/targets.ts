// Targets for measured figures. A bound on a time or a ratio of times belongs to the processors on which it was measured.
import { markdown } from './table'

const processors = {
  zen5: { name: 'AMD Zen 5', cpu: /AMD EPYC, family 26 / },
  // Emerald Rapids and Granite Rapids.
  xeon: { name: 'Intel Xeon', cpu: /Intel.* family 6 model (173|207)$/ },
}
type Processor = keyof typeof processors
const names = Object.keys(processors) as Processor[]

/** One for every processor, or one for each of some. Elsewhere the figure is printed, and cannot be missed. */
export type Bound = number | Partial<Record<Processor, number>>

export interface Target {
  what: string
  bound: Bound
  measured: number
  sign: '>=' | '<='
}

export const atLeast = (what: string, bound: Bound, measured: number): Target => {
  return { what, bound, measured, sign: '>=' }
}
export const atMost = (what: string, bound: Bound, measured: number): Target => {
  return { what, bound, measured, sign: '<=' }
}

/** A processor's name for readers, with that of its generation where targets name it. */
export function nameOf(cpu: string): string {
  const [, familyAndModel] = cpu.split(', ')
  const known = names.find((name) => processors[name].cpu.test(cpu))
  return known ? `${processors[known].name} (${familyAndModel})` : cpu
}

/** A figure that explains the one above it, and has no target of its own. */
export const withoutTarget = (what: string, measured: number): Target => atLeast(what, {}, measured)

function boundOn(cpu: string, bound: Bound): number | undefined {
  if (typeof bound === 'number') return bound
  const here = names.find((name) => processors[name].cpu.test(cpu))
  return here && bound[here]
}

function elsewhere(sign: string, bound: Bound): string {
  const all = Object.entries(bound)
  const on = all.map(([name, value]) => `${value} on ${processors[name as Processor].name}`)
  return all.length === 0 ? '' : `(${sign} ${on.join(', ')})`
}

/** The targets as rows: what, the target on this processor, what was measured, and whether it is met. */
export function rowsOf(cpu: string, targets: Target[]): string[][] {
  return targets.map(({ what, bound, measured, sign }) => {
    const here = boundOn(cpu, bound)
    if (here === undefined) return [what, elsewhere(sign, bound), measured.toFixed(2), '']
    const isMet = sign === '>=' ? measured >= here : measured <= here
    return [what, `${sign} ${here}`, measured.toFixed(2), isMet ? 'met' : 'MISSED']
  })
}

/** Prints the targets, and returns their rows. Sets exit code 1 if one of this processor was missed. */
export function report(cpu: string, targets: Target[]): string[][] {
  const rows = rowsOf(cpu, targets)
  if (rows.some(([, , , met]) => met === 'MISSED')) process.exitCode = 1
  const head = ['', 'target', 'measured', 'met']
  console.log(`\n${markdown({ title: `Targets on ${cpu}`, head, rows })}`)
  return rows
}
