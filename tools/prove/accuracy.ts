// Writes docs/accuracy.md from what the proof and the search found.
import type { DerivedBound } from './bound'
import { type Entry, entries, entryOf } from './facts'
import type { Found } from './search'

/** What native/test/prove.cc prints for a function. */
export interface Proof {
  function: string
  beta: number
  inputs: number
  maxUlp: number
  x: string
  got: string
  want: string
  notCorrectlyRounded: number
  mismatches: number
  decreasing: number
  monotone: boolean
  hash: string
  holds: boolean
}

const count = (n: number): string => n.toLocaleString('en-US')

// A bound must not be stated smaller than it is.
const roundedUp = (ulp: number): string => (Math.ceil(ulp * 100) / 100).toFixed(2)

function sectionOf({ name, publicName, summary, bound, boundWithBeta }: Entry, proofs: Proof[]) {
  const lines = proofs
    .filter((proof) => proof.function === name)
    .sort((a, b) => Math.abs(a.beta) - Math.abs(b.beta) || b.beta - a.beta || b.inputs - a.inputs)
    .map(
      (p) =>
        `| ${Number(p.beta.toPrecision(7))} | ${p.beta === 1 ? bound : boundWithBeta} | ${p.maxUlp.toFixed(4)} | ` +
        `\`${p.x}\` | ${count(p.notCorrectlyRounded)} | ${count(p.mismatches)} | ${count(p.inputs)} |`,
    )
  return `## ${publicName}

${summary}

| beta | guaranteed, ULP | largest error, ULP | at x | not correctly rounded | bits differing | inputs |
| ---- | --------------- | ------------------ | ---- | --------------------- | -------------- | ------ |
${lines.join('\n')}
`
}

/** The hashes of all results with beta 1, in a table. */
export const hashSection = (
  proofs: Pick<Proof, 'function' | 'beta' | 'inputs' | 'hash'>[],
) => `## Hashes

A hash of all 2^32 results with beta 1 stands for their bits: every backend, processor and runtime has the same one.
\`npm run prove\` computes them, \`native/test/prove.cc\` and \`examples/browser/hash.js\` define them, and the
page of \`examples/browser/\` in the repository compares them on any machine.

| function | hash |
| -------- | ---- |
${proofs
  .filter(({ beta, inputs }) => beta === 1 && inputs === 2 ** 32)
  .map(({ function: name, hash }) => `| ${entryOf(name).publicName} | \`${hash}\` |`)
  .join('\n')}
`

const searchRows = (found: Found[], bounds: DerivedBound[]): string =>
  found
    .map(({ function: name, maxUlp, beta, x, got, want, pairs }) => {
      const derived = bounds.filter((bound) => bound.name === name).map(({ ulp }) => ulp)
      const { publicName, boundWithBeta } = entryOf(name)
      return (
        `| ${publicName} | ${boundWithBeta} | ${roundedUp(Math.max(...derived))} | ${maxUlp.toFixed(4)} | ` +
        `\`${beta}\` | \`${x}\` | \`${got}\` | \`${want}\` | ${count(pairs)} |`
      )
    })
    .join('\n')

const boundRows = (bounds: DerivedBound[]): string =>
  bounds
    .map(({ name, place, ulp }) => `| ${entryOf(name).publicName} | ${place} | ${roundedUp(ulp)} |`)
    .join('\n')

