export interface Box {
  left: number
  right: number
  top: number
  bottom: number
}
export interface Chart {
  box: Box
  texts: { text: string; box: Box; contrast: number }[]
}
export declare function chartsOnPage(): Chart[]
