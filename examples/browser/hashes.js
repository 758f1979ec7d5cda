// The hashes of docs/accuracy.md: all 2^32 results of each function, with beta 1.
export const hashes = {
  softplus: 'de325e4e08c652d0',
  'softplus.derivative': 'bf2dd0ae75c46f53',
  'softplus.secondDerivative': 'efe62cf19a2e62c8',
  'softplus.inverse': '7ba7029fcc825b6c',
  relu: '897a9dd9defba427',
  'relu.derivative': 'edceeda8eeb236ce',
}
