// 2^n for an integer n in [-1022, 1023], exactly. Math.pow does not guarantee that.

const powers = new Float64Array(2046)
powers[1022] = 1
for (let n = 1; n <= 1022; n++) powers[1022 - n] = powers[1023 - n] / 2
for (let n = 1; n <= 1023; n++) powers[1022 + n] = powers[1021 + n] * 2

export const pow2 = (n: number): number => powers[1022 + n]