const anyBeta = (found: Found[], bounds: DerivedBound[]): string => `## Any beta

There are too many pairs of beta and x to run all of them. Two things stand in for that: an upper bound on the error, derived from
the tables of coefficients, and a search for the largest error. \`npm run prove\` does both. It fails if an error or a derived
bound is larger than guaranteed.

| function | guaranteed, ULP | derived bound, ULP | largest error found, ULP | beta | x | result | true value | pairs |
| -------- | --------------- | ------------------ | ------------------------ | ---- | - | ------ | ---------- | ----- |
${searchRows(found, bounds)}

The search (\`native/test/search.cc\`) tries random pairs first. Its betas have any bits: subnormal, tiny, huge and negative ones are among
them. Its x are chosen so that beta x lands anywhere, or where the computation changes: at the border of a table cell, at
14.75, at a multiple of ln 2, and where results become 0. For the inverse, it also takes the products of two floats that come
nearest to ln 2. Then the search changes the last bits of the worst pairs, again and again. Every backend of the machine must
give the same bits for each pair. The strict WebAssembly module and the fallback
compute 10,000,000 of the pairs of each function, NEON 1,000,000.

### How the bound is derived

\`tools/prove/bound.ts\` adds up what each step of \`native/evaluate.h\` can lose. It does so for every cell of the tables, on short
intervals of r. *Near* means abs(beta x) < 14.75, *far* everything else. The other names:

- a is -abs(beta x), and f(a) the function at a. The negative half-line is cut into cells of width 1/2. n is the centre of a's
  cell, and r = a - n the distance from it.
- c0 to c6 are the cell's coefficients, c0 in two parts: c0 + c1 r + ... + c6 r^6 stands in for f(a). w is the value computed for f(a).
- Far, v = a - e ln 2 takes the place of a, with an integer e of at most 0: f(a) = 2^e (f(v) + K f(v)^2 (1 - 2^e)), where K is
  1/2 for softplus, 1 for its derivative and 2 for its second derivative.

| function | where | at most, ULP |
| -------- | ----- | ------------ |
${boundRows(bounds)}

1. **The remainder.** \`-abs(beta x)\` is split into \`n + r\`, where n is a multiple of 1/2. One fma computes r and rounds it once,
   by at most 2^-27 where abs(r) < 1/4. This changes the result by its derivative times 2^-27, which is at most 1/8 ULP. With beta 1
   r is exact. Near, another fma chooses n from the exact product, far the rounded product does.
2. **The polynomial.** Its difference from the true function is computed at 65 points of every interval. Between two points it
   can grow by at most h^2 / 8 times its second derivative, where h is their distance.
3. **The steps.** Each rounding loses at most half a unit in the last place of the largest value on the interval. Later steps
   multiply this loss by abs(r) or r^2. Where a factor follows, the sum c0 + c1 r is kept as two floats: the second has what the
   first lost, and the small terms of the polynomial. For softplus with beta x > 0, n is subtracted from c0 before, and the
   second float has what that lost, too. For the derivative, which has no factor, c0 is added last.
4. **The last step.** softplus and the second derivative multiply both floats by 1 / beta or beta. 1 / beta is two floats as well. The
   products are rounded once, together, which adds 1/2 ULP; the smaller ones are rounded before at 2^-24 of their size. Where abs(beta)
   is above 2^64 or below 2^-64 this step is in binary64. The result can have any exponent, so the sum is taken in the smallest
   unit, 2^-24 of the value. The derivative is rounded once, and once more by 1 - w where beta x is positive.
5. **Far values** are moved near by e multiples of ln 2. The move is exact except for the low part of ln 2. What its rounding loses
   is multiplied by the derivative and added back. c1 stands in for the derivative, and three terms stand in for f(v) in the square;
   both errors are in the sum. So is what the formula for f(a) leaves out, and the error of ln 2: below 2^-34.9 of the value.
6. **Results that need little arithmetic.** For beta x >= 14.75 the derivative is 1 - w with w below 2^-21, so its error is 1/2 ULP and
   almost nothing more. For beta x >= 14.75 softplus(x) is x, which leaves out ln(1 + e^-14.75), at most 0.45 ULP of x. Results that
   are set to 0 have a true value below half of the smallest float, for the largest and the smallest beta too. Subnormal
   results are rounded twice. Their error is at most 1/2 ULP and half of the bound above, because their unit is at least twice as
   large.
7. **The inverse** is computed in binary64. t = beta y is exact, with 48 bits. Small results come from t near ln 2, where the
   precision of t - ln 2 matters. Products of two floats are multiples of 2^-48 there. The nearest one is 2^-49.1 away from ln 2, and
   ln 2 is known to 2^-87, so the relative error is 2^-38. The series add 2^-44, every other step 2^-52. All of them together
   are below 0.0001 ULP, and the last rounding adds 1/2. For beta y > 17.5 the result is y, which is off by 0.03 ULP.
`

