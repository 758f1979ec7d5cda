// docs/accuracy.md, made of what the proof found.
import { type DerivedBound, inverseBound } from './bound'
import type { Found } from './search'

/** The largest error that softplus and its derivatives may have with any beta, in ULP; boundOf in native/test/reference.h. */
export const boundWithBeta = 1.25

/** What native/test/prove.cc prints for a function. */
export interface Proof {
  function: string
  beta: number
  inputs: number
  maxUlp: number
  witness: string
  notCorrectlyRounded: number
  mismatches: number
  decreasing: number
  monotone: boolean
  hash: string
  holds: boolean
}

interface Described {
  formula: string
  bound: string
  boundWithBeta: string
}

const described: Record<string, Described> = {
  softplus: { formula: 'ln(1 + e^(beta x)) / beta', bound: '0.85', boundWithBeta: '1.25' },
  derivative: { formula: '1 / (1 + e^(-beta x))', bound: '0.85', boundWithBeta: '1.25' },
  secondDerivative: {
    formula: 'beta u / (1 + u)^2, u = e^-abs(beta x)',
    bound: '0.85',
    boundWithBeta: '1.25',
  },
  inverse: { formula: 'ln(e^(beta y) - 1) / beta', bound: '0.51', boundWithBeta: '0.51' },
}

const count = (n: number): string => n.toLocaleString('en-US')

const titleOf = (name: string): string => (name === 'softplus' ? name : `softplus.${name}`)

function sectionOf(name: string, proofs: Proof[]): string {
  const { formula, bound, boundWithBeta } = described[name]
  const rows = proofs
    .filter((proof) => proof.function === name)
    .sort((a, b) => Math.abs(a.beta) - Math.abs(b.beta) || b.beta - a.beta || b.inputs - a.inputs)
    .map(
      (p) =>
        `| ${Number(p.beta.toPrecision(7))} | ${p.beta === 1 ? bound : boundWithBeta} | ${p.maxUlp.toFixed(4)} | ` +
        `\`${p.witness}\` | ${count(p.notCorrectlyRounded)} | ${count(p.mismatches)} | ${count(p.inputs)} |`,
    )
  return `## ${titleOf(name)}

\`${formula}\`

| beta | bound, ULP | largest error, ULP | where | not correctly rounded | bits differing | inputs |
| ---- | ---------- | ------------------ | ----- | --------------------- | -------------- | ------ |
${rows.join('\n')}
`
}

/** The largest error that the inverse may have, in ULP; boundOf in native/test/reference.h. */
export const boundOfInverse = 0.51

// A bound must not be stated smaller than it is.
const roundedUp = (ulp: number): string => (Math.ceil(ulp * 100) / 100).toFixed(2)

const searchRows = (found: Found[], bounds: DerivedBound[]): string =>
  found
    .map(({ function: name, maxUlp, beta, witness, got, want, pairs }) => {
      const derived = bounds.filter((bound) => bound.name === name).map(({ ulp }) => ulp)
      const bound = name === 'inverse' ? inverseBound() : Math.max(...derived)
      return (
        `| ${titleOf(name)} | ${roundedUp(bound)} | ${maxUlp.toFixed(4)} | \`${beta}\` | \`${witness}\` | ` +
        `\`${got}\` | \`${want}\` | ${count(pairs)} |`
      )
    })
    .join('\n')

const boundRows = (bounds: DerivedBound[]): string =>
  bounds
    .map(({ name, place, ulp }) => `| ${titleOf(name)} | ${place} | ${roundedUp(ulp)} |`)
    .join('\n')

