/** For which cases the person has read what is logged and who is told; the tab remembers. */
const key = 'shouwang.told'

function read(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]') as string[]
  } catch {
    return []
  }
}

export function agreed(kase: string): boolean {
  return read().includes(kase)
}

export function agree(kase: string) {
  if (!agreed(kase)) sessionStorage.setItem(key, JSON.stringify([...read(), kase]))
}
