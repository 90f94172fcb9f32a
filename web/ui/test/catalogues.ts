import deskEn from '../src/i18n/desk/en'
import deskZh from '../src/i18n/desk/zh-CN'
import everyEn from '../src/i18n/en'
import everyZh from '../src/i18n/zh-CN'

/** All texts, as a desk's page has them. */
export const en = { ...everyEn, ...deskEn }
export const zh = { ...everyZh, ...deskZh }
