// The byte order of float32. Files and streams are little-endian; a Float32Array has the order of the CPU.

const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0

/**
 * Converts whole floats from little-endian to the order of this CPU, or back, in place.
 * `swaps` says whether the two orders differ; only tests pass it.
 */
export function convertLittleEndian(bytes: Uint8Array, swaps = isBigEndian): void {
  if (swaps) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32()
}
