// Runs inside a browser: returns the page's charts with the box of each text in pixels, and its contrast with the
// background as WCAG defines it.

export function chartsOnPage() {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).map((part) => {
      const share = Number(part) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const boxOf = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect()
    return { left, right, top, bottom }
  }
  return [...document.querySelectorAll('svg')].map((svg) => {
    const paper = getComputedStyle(svg.querySelector('rect')).fill
    const texts = [...svg.querySelectorAll('text')].map((element) => ({
      text: element.textContent,
      box: boxOf(element),
      contrast: contrast(getComputedStyle(element).fill, paper),
    }))
    return { box: boxOf(svg), texts }
  })
}
