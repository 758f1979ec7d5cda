// Lines on standard error. File names and headers are printed in them, and may hold anything.

/** The text as one line that a terminal shows as it is. */
export function plain(text: string): string {
  return text.replace(/\r?\n/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

/** Prints one line. */
export function printLine(text: string): void {
  process.stderr.write(`softplus: ${plain(text)}\n`)
}

// Controls, and characters that show nothing or turn the text around them.
function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`
}
