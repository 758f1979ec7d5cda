// docs/accuracy.md, made of what the proof found.

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
  inverse: { formula: 'ln(e^(beta y) - 1) / beta', bound: '0.51', boundWithBeta: '1.25' },
}

const count = (n: number): string => n.toLocaleString('en-US')

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
  return `## ${name === 'softplus' ? name : `softplus.${name}`}

\`${formula}\`

| beta | bound, ULP | largest error, ULP | where | not correctly rounded | bits differing | inputs |
| ---- | ---------- | ------------------ | ----- | --------------------- | -------------- | ------ |
${rows.join('\n')}
`
}

/** The page: a table for every function, then what is known of others. */
export const accuracyPage = (proofs: Proof[]): string => `# Accuracy

Made by \`npm run prove -- --markdown\`; edit \`tools/accuracy.ts\` instead.

An error is the distance between a result and the true value, in units in the last place (ULP) of the true value; below
the smallest normal number the unit is 2^-149. 0.5 ULP at most is correct rounding. The true values come from binary64
arithmetic, and from x87's 80 bits near ties (\`native/test/prove.cc\`).

- With beta 1 every one of the 2^32 inputs was run, and with beta 2; with other betas 1 in 257 of them, so that their largest
  errors are those of ${count(Math.ceil(2 ** 32 / 257))} inputs.
- "Bits differing" counts results that are not the same on every backend of the machine, beside other neighbours, or from
  \`withDerivative\`. TypeScript and NEON are compared by the same command and have no rows here: they gave the same bits.
- A bound is what the package promises, and what the command fails at.
- inverse(softplus(x)) is finite for every x > -87, which the command checks too; below that softplus(x) becomes
  subnormal, and at last 0, whose inverse is -Infinity.
- \`backward\` is the derivative times grad, rounded once more.

${Object.keys(described)
  .map((name) => sectionOf(name, proofs))
  .join('\n')}
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
