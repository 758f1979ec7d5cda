// Files and streams hold little-endian float32; a Float32Array holds what the CPU reads.

const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0

/**
 * Turns bytes of whole little-endian floats into this CPU's order, or back, in place.
 * `swaps` is whether the two differ; tests pass it.
 */
export function convertLittleEndian(bytes: Uint8Array, swaps = isBigEndian): void {
  if (swaps) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32()
}
