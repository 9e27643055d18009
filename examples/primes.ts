/** Work that keeps a CPU busy; cpu-work.ts has it done in a worker. */
export function countPrimes(below: number): number {
  let count = 0;
  for (let n = 2; n < below; n += 1) if (isPrime(n)) count += 1;
  return count;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
}
