import type { Plugin } from 'vite'

export function compiled(value: unknown, where: string): unknown
export function compiledTexts(): Plugin
