export type Texts = { [key: string]: string | Texts }

/** One catalogue of the files of all faces: each adds its own top-level keys. */
export function gather(files: Record<string, Texts>): Texts {
  return Object.assign({}, ...Object.values(files)) as Texts
}
