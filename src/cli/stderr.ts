// Lines on standard error. They quote file names and headers, which may hold any character.

/** The text as one line without characters that a terminal obeys. */
export function plain(text: string): string {
  return text.replace(/\r?\n/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

/** Prints one line. */
export function printLine(text: string): void {
  process.stderr.write(`softplus: ${plain(text)}\n`)
}

// Control characters, and characters that are invisible or reverse the text around them.
function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`
}