const anyBeta = (found: Found[], bounds: DerivedBound[]): string => `## Any beta

No machine can run every pair of beta and x. Two things stand for all of them: an upper bound that follows from the
tables, and a search for the largest error. \`npm run prove\` does both, and fails where one is above its bound: ${boundWithBeta} ULP, and
${boundOfInverse} for the inverse.

| function | derived bound, ULP | largest error found, ULP | beta | x | result | true value | pairs |
| -------- | ------------------ | ------------------------ | ---- | - | ------ | ---------- | ----- |
${searchRows(found, bounds)}

The search (\`native/test/search.cc\`) draws betas of any bits, subnormal, huge, tiny and negative ones, and x whose product with
beta is anywhere, at the border of a cell, at 14.75, at a multiple of ln 2, at a floor, and, for the inverse, the products of
two floats that come nearest to ln 2. Then it climbs: it changes the last bits of the worst pairs. Every backend of the
machine must give the same bits for each pair; TypeScript is compared on 10,000,000 of them for each function, NEON on 1,000,000.

### How the bound is derived

\`tools/prove/bound.ts\` adds up what every step of \`native/functions/\` can lose, on short intervals of r, for every cell:

| function | where | at most, ULP |
| -------- | ----- | ------------ |
${boundRows(bounds)}

1. **The remainder.** \`-abs(beta x) = n + r\`, where n is a multiple of 1/2. One fma computes r, so r is rounded once: by 2^-27 at most
   where abs(r) < 1/4. That moves the function by its slope times 2^-27, which is 1/8 ULP at most. With beta 1 r is exact;
   this step is why other betas have larger errors. beta x itself is rounded before n is chosen, so abs(r) can pass 1/4 by 2^-21.
2. **The polynomial.** Its difference from the true function is sampled 65 times on every interval; between two samples it strays by
   at most h^2 / 8 times its second derivative, which is bounded too.
3. **The steps.** Each rounding loses at most half a unit in the last place of the largest value it can have on the interval. What
   it lost is carried on by the factors that later steps multiply with: abs(r), r^2.
4. **The last step.** softplus and the second derivative multiply by 1 / beta or beta in binary64 and round once, which adds 1/2. Any
   factor can come, so the sum is taken in the smallest unit, 2^-24 of the value. The derivative is rounded where it
   is, and once more by 1 - w where beta x is positive.
5. **Far values** are moved by e multiples of ln 2, exactly but for the low part of ln 2. What rounding that loses is put back with c1
   for the slope; the difference of c1 from the slope, and of three terms from f in K f^2 (1 - 2^e), are part of the sum.
6. **What needs little or no arithmetic.** The derivative is 1 - w for beta x >= 14.75, with w below 2^-21: 1/2 and next to nothing. softplus(x) = x for beta x >= 14.75 leaves out ln(1 + e^-14.75), 0.45 ULP of x at most. Below
   the floors the true value is less than half of the smallest float, for the largest and the smallest beta too. A subnormal
   result of the derivative is rounded twice: 1/2 and half of the bound above, as its unit is at least twice as large.
7. **The inverse** is computed in binary64. t = beta y is exact: 48 bits. Where the result is small, t is near ln 2, and t - ln 2 is what
   counts: products of two floats are multiples of 2^-48 there, so they stay 2^-49.1 away from ln 2, and ln 2 is taken to 2^-87.
   That leaves 2^-38 of the result. The series add 2^-44, every other step 2^-52. Together they are below 0.0001 ULP beside the 1/2
   of the last rounding. Where beta y > 17.5 the result is y, which leaves out 0.03 ULP.
`

/** The page: a table for every function, then what is known of others. */
export const accuracyPage = (
  proofs: Proof[],
  found: Found[],
  bounds: DerivedBound[],
): string => `# Accuracy

Made by \`npm run prove -- --markdown\`; edit \`tools/prove/accuracy.ts\` instead.

An error is the distance between a result and the true value, in units in the last place (ULP) of the true value; below
the smallest normal number the unit is 2^-149. 0.5 ULP at most is correct rounding. The true values come from binary64
arithmetic, and from x87's 80 bits near ties (\`native/test/prove.cc\`).

- With beta 1 every one of the 2^32 inputs was run, and with beta 2; with the other betas of the tables 1 in 257 of them, so that
  their largest errors are those of ${count(Math.ceil(2 ** 32 / 257))} inputs. [Any beta](#any-beta) has the bound for all others.
- "Bits differing" counts results that are not the same on every backend of the machine, beside other neighbours, or from
  \`withDerivative\`. TypeScript and NEON are compared by the same command and have no rows here: they gave the same bits.
- A bound is what the package promises, and what the command fails at.
- inverse(softplus(x)) is finite for every x > -87, which the command checks too; below that softplus(x) becomes
  subnormal, and at last 0, whose inverse is -Infinity.
- \`backward\` is the derivative times grad, rounded once more.

${Object.keys(described)
  .map((name) => sectionOf(name, proofs))
  .join('\n')}
${anyBeta(found, bounds)}
## Others

No library known to us states a bound for its softplus over all float32 inputs. What is known:

| library | largest error | source |
| ------- | ------------- | ------ |
| PyTorch 1.13.1, CPU | 1 ULP away from ours at most, on 152,832 activations of a real network | \`npm start\`, which compares with PyTorch's recorded results |
| TensorFlow | 3.7 ULP or more | [its kernel](https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/kernels/softplus_op.h) takes e^x for softplus below ln(2^-23) + 2 = -13.94, where it is e^x / 2 = 4.4e-7 of the value too large, 3.7 units of 2^-23 |
| TensorFlow.js, WebGL | as TensorFlow, and ln(1 + e^x) without log1p between | [its shader](https://github.com/tensorflow/tfjs/blob/master/tfjs-backend-webgl/src/kernels/Softplus.ts) |
| TT-NN, FLOAT32 | 7,757 ULP with beta 1; 698 ULP at 0 | [issue 54673](https://github.com/tenstorrent/tt-metal/issues/54673) of tt-metal |
| oneDNN 2.6.3, \`eltwise_soft_relu\` | 36,707 ULP on [-8, 8]; 0 at -15, negative at -20 | measured: [performance.md](performance.md#other-libraries), \`npm run bench:peers\` |
| ONNX Runtime 1.30.0, NumPy 1.24.2 | 4.42 ULP and 1.49 ULP on [-8, 8] | measured there too |

PyTorch's threshold of 20 returns x where beta x > 20. Above 17.33 x is the correctly rounded result anyway, so it changes
nothing there; it does for a threshold below that.
`
