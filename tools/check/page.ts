// What the drivers of browsers have in common: tools/check/browser.ts for Chromium, tools/check/firefox.ts.

export interface Screen {
  scheme: 'light' | 'dark'
  width: number
  height: number
}

/** A browser with one page. */
export interface Page {
  version: string
  /** The errors and warnings of its console. */
  messages: string[]
  open(url: string): Promise<void>
  /** The value of an expression of JavaScript, or of its promise. */
  evaluate(code: string): Promise<unknown>
  /** Of the whole page. */
  screenshot(path: string): Promise<void>
  close(): Promise<void>
}