/** The page: a table for each function that is not exact, then the hashes, any beta, and other libraries. */
export const accuracyPage = (
  proofs: Proof[],
  found: Found[],
  bounds: DerivedBound[],
): string => `# Accuracy

\`npm run prove -- --write\` writes this page. To change its text, edit \`tools/prove/accuracy.ts\`.

**What is guaranteed.** With beta 1, softplus, its derivative and its second derivative are within ${entryOf('softplus').bound} ULP of the true value for every one
of the 2^32 float32 inputs. With any other beta they are within ${entryOf('softplus').boundWithBeta} ULP. The inverse is within ${entryOf('inverse').boundWithBeta} ULP
with every beta. relu and its derivative are exact. Every backend gives the same bits.

**What a ULP is.** The error of a result is its distance from the true value, in units in the last place (ULP): the spacing of
float32 numbers at the true value, 2^-149 below the smallest normal number. A correctly rounded result has an error of at most 0.5
ULP. float32 results that differ only in their last bit are 1 ULP apart.

**How it is proven.** \`npm run prove\` computes every input with beta 1; with \`--write\` also with beta 2. It compares the results with
the true values, which it computes in binary64 or, near ties, in x87's 80-bit format (\`native/test/reference.h\`). The command
fails if an error is larger than guaranteed.

- For this page all 2^32 inputs were run with beta 1, and with other betas as many as the last column says: 1 in 257 or all.
  [Any beta](#any-beta) has the bound for all other betas.
- "Bits differing" counts results that depend on the backend, on the other values in the array, or on whether \`withDerivative\` computes
  them. The same command compares both WebAssembly modules, the fallback and NEON, which gave the same bits. The tables leave them out.
- softplus and its derivative never decrease: of two inputs the larger one has the larger result, or the same. The command
  checks this for each step between two neighbouring floats.
- inverse(softplus(x)) is finite while softplus(x) > 0, that is for x > -103.97. Below -87 it loses precision, because softplus(x) is
  subnormal.
- \`backward\` is the derivative times grad, rounded once more.

${entries
  .filter(({ bound }) => bound > 0)
  .map((entry) => sectionOf(entry, proofs))
  .join('\n')}
${hashSection(proofs)}
${anyBeta(found, bounds)}
## Other libraries

We know of no other library that states a bound for its softplus over all float32 inputs. These errors are known:

| library | largest error | source |
| ------- | ------------- | ------ |
| PyTorch 1.13.1, CPU | at most 1 ULP from our results, on 152,832 activations of a real network | \`npm start\` compares with PyTorch's recorded results. The measurements of performance are of another build, 1.13.0a0 |
| TensorFlow | 3.7 ULP or more | [its kernel](https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/kernels/softplus_op.h) returns e^x for softplus below ln(2^-23) + 2 = -13.94. There e^x exceeds softplus by a relative e^x / 2 = 4.4e-7, or 3.7 units of 2^-23 |
| TensorFlow.js, WebGL | as TensorFlow; in between it computes ln(1 + e^x) without log1p | [its shader](https://github.com/tensorflow/tfjs/blob/master/tfjs-backend-webgl/src/kernels/Softplus.ts) |
| TT-NN, FLOAT32 | 7,757 ULP with beta 1; 698 ULP at 0 | [issue 54673](https://github.com/tenstorrent/tt-metal/issues/54673) of tt-metal |
| oneDNN 2.6.3, \`eltwise_soft_relu\` | 36,707 ULP on [-8, 8]; 0 at -15, negative at -20 | measured: \`docs/performance.md\`, \`npm run bench -- peers\` |
| ONNX Runtime 1.30.0, NumPy 1.24.2 | 4.42 ULP and 1.49 ULP on [-8, 8] | measured there too |

PyTorch's threshold of 20 returns x where beta x > 20. With beta 1, softplus rounds to x from 14.56 on and its derivative to 1 from
17.33 on. With any beta this package returns x where beta x >= 14.75, and 1 where beta x >= 17.33. So PyTorch's threshold of 20
changes neither.
`
