// relu(x) = max(x, 0) and its derivative, the yardstick softplus is measured against. Exact.

export function relu(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) y[i] = Math.max(0, x[i])
}

export function reluDerivative(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    y[i] = v > 0 ? 1 : v !== v ? v : 0
  }
}
